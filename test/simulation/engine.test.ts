import { corpus } from './corpus.js';
import { runSeed } from './run-seed.js';

const { many, keepTrace, seeds } = corpus;

test(`${many} seeds of faults: nothing accepted is lost, nothing reported runs again, all ends as its program says`, async () => {
  for (const seed of seeds(many))
    await expect(runSeed(seed, { keepTrace })).resolves.toHaveProperty('digest');
}, 900_000);
