import { corpus } from './corpus.js';
import { runSeed } from './run-seed.js';

const { many, keepTrace, seeds } = corpus;

test('healthy processes wait for no sweep, recover nothing, and take work as it falls due', async () => {
  for (const seed of seeds(Math.ceil(many / 5)))
    await expect(runSeed(seed, { keepTrace, healthy: true })).resolves.toHaveProperty('digest');
}, 300_000);
