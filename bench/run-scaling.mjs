/**
 * What an execution costs beside so many that are stored already: the slope, on SQLite and on Redis.
 *
 *   npm run bench:scaling                         10,000, 100,000 and 1,000,000; a part of bench/RESULTS.md; about half an hour
 *   ... -- --store=redis --kind=waiting --sizes=10000,100000 --print
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';
import { writePart } from './results-file.mjs';
import { scalingPage } from './scaling-page.mjs';
import { Subject } from './subject-process.mjs';

const cache = resolve(dirname(fileURLToPath(import.meta.url)), '../.cache');
const kept = join(cache, 'bench-scaling.json');
const options = new Map(
  process.argv.slice(2).map((text) => {
    const [name, value] = text.replace(/^--/, '').split('=');
    return [name, value ?? 'yes'];
  }),
);
const stores = (options.get('store') ?? 'FULL,redis').split(',');
const kinds = (options.get('kind') ?? 'ended,waiting').split(',');
const sizes = (options.get('sizes') ?? '10000,100000,1000000').split(',').map(Number);
const folder = resolve(options.get('build') ?? join(cache, 'bench'));

async function slope(store, kind) {
  const subject = new Subject(folder);
  const points = [];
  try {
    for (const size of sizes) {
      points.push({ store, kind, size, ...(await subject.ask({ probe: 'scaling', store, kind, size })) });
      console.log(JSON.stringify(points.at(-1)));
    }
    await subject.ask({ probe: 'scalingEnd' });
  } finally {
    await subject.end();
  }
  return points;
}

/** What this run measured replaces what earlier ones measured of the same. */
function keep(points) {
  let before = [];
  try {
    before = JSON.parse(readFileSync(kept, 'utf8'));
  } catch {
    // Nothing was measured before.
  }
  const key = ({ store, kind, size }) => `${store} ${kind} ${size}`;
  const all = [...new Map([...before, ...points].map((point) => [key(point), point])).values()];
  mkdirSync(cache, { recursive: true });
  writeFileSync(kept, JSON.stringify(all));
  return all;
}

if (!options.has('build')) await build(folder);
const points = [];
for (const store of stores) for (const kind of kinds) points.push(...(await slope(store, kind)));
const all = keep(points);
if (!options.has('print')) writePart('scaling', scalingPage(all));
