import { delayedAnswers } from './delayed-answers.js';
import { type Calls, Scenario, type ScenarioOptions } from './scenario.js';

const one = { concurrency: { limit: 1, key: null } };
const hour = 3_600_000;
const never = new Promise<never>(() => {});

/** The first execution gives up what was to hold the permit, and goes on for an hour; the second wants it. */
async function secondAfter(
  first: (calls: Calls) => Promise<unknown>,
  steps: ScenarioOptions['steps'] = {},
  rest: Partial<ScenarioOptions> = {},
): Promise<{ readonly scenario: Scenario; readonly status: string }> {
  const scenario = new Scenario({
    handler: async (calls, event) => {
      if (event === 'second') return calls.step('call', [event], () => 'called');
      await first(calls).catch(() => null);
      return calls.step('long', [], () => calls.wait(hour));
    },
    steps: { call: one, long: {}, ...steps },
    ...rest,
  });
  await scenario.start();
  await scenario.begin('first');
  await scenario.pass(500);
  const second = await scenario.begin('second');
  await scenario.pass(60_000);
  return { scenario, status: (await scenario.record(second)).status };
}

describe('a permit is free when what holds it counts no more', () => {
  it('within a step that timed out', async () => {
    const { status } = await secondAfter(
      ({ step }) => step('outer', [], () => step('call', ['first'], () => never)),
      { outer: { timeoutMs: 5_000 } },
    );
    expect(status).toBe('completed');
  });

  it('and so is a place in its queue', async () => {
    const scenario = new Scenario({
      handler: async ({ step, wait }, event) => {
        if (event === 'holder') return step('call', [event], () => wait(20_000));
        if (event === 'second') return step('call', [event], () => 'called');
        await step('outer', [], () =>
          Promise.all([step('call', [event], () => 1), step('deaf', [], () => never)]),
        ).catch(() => null);
        return step('long', [], () => wait(hour));
      },
      steps: { call: one, deaf: {}, outer: { timeoutMs: 5_000 }, long: {} },
    });
    await scenario.start();
    await scenario.begin('holder');
    await scenario.pass(500);
    await scenario.begin('first');
    await scenario.pass(500);
    const second = await scenario.begin('second');
    await scenario.pass(60_000);
    expect((await scenario.record(second)).status).toBe('completed');
  });

  it('in a branch that lost while it was asked for', async () => {
    let win!: () => void;
    const won = new Promise<void>((resolve) => (win = resolve));
    const { status } = await secondAfter(
      ({ frame, step }) =>
        frame.race([
          { name: 'slow', body: () => step('call', ['first'], () => never) },
          { name: 'quick', body: () => won },
        ]),
      {},
      {
        wrapStore: (store) =>
          delayedAnswers(store, (writes) => {
            if (writes.some(({ kind }) => kind === 'acquire')) win();
          }),
      },
    );
    expect(status).toBe('completed');
  });

  it('in a branch that lost while it waited for its rate', async () => {
    const { status } = await secondAfter(
      async ({ frame, step, wait }) => {
        await step('call', [0], () => 1);
        return frame.race([
          { name: 'slow', body: () => step('call', ['first'], () => 2) },
          { name: 'quick', body: () => step('other', [], () => wait(3_000)) },
        ]);
      },
      { call: { ...one, rateLimit: { limit: 1, perMs: 10_000, key: null } }, other: {} },
    );
    expect(status).toBe('completed');
  });
});
