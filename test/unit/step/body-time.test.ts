import type { ExecutionRecord } from '../../../lib/model/execution.js';
import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { errorOf, Scenario, valueOf } from '../engine/scenario.js';

/** A step of five seconds that sleeps for a minute as soon as it begins, and then works; another keeps the pass alive. */
async function sleptAndWorked(workMs: number): Promise<ExecutionRecord> {
  const scenario = new Scenario({
    steps: {
      outer: { timeoutMs: 5_000, retry: noRetryPolicy },
      busy: { timeoutMs: 200_000 },
    },
    handler: async ({ step, sleep, wait }) => {
      const busy = step('busy', [], () => wait(100_000));
      const outer = await step('outer', [], async () => {
        await sleep(60_000);
        await wait(workMs);
        return 'done';
      });
      await busy;
      return outer;
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(300_000);
  return scenario.record(id);
}

describe('the time of a body that waits before the turn is over in which it began', () => {
  test('does not run meanwhile', async () => {
    expect(valueOf(await sleptAndWorked(4_900))).toBe('done');
  });

  test('runs when it goes on', async () => {
    expect(errorOf(await sleptAndWorked(5_100))).toMatchObject({ name: 'TimeoutError', timeoutMs: 5_000 });
  });
});
