import { plantedBugs } from './planted-bugs.js';
import type { PlantedBug } from './planting.js';
import { runSeed } from './run-seed.js';

const MOST_SEEDS = 500;

/** The first seed that finds the mistake, and what it said; null: none did. */
async function find(bug: PlantedBug): Promise<{ readonly seed: number; readonly said: string } | null> {
  const restore = bug.patch?.();
  try {
    const { from = 1 } = bug;
    for (let seed = from; seed < from + MOST_SEEDS; seed++) {
      const found = await runSeed(seed, { store: 'memory', ...bug.options }).then(
        () => null,
        (error: unknown) => (error instanceof Error ? String(error.cause) : String(error)),
      );
      if (found !== null) return { seed, said: found };
    }
    return null;
  } finally {
    restore?.();
  }
}

const table: string[] = [];

test.each(plantedBugs.map((bug) => ({ name: bug.name, bug })))(
  'a planted bug is found: $name',
  async ({ name, bug }) => {
    const found = await find(bug);
    table.push(
      `${found === null ? 'not found' : `seed ${found.seed}`.padEnd(9)}  ${name}  (${found?.said.slice(0, 140) ?? ''})`,
    );
    expect(found?.said).toContain('GuaranteeViolatedError');
  },
  300_000,
);

afterAll(() => {
  if (process.env['HOLDFAST_TABLE'] !== undefined) process.stdout.write(`${table.join('\n')}\n`);
});
