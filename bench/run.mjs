/**
 * Holdfast against hand-written ceilings, pair by pair in one run; a ratio is what a machine says alike on a quiet and on a busy day.
 *
 *   npm run bench                     everything, a part of bench/RESULTS.md; needs Node 24, takes about ten minutes
 *   node bench/run.mjs --only=FULL --c=1,64 --pairs=5 --ms=400 --no-probes     a part of it, printed only
 *
 * `--build=<folder>` measures a build that is there already instead of making one. `--slower-us=100` makes each commit of SQLite take
 * that much longer, on both sides, and writes the part on such a disk: what a disk takes is a large part of every ratio.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';
import { median, medianInterval, standing } from './statistics.mjs';
import { writePart } from './results-file.mjs';
import { diskPage, resultsPage, row } from './results-page.mjs';
import { Subject } from './subject-process.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = new Map(
  process.argv.slice(2).map((text) => {
    const [name, value] = text.replace(/^--/, '').split('=');
    return [name, value ?? 'yes'];
  }),
);
const pairs = Number(options.get('pairs') ?? 15);
const ms = Number(options.get('ms') ?? 600);
const slowerMicros = Number(options.get('slower-us') ?? 0);
process.env['HOLDFAST_BENCH_SLOWER_US'] = String(slowerMicros);
const inFlight = (options.get('c') ?? '1,16,64,256').split(',').map(Number);
const only = new RegExp(options.get('only') ?? '.');
const folder = resolve(options.get('build') ?? join(here, '../.cache/bench'));

/**
 * What a process does before it is measured. V8 optimises what has run often enough: that takes executions, not seconds, and one at
 * a time with a durable wait for each commit they are few.
 */
const WARM_UP_EXECUTIONS = 20_000;
const WARM_UP_MS = { least: 1_500, most: 21_000 };

/** What is compared with what, and the least part of the ceiling that is asked for. */
const contests = [
  {
    title: 'memory (drop)',
    engine: 'holdfast memory',
    ceiling: 'ceiling memory drop',
    bars: { 16: 0.4, 256: 0.4 },
  },
  { title: 'memory (keep)', engine: 'holdfast memory', ceiling: 'ceiling memory keep', bars: {} },
  {
    title: 'SQLite FULL',
    engine: 'holdfast FULL',
    ceiling: 'ceiling FULL',
    bars: { 1: 0.7, 16: 0.6, 64: 0.5, 256: 0.5 },
  },
  { title: 'SQLite NORMAL', engine: 'holdfast NORMAL', ceiling: 'ceiling NORMAL', bars: {} },
  {
    title: 'memory, declared against inline',
    engine: 'holdfast memory declared',
    ceiling: 'holdfast memory',
    bars: { 16: 1 / 1.3, 64: 1 / 1.3 },
    c: [16, 64],
  },
  {
    title: 'SQLite FULL, declared against inline',
    engine: 'holdfast FULL declared',
    ceiling: 'holdfast FULL',
    bars: { 1: 1 / 1.3, 64: 1 / 1.3 },
    c: [1, 64],
  },
  {
    title: 'memory (drop), event class',
    engine: 'holdfast memory class',
    ceiling: 'ceiling memory drop',
    bars: {},
    c: [16],
  },
  {
    title: 'SQLite FULL, event class',
    engine: 'holdfast FULL class',
    ceiling: 'ceiling FULL',
    bars: {},
    c: [16],
  },
  {
    title: 'SQLite FULL, messages to one actor',
    engine: 'holdfast FULL one actor',
    ceiling: 'ceiling FULL one actor',
    bars: {},
    c: [1, 64],
  },
  {
    title: 'SQLite FULL, messages to 10,000 actors',
    engine: 'holdfast FULL actors',
    ceiling: 'ceiling FULL actors',
    bars: {},
    c: [1, 64],
  },
  {
    title: 'SQLite FULL, debounce adds',
    engine: 'holdfast FULL adds',
    ceiling: 'ceiling FULL adds',
    bars: {},
    c: [1, 64],
  },
];

async function contest({ title, engine, ceiling, bars, c: own }) {
  const rows = [];
  for (const c of own ?? inFlight) {
    const subjects = { engine: new Subject(folder), ceiling: new Subject(folder) };
    const ask = (side, forMs) =>
      subjects[side].ask({ subject: side === 'engine' ? engine : ceiling, c, ms: forMs });
    for (const side of ['engine', 'ceiling']) await warmUp((forMs) => ask(side, forMs));
    const rounds = [];
    for (let round = 0; round < pairs; round++) {
      const measured = {};
      const order = round % 2 === 0 ? ['engine', 'ceiling'] : ['ceiling', 'engine'];
      for (const side of order) measured[side] = await ask(side, ms);
      rounds.push(measured);
    }
    for (const subject of Object.values(subjects)) await subject.end();
    rows.push(summary(title, c, rounds, bars[c] ?? null));
    console.log(row(rows.at(-1)));
  }
  return rows;
}

async function warmUp(ask) {
  const { least, most } = WARM_UP_MS;
  let executions = 0;
  for (let took = 0; took < most && executions < WARM_UP_EXECUTIONS; took += least)
    executions += (await ask(least)).count;
}

function summary(title, c, rounds, bar) {
  const of = (side, field) => median(rounds.map((round) => round[side][field]));
  return {
    title,
    c,
    bar,
    ratio: medianInterval(rounds.map(({ engine, ceiling }) => engine.perSecond / ceiling.perSecond)),
    perSecond: of('engine', 'perSecond'),
    ceilingPerSecond: of('ceiling', 'perSecond'),
    cpuMs: of('engine', 'cpuMs'),
    ceilingCpuMs: of('ceiling', 'cpuMs'),
    p50: of('engine', 'p50'),
    p99: of('engine', 'p99'),
    rssMb: Math.max(...rounds.map((round) => round.engine.rssMb)),
    durability: rounds[0].engine.durability,
    ceilingDurability: rounds[0].ceiling.durability,
  };
}

async function probe(request) {
  const subject = new Subject(folder);
  try {
    const answer = await subject.ask(request);
    console.log(JSON.stringify({ ...request, ...answer }));
    return { ...request, ...answer };
  } finally {
    await subject.end();
  }
}

async function probeAll() {
  const stores = ['memory', 'FULL', 'NORMAL'];
  const found = {
    calls: [],
    flatness: [],
    idle: [],
    backlog: [],
    fanOut: [],
    fairness: [],
    alarms: [],
    lateness: [],
    idleAlarms: [],
  };
  for (const store of stores)
    for (const c of [1, 16, 64, 256])
      found.calls.push(await probe({ probe: 'calls', store, c, count: c === 1 ? 500 : 20_000 }));
  for (const store of ['memory', 'NORMAL'])
    found.flatness.push(await probe({ probe: 'flatness', store, count: 200_000 }));
  for (const store of ['memory', 'FULL']) {
    found.idle.push(await probe({ probe: 'idle', store, seconds: 20 }));
    found.backlog.push(await probe({ probe: 'backlog', store, count: 10_000 }));
    found.fanOut.push(await probe({ probe: 'fanOut', store, width: 100, count: 50 }));
    found.fairness.push(await probe({ probe: 'fairness', store, many: 100_000, few: 100 }));
    found.alarms.push(await probe({ probe: 'alarms', store, count: 10_000, pending: 100_000, c: 64 }));
    found.lateness.push(await probe({ probe: 'lateness', store, count: 1_000, pending: 100_000 }));
    found.idleAlarms.push(await probe({ probe: 'idleAlarms', store, pending: 100_000, seconds: 20 }));
  }
  return found;
}

if (!options.has('build')) await build(folder);
const rows = [];
const isAsked = ({ title }) => only.test(title) && (slowerMicros === 0 || title === 'SQLite FULL');
for (const each of contests) if (isAsked(each)) rows.push(...(await contest(each)));
const probes = options.has('no-probes') || slowerMicros > 0 ? null : await probeAll();
const marks = rows.map(({ ratio, bar }) => (bar === null ? '' : standing(ratio, bar)));
for (const [at, { title, c, bar }] of rows.entries())
  if (marks[at] !== '') console.log(`${marks[at]} ${title} at c=${c}: ${bar} of its ceiling`);
if (!options.has('only') && !options.has('c')) {
  if (probes !== null) writePart('embedded', resultsPage({ rows, probes, pairs, ms }));
  if (slowerMicros > 0) writePart('disk', diskPage({ rows, slowerMicros, pairs, ms }));
}
process.exitCode = marks.includes('✗') ? 1 : 0;
