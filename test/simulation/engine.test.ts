import { runSeed } from './run-seed.js';

const only = process.env['HOLDFAST_SEED'];
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);
const many = only === undefined ? Number(process.env['HOLDFAST_SEEDS'] ?? 60) : 1;
const keepTrace = only !== undefined;

function seeds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

test(`${many} seeds of faults: nothing accepted is lost, nothing reported runs again, all ends as its program says`, async () => {
  for (const seed of seeds(many))
    await expect(runSeed(seed, { keepTrace })).resolves.toHaveProperty('digest');
}, 900_000);

test('healthy processes wait for no sweep, recover nothing, and take work as it falls due', async () => {
  for (const seed of seeds(Math.ceil(many / 5)))
    await expect(runSeed(seed, { keepTrace, healthy: true })).resolves.toHaveProperty('digest');
}, 300_000);

test('the same seed gives the same run', async () => {
  for (const seed of seeds(Math.min(Math.ceil(many / 5), 100))) {
    const [once, again] = [await runSeed(seed), await runSeed(seed)];
    expect([seed, once.digest]).toEqual([seed, again.digest]);
  }
}, 300_000);
