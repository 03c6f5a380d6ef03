/**
 * Holdfast on Redis against hand-written ceilings and against BullMQ, side by side in one run: each round measures every side
 * once, in an order that turns, and a ratio is that of one round.
 *
 *   npm run bench:redis                           everything, a part of bench/RESULTS.md; needs Node 24 and redis-server
 *   ... -- --only=store --aof=off --c=64 --rounds=7 --ms=300     a part of it; what other runs measured is kept
 *
 * `--only=store|engine|counts`; `--build=<folder>` measures a build that is there already; `--print` writes no page.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';
import { redisPage, line } from './redis-page.mjs';
import { writePart } from './results-file.mjs';
import { median, medianInterval } from './statistics.mjs';
import { Subject } from './subject-process.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const cache = resolve(here, '../.cache');
const kept = join(cache, 'bench-redis.json');
const options = new Map(
  process.argv.slice(2).map((text) => {
    const [name, value] = text.replace(/^--/, '').split('=');
    return [name, value ?? 'yes'];
  }),
);
const listOf = (name, all) => (options.get(name) ?? all).split(',');
const only = listOf('only', 'store,engine,counts');
const aofs = listOf('aof', 'off,always');
const inFlight = listOf('c', '1,16,64,256').map(Number);
const rounds = Number(options.get('rounds') ?? 15);
const ms = Number(options.get('ms') ?? 400);
const folder = resolve(options.get('build') ?? join(cache, 'bench'));

/** Until what is measured was compiled for good: one at a time, that takes longer, for the engine and for BullMQ. */
const warmUpMs = (c) => (c === 1 ? 8_000 : 3_000);
/** Jobs of one drain: enough that beginning and end do not count. */
const drained = (c) => (c === 1 ? 1_000 : 8_000);

/** Least parts of the ceiling, by c. */
const STORE_BARS = { 1: 0.6, 64: 0.45 };
/** Least multiple of BullMQ end to end, by c. */
const PEER_BARS = { 64: 3 };

/** In one process, its own dispatcher: against the best ceiling and against BullMQ from `add` to complete. */
async function storeContest(aof, c) {
  const own = `holdfast redis ${aof}`;
  const ceilings = ['each', 'group', 'two groups'].map((kind) => `ceiling redis ${aof} ${kind}`);
  const peers = ['steps', 'chain'].map((mode) => `bullmq ${aof} ${mode}`);
  const measured = await measureAll([own, ...ceilings, ...peers], { c, ms });
  return [
    compare({ title: `Redis store, AOF ${aof}`, c, own, others: ceilings, bar: STORE_BARS[c] }, measured),
    compare(
      {
        title: `Redis store, AOF ${aof}, against BullMQ end to end`,
        c,
        own,
        others: peers,
        bar: PEER_BARS[c],
      },
      measured,
    ),
  ];
}

/** Carried by BullMQ: against its plain jobs and its documented way to keep steps. */
async function engineContest(aof, c) {
  const own = `holdfast bullmq ${aof}`;
  const plain = `bullmq ${aof} plain`;
  const steps = `bullmq ${aof} steps`;
  const ceiling = `ceiling bullmq ${aof}`;
  const sides = [own, plain, steps, ceiling];
  const drains = await measureAll(sides, { c, ms, count: drained(c) });
  const loops = await measureAll(sides, { c, ms });
  const title = `BullMQ engine, AOF ${aof}`;
  const barred = c === 64;
  return [
    compare(
      { title: `${title}, drain, plain jobs`, c, own, others: [plain], bar: barred ? 0.6 : null },
      drains,
    ),
    compare(
      { title: `${title}, drain, updateData`, c, own, others: [steps], bar: barred ? 1.2 : null },
      drains,
    ),
    compare({ title: `${title}, drain, by hand`, c, own, others: [ceiling], bar: null }, drains),
    compare(
      { title: `${title}, drain, by hand against plain jobs`, c, own: ceiling, others: [plain], bar: null },
      drains,
    ),
    compare({ title: `${title}, end to end, plain jobs`, c, own, others: [plain], bar: null }, loops),
    compare({ title: `${title}, end to end, updateData`, c, own, others: [steps], bar: null }, loops),
  ];
}

/** Every side once a round; measurements by side. */
async function measureAll(sides, request) {
  const subjects = new Map(sides.map((side) => [side, new Subject(folder)]));
  const ask = (side, change = {}) => subjects.get(side).ask({ subject: side, ...request, ...change });
  const measured = new Map(sides.map((side) => [side, []]));
  try {
    for (const side of sides) await ask(side, { ms: warmUpMs(request.c) });
    for (let round = 0; round < rounds; round++) {
      const first = round % sides.length;
      for (const side of [...sides.slice(first), ...sides.slice(0, first)])
        measured.get(side).push(await ask(side));
    }
  } finally {
    for (const subject of subjects.values()) await subject.end();
  }
  return measured;
}

/** One side against the best of others. */
function compare({ title, c, own, others, bar }, measured) {
  const of = (side, field) => median(measured.get(side).map((each) => each[field]));
  const best = others.toSorted((a, b) => of(b, 'perSecond') - of(a, 'perSecond'))[0];
  const ratios = measured.get(own).map((each, at) => each.perSecond / measured.get(best)[at].perSecond);
  const facts = (side) => ({
    perSecond: of(side, 'perSecond'),
    cpuMs: of(side, 'cpuMs'),
    serverCpuMs: of(side, 'serverCpuMs'),
    p50: of(side, 'p50'),
    p99: of(side, 'p99'),
  });
  const ratio = medianInterval(ratios);
  const row = { title, c, bar: bar ?? null, ratio, best, ...facts(own), other: facts(best), rounds, ms };
  console.log(line(row));
  return row;
}

async function probe(request) {
  const subject = new Subject(folder);
  try {
    const answer = { ...request, ...(await subject.ask(request)) };
    console.log(JSON.stringify(answer));
    return answer;
  } finally {
    await subject.end();
  }
}

async function countAll() {
  const found = { commands: [], idle: [] };
  for (const subject of ['holdfast redis off', 'holdfast bullmq off', 'bullmq off plain'])
    for (const c of [1, 64])
      found.commands.push(await probe({ probe: 'commands', subject, c, count: 2_000 }));
  for (const subject of ['holdfast redis off', 'holdfast bullmq off', 'bullmq off plain'])
    found.idle.push(await probe({ probe: 'idleCommands', subject, c: 16, seconds: 30 }));
  return found;
}

/** What this run measured replaces what earlier ones measured of the same. */
function keep(rows, counts) {
  let before = { rows: [], counts: null };
  try {
    before = JSON.parse(readFileSync(kept, 'utf8'));
  } catch {
    // Nothing was measured before.
  }
  const key = ({ title, c }) => `${title} ${c}`;
  const newer = new Map([...before.rows, ...rows].map((row) => [key(row), row]));
  const all = { rows: [...newer.values()], counts: counts ?? before.counts };
  mkdirSync(cache, { recursive: true });
  writeFileSync(kept, JSON.stringify(all));
  return all;
}

if (!options.has('build')) await build(folder);
const rows = [];
for (const aof of aofs)
  for (const c of inFlight) {
    if (only.includes('store')) rows.push(...(await storeContest(aof, c)));
    if (only.includes('engine') && (c === 1 || c === 64)) rows.push(...(await engineContest(aof, c)));
  }
const all = keep(rows, only.includes('counts') ? await countAll() : null);
if (!options.has('print') && all.counts !== null) writePart('redis', redisPage(all));
const missed = rows.filter(({ bar, ratio }) => bar !== null && ratio.low < bar);
for (const { title, c, bar } of missed) console.log(`not shown: ${title} at c=${c} reaches ${bar}`);
process.exitCode = missed.length === 0 ? 0 : 1;
