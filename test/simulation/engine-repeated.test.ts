import { corpus } from './corpus.js';
import { runSeed } from './run-seed.js';

test('the same seed gives the same run', async () => {
  for (const seed of corpus.seeds(Math.min(Math.ceil(corpus.many / 5), 100))) {
    const [once, again] = [await runSeed(seed), await runSeed(seed)];
    expect([seed, once.digest]).toEqual([seed, again.digest]);
  }
}, 300_000);
