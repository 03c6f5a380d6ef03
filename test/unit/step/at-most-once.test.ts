import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import type { Write } from '../../../lib/ports/store-write.js';
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

test('a body that used up its time does not begin beside itself: nobody knows how it ended', async () => {
  const scenario = new Scenario({
    steps: { charge: { atMostOnce: true, timeoutMs: 100, retry: thrice } },
    handler: ({ step, wait }) => step('charge', [], () => wait(1_000).then(() => 'charged')),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(10_000);
  const record = await scenario.record(id);
  expect([record.status, scenario.began]).toEqual(['failed', ['charge#1']]);
  expect(errorOf(record)).toMatchObject({ code: 'STEP_INTERRUPTED', cause: { code: 'TIMEOUT' } });
});

test('a body that used up its time does not begin when the handler is tried again either', async () => {
  const scenario = new Scenario({
    definition: { retry: thrice },
    steps: { charge: { atMostOnce: true, timeoutMs: 100 } },
    handler: ({ step, wait }) => step('charge', [], () => wait(1_000)),
  });
  await scenario.start();
  await scenario.begin();
  await scenario.pass(10_000);
  expect(scenario.began).toEqual(['charge#1']);
});

test('a body that did not begin since its lease was about to run out begins later: it was not interrupted', async () => {
  let refusals = 0;
  const scenario = new Scenario({
    steps: { charge: { atMostOnce: true } },
    handler: ({ step }) => step('charge', [], () => 'charged'),
    prepare: ({ runtime }) => {
      const { lease } = runtime as unknown as { readonly lease: { mayStartBody(): boolean } };
      const mayStart = lease.mayStartBody.bind(lease);
      lease.mayStartBody = () => (marks === 1 && refusals++ === 0 ? false : mayStart());
    },
    wrapStore: (store) =>
      new Proxy(store, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          if (name !== 'write') return member.bind(target);
          return async (group: readonly Write[]) => {
            const verdicts = await target.write(group);
            marks += group.filter(isMark).length;
            return verdicts;
          };
        },
      }),
  });
  let marks = 0;
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(60_000);
  expect(valueOf(await scenario.record(id))).toBe('charged');
  expect([refusals > 0, scenario.began]).toEqual([true, ['charge#2']]);
});

function isMark(write: Write): boolean {
  return write.kind === 'commit' && write.delta.checkpoints.some(({ kind }) => kind === 'started');
}
