/**
 * One process that is measured: `run.mjs` forks one per subject, so that neither heap nor optimised code of one is another's,
 * and asks it for one measurement at a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bullmqCeiling } from './bullmq-ceiling.mjs';
import { bullmqPeer } from './bullmq-peers.mjs';
import { memoryCeiling, sqliteCeiling } from './ceilings.mjs';
import { engineOn, memoryStoreOf, orderClass, sqliteStoreIn } from './engine.mjs';
import { addsCeiling, messagesCeiling } from './keyed-ceilings.mjs';
import { addsOn, messagesOn } from './keyed-engine.mjs';
import { probes } from './probes.mjs';
import { redisCeiling } from './redis-ceilings.mjs';
import { bullmqEngine, redisEngine } from './redis-engine.mjs';
import { commands, idleCommands } from './redis-probes.mjs';
import { scaling, scalingEnd } from './scaling.mjs';
import { closedLoop } from './workload.mjs';

async function engineSubject(store, c, of) {
  const engine = await engineOn(store, c, of);
  await engine.app.start();
  return engine;
}

/** Actors that messages go to in turn. */
const MANY = 10_000;

const subjects = {
  'ceiling memory keep': () => memoryCeiling(true),
  'ceiling memory drop': () => memoryCeiling(false),
  'ceiling FULL': (folder) => sqliteCeiling(folder, 'FULL'),
  'ceiling NORMAL': (folder) => sqliteCeiling(folder, 'NORMAL'),
  'holdfast memory': (_, c) => engineSubject(memoryStoreOf(), c),
  'holdfast FULL': (folder, c) => engineSubject(sqliteStoreIn(folder, 'FULL'), c),
  'holdfast NORMAL': (folder, c) => engineSubject(sqliteStoreIn(folder, 'NORMAL'), c),
  'holdfast memory declared': (_, c) => engineSubject(memoryStoreOf(), c, { form: 'declared' }),
  'holdfast FULL declared': (folder, c) =>
    engineSubject(sqliteStoreIn(folder, 'FULL'), c, { form: 'declared' }),
  'holdfast memory class': async (_, c) => engineSubject(memoryStoreOf(), c, { event: await orderClass() }),
  'holdfast FULL class': async (folder, c) =>
    engineSubject(sqliteStoreIn(folder, 'FULL'), c, { event: await orderClass() }),
  'holdfast NORMAL class': async (folder, c) =>
    engineSubject(sqliteStoreIn(folder, 'NORMAL'), c, { event: await orderClass() }),
  'holdfast FULL one actor': (folder, c) => messagesOn(sqliteStoreIn(folder, 'FULL'), c, 1),
  'ceiling FULL one actor': (folder) => messagesCeiling(folder, 'FULL', 1),
  'holdfast FULL actors': (folder, c) => messagesOn(sqliteStoreIn(folder, 'FULL'), c, MANY),
  'ceiling FULL actors': (folder) => messagesCeiling(folder, 'FULL', MANY),
  'holdfast FULL adds': (folder, c) => addsOn(sqliteStoreIn(folder, 'FULL'), c, 100),
  'ceiling FULL adds': (folder) => addsCeiling(folder, 'FULL', 100),
  ...onRedis('off'),
  ...onRedis('everysec'),
  ...onRedis('always'),
};

/** Each with a server of its own, so that none meets the keys of another. */
function onRedis(aof) {
  return {
    [`holdfast redis ${aof}`]: (_, c) => redisEngine(aof, c),
    [`ceiling redis ${aof} each`]: () => redisCeiling(aof, 0),
    [`ceiling redis ${aof} group`]: () => redisCeiling(aof, 1),
    [`ceiling redis ${aof} two groups`]: () => redisCeiling(aof, 2),
    [`holdfast bullmq ${aof}`]: (_, c) => bullmqEngine(aof, c),
    [`ceiling bullmq ${aof}`]: (_, c) => bullmqCeiling(aof, c),
    [`bullmq ${aof} plain`]: (_, c) => bullmqPeer(aof, 'plain', c),
    [`bullmq ${aof} steps`]: (_, c) => bullmqPeer(aof, 'steps', c),
    [`bullmq ${aof} chain`]: (_, c) => bullmqPeer(aof, 'chain', c),
  };
}

async function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is being measured: one app, or one ceiling, with one store, from its warm-up to the last round. */
let current = null;

async function measure({ subject, c, ms, count }) {
  if (current?.subject !== subject || current.c !== c) {
    await end();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
    current = { subject, c, folder, made: await subjects[subject](folder, c) };
  }
  const { made } = current;
  // No forced collection here: it makes V8 throw away optimised code, and what is measured next is the compiler.
  made.beforeRound?.();
  const serverBegan = made.server?.cpuSeconds() ?? 0;
  const measured = await (count === undefined ? closedLoop({ c, ms, one: made.one }) : made.drain(count));
  const serverCpuMs = (((made.server?.cpuSeconds() ?? 0) - serverBegan) * 1_000) / measured.count;
  const rssMb = process.resourceUsage().maxRSS / 1024;
  return { ...measured, serverCpuMs, durability: made.durability, rssMb };
}

async function end() {
  if (current === null) return;
  await current.made.close();
  rmSync(current.folder, { recursive: true, force: true });
  current = null;
}

const counted = { commands, idleCommands };

/** Counts at the server of one subject. */
async function count(request) {
  const made = await subjects[request.subject](null, request.c);
  try {
    return await counted[request.probe](made, request);
  } finally {
    await made.close();
  }
}

const allProbes = { ...probes, scaling, scalingEnd };

async function answer(request) {
  if (request.subject !== undefined && request.probe !== undefined) return count(request);
  if (request.probe !== undefined) return inFolder((folder) => allProbes[request.probe](folder, request));
  return request.end ? end() : measure(request);
}

if (process.send === undefined) {
  // By hand, for a profiler: node --cpu-prof bench/subject.mjs 'holdfast memory' 64 5000, a number of executions last to drain them.
  const [subject, c, ms, count] = process.argv.slice(2);
  const request = { subject, c: Number(c), ms: Number(ms), count: count && Number(count) };
  console.log(await measure(request));
  await current.made.server?.forget();
  console.log(await measure(request));
  if (current.made.server !== undefined) console.table(await current.made.server.calls());
  await end();
} else {
  // Whoever measures is gone: so is everything that was started here.
  process.once('disconnect', () => process.exit());
  process.on('message', (request) => {
    answer(request).then(
      (value) => process.send({ value }),
      (error) => process.send({ error: String(error?.stack ?? error) }),
    );
  });
}
