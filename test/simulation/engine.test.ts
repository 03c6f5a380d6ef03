import { runSeed } from './run-seed.js';

const only = process.env['HOLDFAST_SEED'];
const seeds = only === undefined ? Number(process.env['HOLDFAST_SEEDS'] ?? 150) : 1;
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);
const keepTrace = only !== undefined;

const each = Array.from({ length: seeds }, (_, at) => first + at);

test(`${seeds} seeds: nothing accepted is lost, nothing reported runs again, everything ends as its program says`, async () => {
  for (const seed of each) await runSeed(seed, { keepTrace });
}, 600_000);
