/** Executions beside many that are stored: the app's work and the store's calls, each timed by itself. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineOn, entry, sqliteStoreIn } from './engine.mjs';
import { redisServer } from './redis-server.mjs';
import { median } from './statistics.mjs';
import { closedLoop, eventOf, stepResult } from './workload.mjs';

const BULK = 1_000;
const TRIES = 15;
const PAGE = 100;
/** Of a definition that the app does not run. */
const definition = { id: 'probe.taken', fingerprint: 'probe' };
const prober = { id: 'probe', deployment: 'probe', role: 'worker', definitions: [definition] };

/** The store that is being filled, from the first size to the last. */
let current = null;

async function begun(where) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scaling-'));
  const server = where === 'redis' ? await redisServer('off') : null;
  const store =
    server === null ? sqliteStoreIn(folder, where) : (await entry('redis')).redisStore({ url: server.url });
  const engine = await engineOn(store, 64);
  await engine.app.start();
  const bytes = () => (server === null ? statSync(join(folder, 'holdfast.db')).size : server.memoryBytes());
  const keys = async () => (server === null ? null : server.keys());
  return { folder, server, store, engine, bytes, keys, filled: 0, taken: 0 };
}

/** Fills up to that many, `ended` or `waiting` for a day in a year's time, and measures what is done beside them. */
export async function scaling(_, { store: where, kind, size }) {
  current ??= await begun(where);
  const { engine, store } = current;
  const filling = await fill(kind, size);
  const one = await closedLoop({ c: 1, ms: 700, one: engine.one });
  const many = await closedLoop({ c: 64, ms: 700, one: engine.one });
  if (kind === 'ended') current.filled += one.count + many.count + BULK;
  const list = (filter) => timeOf(() => store.list({ limit: PAGE, ...filter }));
  const [first] = await store.list({ limit: 1 });
  return {
    ...filling,
    oneMs: one.p50,
    perSecond: many.perSecond,
    idleClaimMs: await timeOf(() => store.claim({ owner: 'probe', runnable: [definition], limit: PAGE })),
    claimMs: await claims(),
    listMs: await list({ after: first.id }),
    listFailedMs: await timeOf(() => store.list({ limit: PAGE, status: 'failed' }), 1),
    countsMs: await timeOf(() => store.counts()),
    prunedMs: kind === 'ended' ? await prunes() : null,
  };
}

export async function scalingEnd() {
  await current.engine.close();
  await current.server?.stop();
  rmSync(current.folder, { recursive: true, force: true });
  current = null;
}

async function fill(kind, size) {
  const { engine, store, bytes, keys } = current;
  const count = Math.max(1, size - current.filled);
  const before = { bytes: await bytes(), keys: await keys() };
  await store.heartbeat(prober, 600_000);
  const begin = performance.now();
  for (let left = count; left > 0; left -= BULK) {
    const page = Math.min(BULK, left);
    if (kind === 'ended') await run(page);
    else await engine.publishMany(page, {}, { delay: '365d' });
  }
  const seconds = (performance.now() - begin) / 1_000;
  current.filled += count;
  return {
    filledPerSecond: count / seconds,
    bytesEach: ((await bytes()) - before.bytes) / count,
    keysEach: before.keys === null ? null : ((await keys()) - before.keys) / count,
  };
}

/** Executions of W by the writes that the engine makes of them, many in a group: filling is not what is measured. */
async function run(count) {
  const { store } = current;
  for (let left = count; left > 0; left -= PAGE) {
    const events = Array.from({ length: Math.min(PAGE, left) }, () => newEvent('probe'));
    const [verdict] = await store.write([{ kind: 'publish', events }]);
    const leases = verdict.executions.map(({ executionId, key }) => {
      return { executionId, key, owner: 'probe', fence: 1 };
    });
    for (let step = 0; step < 3; step++) await store.write(leases.map((lease) => checkpointed(lease, step)));
    await store.write(leases.map((lease) => ended({ lease }, 4)));
  }
}

function checkpointed(lease, step) {
  const key = `handle/step${step}~1HNeOiZeFu7gP1lx`;
  const at = Date.now();
  const value = JSON.stringify(stepResult(current.taken, step));
  const times = { wakeAt: null, startedAt: at, endedAt: at };
  const row = {
    key,
    path: key,
    kind: 'completed',
    seq: step + 1,
    turn: 0,
    epoch: 0,
    attempt: 1,
    value,
    error: null,
  };
  const delta = {
    commitNo: step + 1,
    checkpoints: [{ ...row, ...times }],
    record: null,
    publish: null,
    release: [],
  };
  return { kind: 'commit', lease, delta };
}

/** A page of what is due, of a lane of its own: per execution. */
async function claims() {
  const { store } = current;
  await store.write([{ kind: 'publish', events: Array.from({ length: BULK }, () => newEvent()) }]);
  const times = [];
  for (let left = BULK; left > 0; left -= PAGE) {
    const begin = performance.now();
    const { claimed } = await store.claim({ owner: 'probe', runnable: [definition], limit: PAGE });
    times.push((performance.now() - begin) / claimed.length);
    await store.write(claimed.map(ended));
  }
  return median(times);
}

const began = {
  definition,
  input: '{}',
  schemaHash: null,
  lane: 'probe.taken',
  priority: 0,
  depth: 0,
  dueAt: null,
  owner: null,
  gate: null,
  listening: ['cancel'],
};

function newEvent(owner = null) {
  const id = `${randomUUID()}-0`;
  const input = JSON.stringify(eventOf(current.taken++));
  const executions = [{ ...began, id, owner, input }];
  return { id: id.slice(0, -2), name: 'order.created', session: null, dedup: null, executions };
}

const completed = {
  status: 'completed',
  waitReason: null,
  timers: {},
  listening: [],
  seenInboxSeq: 0,
  attempt: 1,
  epoch: 0,
  forget: [],
  value: null,
  error: null,
};

function ended({ lease }, commitNo = 1) {
  const delta = { commitNo, checkpoints: [], record: completed, publish: null, release: [] };
  return { kind: 'commit', lease, delta };
}

/** Executions that ended before now, oldest first: per execution. */
async function prunes() {
  const { store } = current;
  const times = [];
  for (let tries = 0; tries < 5; tries++) {
    const begin = performance.now();
    const answer = await store.prune({ completedBefore: Date.now(), failedBefore: 0, limit: PAGE });
    times.push((performance.now() - begin) / Math.max(1, answer.removed));
  }
  return median(times);
}

async function timeOf(body, most = TRIES) {
  const times = [];
  for (let tries = 0; tries < most; tries++) {
    const begin = performance.now();
    await body();
    times.push(performance.now() - begin);
  }
  return median(times);
}
