/** What is counted rather than timed. */
import { countingStore } from './counting-store.mjs';
import { engineOn, memoryStoreOf, sqliteStoreIn } from './engine.mjs';
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

export const probes = { calls, flatness, idle, backlog, soak };
