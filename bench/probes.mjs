/** What is counted rather than timed. */
import { countingStore } from './counting-store.mjs';
import { engineOn, memoryStoreOf, sqliteStoreIn } from './engine.mjs';
import { alarms, idleAlarms, lateness } from './keyed-probes.mjs';
import { closedLoop } from './workload.mjs';

function storeOf(kind, folder, options) {
  return kind === 'memory' ? memoryStoreOf(options) : sqliteStoreIn(folder, kind);
}

/** Store calls of W once everything is warm. */
async function calls(folder, { store: kind, c, count }) {
  const { store, counts, calls: seen, reset } = countingStore(storeOf(kind, folder));
  const engine = await engineOn(store, c);
  await engine.app.start();
  await fixedLoop(engine.one, c, 50 + c);
  reset();
  await fixedLoop(engine.one, c, count);
  const { groups, writes } = counts;
  const answer = {
    groupsPerExecution: groups / count,
    writesPerExecution: writes / count,
    reads: Object.fromEntries(
      [...seen].filter(([name]) => !['write', 'heartbeat', 'onChange'].includes(name)),
    ),
  };
  await engine.close();
  return answer;
}

/** Heap after a collection, after the first tenth and after all of them. */
async function flatness(folder, { store: kind, count }) {
  const engine = await engineOn(storeOf(kind, folder), 64);
  await engine.app.start();
  const heapMb = () => {
    globalThis.gc();
    globalThis.gc();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  await fixedLoop(engine.one, 64, count / 10);
  const early = heapMb();
  await fixedLoop(engine.one, 64, (count / 10) * 9);
  const late = heapMb();
  await engine.close();
  return { early, late, rssMb: process.resourceUsage().maxRSS / 1024 };
}

/** Store calls and CPU of a started app that has nothing to do. */
async function idle(folder, { store: kind, seconds }) {
  const { store, calls: seen, reset } = countingStore(storeOf(kind, folder));
  const engine = await engineOn(store, 10);
  await engine.app.start();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  reset();
  const cpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const { user, system } = process.cpuUsage(cpu);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  const answer = {
    callsPerSecond: total / seconds,
    cpuPercent: (user + system) / 10_000 / seconds,
    calls: Object.fromEntries(seen),
  };
  await engine.close();
  return answer;
}

/** Published to an app that is not started, then worked off. */
async function backlog(folder, { store: kind, count }) {
  const { store, calls: seen, counts, reset } = countingStore(storeOf(kind, folder, { keep: count }));
  const engine = await engineOn(store, 64);
  let recovered = 0;
  let completed = 0;
  engine.app.on('app.recovered', (event) => (recovered += event.count));
  const done = new Promise((resolve) =>
    engine.app.on('execution.completed', () => ++completed === count && resolve()),
  );
  for (let published = 0; published < count; published += 500) await engine.publishMany(500);
  reset();
  const begin = performance.now();
  await engine.app.start();
  await done;
  const seconds = (performance.now() - begin) / 1_000;
  const answer = {
    perSecond: count / seconds,
    recovered,
    claims: seen.get('claim') ?? 0,
    groups: counts.groups,
  };
  await engine.close();
  return answer;
}

/** Store calls of a declared fan-out, one execution at a time. */
async function fanOut(folder, { store: kind, width, count }) {
  const { store, counts, reset } = countingStore(storeOf(kind, folder));
  const engine = await engineOn(store, 1, { form: 'fan-out' });
  await engine.app.start();
  const one = async () => {
    const [handle] = await engine.publish({ id: 'x', orderId: 1, customer: 'c', total: width });
    await handle.result();
  };
  for (let warm = 0; warm < 20; warm++) await one();
  reset();
  const begin = performance.now();
  for (let at = 0; at < count; at++) await one();
  const answer = {
    groupsPerExecution: counts.groups / count,
    writesPerExecution: counts.writes / count,
    itemsPerSecond: (width * count * 1_000) / (performance.now() - begin),
  };
  await engine.close();
  return answer;
}

/** How long the few orders of one customer wait, alone and beside the many of another: p99 from the start, in ms. */
async function fairness(folder, { store: kind, many, few }) {
  const p99 = async (others, name) => {
    const store = kind === 'memory' ? memoryStoreOf() : sqliteStoreIn(`${folder}/${name}`, kind);
    const engine = await engineOn(store, 10, { form: 'limited' });
    for (let published = 0; published < others; published += 1_000)
      await engine.publishMany(1_000, { customer: 'many' });
    const publications = await engine.publishMany(few, { customer: 'few' });
    const waiting = new Set(publications.flatMap((publication) => [...publication].map(({ id }) => id)));
    const waits = [];
    let begin = 0;
    const done = new Promise((resolve) =>
      engine.app.on('execution.completed', ({ executionId }) => {
        if (!waiting.delete(executionId)) return;
        waits.push(performance.now() - begin);
        if (waiting.size === 0) resolve();
      }),
    );
    begin = performance.now();
    await engine.app.start();
    await done;
    await engine.app.close();
    return waits.sort((a, b) => a - b)[Math.floor(0.99 * waits.length)];
  };
  const alone = await p99(0, 'alone');
  const beside = await p99(many, 'beside');
  return { alone, beside, ratio: beside / alone };
}

async function fixedLoop(one, c, count) {
  let next = 0;
  await Promise.all(
    Array.from({ length: c }, async () => {
      while (next < count) await one(next++);
    }),
  );
}

/** Runs W on one app for a while: for a profiler. */
async function soak(folder, { store: kind, c, ms }) {
  const engine = await engineOn(storeOf(kind, folder), c);
  await engine.app.start();
  const measured = await closedLoop({ c, ms, one: engine.one });
  await engine.close();
  return measured;
}

export const probes = {
  calls,
  flatness,
  idle,
  backlog,
  fanOut,
  fairness,
  soak,
  alarms,
  lateness,
  idleAlarms,
};
