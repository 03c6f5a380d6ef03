/**
 * One process that is measured: `run.mjs` forks one per subject, so that neither heap nor optimised code of one is another's,
 * and asks it for one measurement at a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryCeiling, sqliteCeiling } from './ceilings.mjs';
import { engineOn, memoryStoreOf, orderClass, sqliteStoreIn } from './engine.mjs';
import { probes } from './probes.mjs';
import { closedLoop } from './workload.mjs';

async function engineSubject(store, c, event) {
  const engine = await engineOn(store, c, event);
  await engine.app.start();
  return engine;
}

const subjects = {
  'ceiling memory keep': () => memoryCeiling(true),
  'ceiling memory drop': () => memoryCeiling(false),
  'ceiling FULL': (folder) => sqliteCeiling(folder, 'FULL'),
  'ceiling NORMAL': (folder) => sqliteCeiling(folder, 'NORMAL'),
  'holdfast memory': (_, c) => engineSubject(memoryStoreOf(), c),
  'holdfast FULL': (folder, c) => engineSubject(sqliteStoreIn(folder, 'FULL'), c),
  'holdfast NORMAL': (folder, c) => engineSubject(sqliteStoreIn(folder, 'NORMAL'), c),
  'holdfast memory class': async (_, c) => engineSubject(memoryStoreOf(), c, await orderClass()),
  'holdfast FULL class': async (folder, c) =>
    engineSubject(sqliteStoreIn(folder, 'FULL'), c, await orderClass()),
  'holdfast NORMAL class': async (folder, c) =>
    engineSubject(sqliteStoreIn(folder, 'NORMAL'), c, await orderClass()),
};

async function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A fresh store each time: no measurement inherits the file or the heap of another. */
async function measure({ subject, c, ms }) {
  return inFolder(async (folder) => {
    const made = await subjects[subject](folder, c);
    globalThis.gc?.();
    const measured = await closedLoop({ c, ms, one: made.one });
    await made.close();
    return {
      ...measured,
      durability: made.durability,
      rssMb: process.resourceUsage().maxRSS / 1024,
    };
  });
}

async function answer(request) {
  if (request.probe !== undefined) return inFolder((folder) => probes[request.probe](folder, request));
  return measure(request);
}

if (process.send === undefined) {
  // By hand, for a profiler: node --cpu-prof bench/subject.mjs 'holdfast memory' 64 5000
  const [subject, c, ms] = process.argv.slice(2);
  console.log(await measure({ subject, c: Number(c), ms: Number(ms) }));
} else {
  process.on('message', (request) => {
    answer(request).then(
      (value) => process.send({ value }),
      (error) => process.send({ error: String(error?.stack ?? error) }),
    );
  });
}
