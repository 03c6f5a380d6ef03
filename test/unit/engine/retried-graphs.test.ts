import type { RetryPolicy } from '../../../lib/model/retry-policy.js';
import { defaultRetryPolicy, noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { declared, Scenario } from './scenario.js';

const isDeclared = { isDeclared: true };
const soon: RetryPolicy = {
  ...defaultRetryPolicy,
  maxAttempts: 3,
  backoff: { kind: 'fixed', delayMs: 10 },
  jitter: 0,
  explicit: true,
};

describe('attempts', () => {
  it('of a declared step get values of their own: what one changed no other sees', async () => {
    const seen: number[] = [];
    const scenario = new Scenario({
      handler: () => ({ list: [1] }),
      definition: { declared: [declared('slow', ['handle']), declared('flaky', ['handle'])] },
      steps: { slow: isDeclared, flaky: { ...isDeclared, retry: soon } },
      methods: (calls) => ({
        slow: () => calls.wait(5_000),
        flaky: ({ list }: { list: number[] }) => {
          seen.push(list.length);
          list.push(2);
          if (seen.length < 3) throw new Error('again');
        },
      }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(seen).toEqual([1, 1, 1]);
  });

  it.each(['a step', 'the handler'])(
    'of %s reserve a place within the rate of each step that they call',
    async (who) => {
      const begunAt: number[] = [];
      const scenario = new Scenario({
        handler: ({ step }) => {
          const call = (): Promise<never> =>
            step('call', [], () => {
              begunAt.push(scenario.simulation.time.elapsed);
              throw new Error('down');
            });
          return who === 'a step' ? step('outer', [], call) : call();
        },
        definition: { retry: who === 'a step' ? noRetryPolicy : soon },
        steps: { outer: { retry: soon }, call: { rateLimit: { limit: 1, perMs: 60_000, key: null } } },
      });
      await scenario.start();
      await scenario.begin(1);
      await scenario.begin(2);
      await scenario.pass(1_000_000);
      expect(begunAt).toHaveLength(6);
      for (let at = 1; at < begunAt.length; at++)
        expect((begunAt[at] as number) - (begunAt[at - 1] as number)).toBeGreaterThan(59_900);
    },
  );
});

describe('a retry after a compensation', () => {
  it('runs what comes after a declared step that was undone again: it had the value that no longer holds', async () => {
    let receipts = 0;
    let failing = true;
    const shipped: string[] = [];
    const scenario = new Scenario({
      handler: () => 1,
      definition: {
        declared: [
          declared('charge', ['handle']),
          declared('beside', ['handle']),
          declared('note', ['charge']),
          declared('ship', ['note']),
        ],
      },
      steps: {
        charge: isDeclared,
        beside: isDeclared,
        note: isDeclared,
        ship: isDeclared,
        refund: isDeclared,
      },
      compensations: { charge: 'refund' },
      methods: () => ({
        charge: () => `receipt ${++receipts}`,
        beside: () => 'kept',
        note: (receipt: string) => `note of ${receipt}`,
        ship: (note: string) => {
          if (failing) throw new Error('no driver');
          shipped.push(note);
        },
        refund: () => {},
      }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('failed');
    failing = false;
    scenario.send(id, 'retry');
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(shipped).toEqual(['note of receipt 2']);
    expect(scenario.began.filter((name) => name === 'beside#1')).toHaveLength(1);
  });
});
