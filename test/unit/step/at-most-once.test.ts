import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { errorOf, Scenario, valueOf } from '../engine/scenario.js';

const fixed = { kind: 'fixed' as const, delayMs: 10 };
const thrice = { ...defaultRetryPolicy, maxAttempts: 3, explicit: true, backoff: fixed };

test('a body that a crash cut off does not begin again: its step fails as interrupted', async () => {
  const scenario = new Scenario({
    processes: 2,
    steps: { charge: { atMostOnce: true, retry: thrice } },
    handler: ({ step, wait }) => step('charge', [], () => wait(5_000)),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  scenario.crashOwner(id);
  await scenario.pass(60_000);
  expect(errorOf(await scenario.record(id))).toMatchObject({ code: 'STEP_INTERRUPTED' });
  expect(scenario.began).toEqual(['charge#1']);
});

test('nor when the handler around it is tried again', async () => {
  const scenario = new Scenario({
    processes: 2,
    definition: { retry: thrice },
    steps: { charge: { atMostOnce: true } },
    handler: async ({ step, wait }) => {
      await step('charge', [], () => wait(5_000)).catch((error: unknown) => {
        throw new Error('wrapped', { cause: error });
      });
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  scenario.crashOwner(id);
  await scenario.pass(60_000);
  expect(await scenario.record(id)).toMatchObject({ status: 'failed', attempt: 3 });
  expect(scenario.began).toEqual(['charge#1']);
});

test('nor when the step around it timed out and is tried again in the same pass', async () => {
  const scenario = new Scenario({
    steps: {
      outer: { retry: { ...thrice, maxAttempts: 2 }, timeoutMs: 100 },
      charge: { atMostOnce: true },
      busy: {},
    },
    handler: ({ step, wait }) =>
      Promise.all([
        step('outer', [], () => step('charge', [], () => wait(1_000))).catch(
          (error: unknown) => (error as Error).name,
        ),
        step('busy', [], () => wait(10_000)),
      ]),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(20_000);
  expect(valueOf(await scenario.record(id))).toEqual(['StepInterruptedError', undefined]);
  expect(scenario.began).toEqual(['outer#1', 'busy#1', 'charge#1', 'outer#2']);
});

test('a body that failed by itself is tried again as its policy says', async () => {
  const scenario = new Scenario({
    steps: { charge: { atMostOnce: true, retry: thrice } },
    handler: (calls) =>
      calls.step('charge', [], () => {
        if (calls.frame.attempt < 3) throw new Error('declined');
        return 'charged';
      }),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect(valueOf(await scenario.record(id))).toBe('charged');
  expect(scenario.began).toEqual(['charge#1', 'charge#2', 'charge#3']);
});

test('retry() by a person begins an interrupted body again', async () => {
  const scenario = new Scenario({
    processes: 2,
    steps: { charge: { atMostOnce: true } },
    handler: ({ step, wait }) => step('charge', [], () => wait(5_000).then(() => 'charged')),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  scenario.crashOwner(id);
  await scenario.pass(60_000);
  scenario.send(id, 'retry');
  await scenario.pass(60_000);
  expect(valueOf(await scenario.record(id))).toBe('charged');
});
