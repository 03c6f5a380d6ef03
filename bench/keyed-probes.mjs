/** Alarms: how many a second, how late, and what those that are not due yet cost. */
import { countingStore } from './counting-store.mjs';
import { memoryStoreOf, sqliteStoreIn } from './engine.mjs';
import { alarmsCeiling } from './keyed-ceilings.mjs';
import { alarmsOn } from './keyed-engine.mjs';

const YEAR_MS = 365 * 86_400_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const storeOf = (kind, folder) => (kind === 'memory' ? memoryStoreOf() : sqliteStoreIn(folder, kind));

/** So many alarms that are due at once, beside many that are not, against the same by hand; how late each was. */
export async function alarms(folder, { store: kind, count, pending, c }) {
  const late = [];
  let done = () => {};
  const engine = await alarmsOn(storeOf(kind, folder), c, (ms) => {
    if (late.push(ms) === count) done();
  });
  await engine.set(0, pending, Date.now() + YEAR_MS);
  // Time to set them before the first is due.
  const at = Date.now() + 5_000 + count;
  await engine.set(pending, count, at);
  if (late.length > 0 || Date.now() > at) throw new Error('alarms came while they were still being set');
  const fired = new Promise((resolve) => {
    done = resolve;
  });
  await pause(at - Date.now());
  const begun = performance.now();
  await fired;
  const perSecond = (count * 1_000) / (performance.now() - begun);
  await engine.close();
  const ceilingPerSecond = kind === 'memory' ? null : await alarmsCeiling(folder, kind, count, c);
  return { perSecond, ceilingPerSecond, earliestMs: Math.min(...late) };
}

/** One alarm after another beside many that are not due: how late each comes, in ms. */
export async function lateness(folder, { store: kind, pending, count }) {
  const late = [];
  const engine = await alarmsOn(storeOf(kind, folder), 64, (ms) => late.push(ms));
  await engine.set(0, pending, Date.now() + YEAR_MS);
  for (let i = 0; i < count; i++) await engine.set(pending + i, 1, Date.now() + 1_000 + i * 5);
  while (late.length < count) await pause(50);
  await engine.close();
  late.sort((a, b) => a - b);
  const quantile = (q) => late[Math.min(late.length - 1, Math.floor(q * late.length))];
  return { earliestMs: late[0], p50: quantile(0.5), p99: quantile(0.99), worst: late.at(-1) };
}

/** Store calls and CPU of an app whose alarms are all far away. */
export async function idleAlarms(folder, { store: kind, pending, seconds }) {
  const { store, calls, reset } = countingStore(storeOf(kind, folder));
  const engine = await alarmsOn(store, 64, () => {});
  await engine.set(0, pending, Date.now() + YEAR_MS);
  await pause(1_000);
  reset();
  const cpu = process.cpuUsage();
  await pause(seconds * 1_000);
  const { user, system } = process.cpuUsage(cpu);
  const seen = Object.fromEntries(calls);
  await engine.close();
  const total = Object.values(seen).reduce((sum, each) => sum + each, 0);
  return { callsPerSecond: total / seconds, cpuPercent: (user + system) / 10_000 / seconds, calls: seen };
}
