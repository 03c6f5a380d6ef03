import { defaultRetryPolicy, noRetryPolicy, type RetryPolicy } from '../../../lib/model/retry-policy.js';
import { type Calls, Scenario } from '../engine/scenario.js';

function twice(delayMs: number): RetryPolicy {
  return {
    ...defaultRetryPolicy,
    maxAttempts: 2,
    backoff: { kind: 'fixed', delayMs },
    jitter: 0,
    explicit: true,
  };
}

const soon = twice(10);
const later = twice(60_000);

function fails(): never {
  throw new Error('down');
}

/** What repeats an earlier pass logs nothing; `~` marks what was taken for that. */
function noted(seen: string[], { frame }: Calls, what: string): void {
  seen.push(`${frame.pass.isReplaying ? '~' : ''}${what} ${frame.attempt}`);
}

describe('what runs for the first time logs', () => {
  it('after a step that failed for good, in a later pass too', async () => {
    const seen: string[] = [];
    const scenario = new Scenario({
      handler: async (calls) => {
        await calls.step('broken', [], fails).catch(() => {});
        noted(seen, calls, 'before');
        await calls.step('flaky', [], () => {
          noted(seen, calls, 'flaky');
          if (calls.frame.attempt === 1) fails();
        });
        noted(seen, calls, 'after');
      },
      definition: { retry: noRetryPolicy },
      steps: { broken: { retry: soon }, flaky: { retry: later } },
    });
    await scenario.start();
    await scenario.begin();
    await scenario.pass(200_000);
    expect(seen).toEqual(['before 1', 'flaky 1', '~before 1', 'flaky 2', 'after 1']);
  });

  it('in each attempt of a handler that calls no step', async () => {
    const seen: string[] = [];
    const scenario = new Scenario({
      handler: (calls) => {
        noted(seen, calls, 'handler');
        if (calls.frame.attempt === 1) fails();
      },
      definition: { retry: soon },
    });
    await scenario.start();
    await scenario.begin();
    await scenario.pass(10_000);
    expect(seen).toEqual(['handler 1', 'handler 2']);
  });

  it('in the second attempt of a step within which others failed', async () => {
    const seen: string[] = [];
    const scenario = new Scenario({
      handler: async (calls) => {
        await calls.step('outer', [], async () => {
          const { attempt } = calls.frame;
          await calls.step('broken', [attempt], fails).catch(() => {});
          noted(seen, calls, 'outer');
          if (attempt === 1) fails();
        });
        noted(seen, calls, 'after');
      },
      definition: { retry: noRetryPolicy },
      steps: { outer: { retry: later }, broken: { retry: soon } },
    });
    await scenario.start();
    await scenario.begin();
    await scenario.pass(200_000);
    expect(seen).toEqual(['outer 1', 'outer 2', 'after 1']);
  });
});
