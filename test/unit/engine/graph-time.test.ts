import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { type Calls, declared, Scenario } from './scenario.js';

const isDeclared = { isDeclared: true };

/** The time that a body sees. */
function timeOf(calls: Calls): number {
  return calls.frame.context.now();
}

describe('the time that a body sees', () => {
  it('as a declared step or an item is that at which what it comes after ended, after a crash too', async () => {
    const seen: Record<string, number[]> = { after: [], item: [] };
    const note = (calls: Calls, name: string): Promise<void> => {
      seen[name]?.push(timeOf(calls));
      return calls.wait(5_000);
    };
    const scenario = new Scenario({
      handler: async ({ step, wait }) => {
        await step('call', [], () => wait(50));
        await wait(70);
      },
      definition: {
        declared: [
          declared('first', ['handle']),
          declared('beside', ['handle']),
          declared('after', ['first']),
          declared('item', ['first'], { each: { of: () => [1], concurrency: 1 } }),
        ],
      },
      steps: { call: {}, first: isDeclared, beside: isDeclared, after: isDeclared, item: isDeclared },
      methods: (calls) => ({
        first: () => calls.wait(100),
        beside: () => calls.wait(400),
        after: () => note(calls, 'after'),
        item: () => note(calls, 'item'),
      }),
      processes: 2,
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(2_000);
    scenario.crashOwner(id);
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('completed');
    const journal = await scenario.simulation.store.journal(id);
    const first = journal.find(({ path }) => path === 'handle/first')?.endedAt;
    expect(seen).toEqual({ after: [first, first], item: [first, first] });
  });

  it('as an undo is that at which the execution failed or the undo before it ended, after a crash too', async () => {
    const seen: number[] = [];
    const scenario = new Scenario({
      handler: async ({ step }) => {
        await step('charge', [], () => 1);
        throw new Error('no');
      },
      definition: { retry: noRetryPolicy },
      steps: { charge: {}, refund: isDeclared },
      compensations: { charge: 'refund' },
      methods: (calls) => ({
        refund: () => {
          seen.push(timeOf(calls));
          return calls.wait(1_000);
        },
      }),
      processes: 2,
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(300);
    scenario.crashOwner(id);
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('failed');
    const journal = await scenario.simulation.store.journal(id);
    const failedAt = journal.find(({ kind }) => kind === 'started')?.endedAt;
    expect(seen).toEqual([failedAt, failedAt]);
  });
});
