import type { FaultMix } from '../../../lib/testing/simulation/fault-mix.js';
import { Scenario, errorOf } from '../engine/scenario.js';

const LEASE_MS = 3_000;
const FIVE = [0, 1, 2, 3, 4] as const;

interface Plan {
  /** Which of the five it is. */
  readonly poisonAt: number;
  /** How long its body lives before it ends its process. */
  readonly fuseMs: number;
  /** How long the first step of the others takes. */
  readonly stepMs: number;
  readonly concurrency: number;
  readonly seed?: string;
  readonly faults?: Partial<FaultMix>;
}

/** Five executions that begin together, one of which ends its process: how each of them ended, and how often the process did. */
async function fiveOf({ poisonAt, fuseMs, stepMs, concurrency, seed = 'five', faults = {} }: Plan) {
  let deaths = 0;
  const scenario = new Scenario({
    seed,
    faults,
    settings: { leaseMs: LEASE_MS, sweepMs: 1_000, drainTimeoutMs: 500, concurrency },
    steps: { first: {} },
    handler: async ({ step, wait, machine }, event) => {
      await step('first', [], async () => {
        await wait(event === poisonAt ? fuseMs : stepMs);
        if (event !== poisonAt) return;
        deaths++;
        machine.crash();
      });
    },
  });
  await scenario.start();
  const { simulation } = scenario;
  for (const event of FIVE)
    simulation.publishAt(0, scenario.request('begin', event, { id: `${event}` }), true);
  await simulation.run();
  const ends: string[] = [];
  for (const record of (await simulation.records()).values())
    ends[Number(record.input)] = record.status === 'parked' ? codeOf(errorOf(record)) : record.status;
  await simulation.close();
  return { ends, deaths };
}

const codeOf = (error: unknown): string => (error as { code: string }).code;

const poisonAlone = (poisonAt: number) => ({
  ends: FIVE.map((event) => (event === poisonAt ? 'POISONED' : 'completed')),
  deaths: 5,
});

describe.each([2, 10])(
  'of five that begin together in a process of %s slots, one kills it',
  (concurrency) => {
    test.each([
      ['at once', 0],
      ['after a while', 500],
      ['shortly before its time alone is over', LEASE_MS - 100],
    ])('%s: it alone is parked, after five deaths, however long the others take', async (_, fuseMs) => {
      for (const stepMs of [10, LEASE_MS + 1_000, 30 * LEASE_MS])
        for (const poisonAt of FIVE)
          expect([stepMs, await fiveOf({ poisonAt, fuseMs, stepMs, concurrency })]).toEqual([
            stepMs,
            poisonAlone(poisonAt),
          ]);
    });
  },
);

test('what is handed back in between, because its process is stopped, is neither spared nor blamed for it', async () => {
  const faults = { stopEveryMs: 4_000, lastsMs: 120_000 };
  for (let seed = 0; seed < 10; seed++) {
    const poisonAt = seed % 5;
    const plan = { poisonAt, fuseMs: 800, stepMs: 5_000, concurrency: 10, seed: `stops ${seed}`, faults };
    // A body that its process did not wait for may end it when its execution is handed back already: that tells nothing.
    const { ends } = await fiveOf(plan);
    expect([seed, ends]).toEqual([seed, poisonAlone(poisonAt).ends]);
  }
});
