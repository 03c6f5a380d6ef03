import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { errorOf, Scenario, valueOf, type Calls } from '../engine/scenario.js';

const inAMinute = {
  ...defaultRetryPolicy,
  maxAttempts: 2,
  jitter: 0,
  backoff: { kind: 'fixed' as const, delayMs: 60_000 },
};

/** Runs the handler with a crash of its process after so many ms; answers its record. */
async function crashed(handler: (calls: Calls) => unknown, afterMs: number, settings = {}) {
  const steps = { fetch: {}, save: {}, a: {}, b: {}, flaky: { retry: inAMinute } };
  const scenario = new Scenario({ processes: 2, handler, steps, settings });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(afterMs);
  scenario.crashOwner(id);
  await scenario.pass(200_000);
  return { scenario, record: await scenario.record(id) };
}

/** At most `limit` of the tasks at a time, as `p-limit` does it. */
async function limited<T>(limit: number, tasks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < tasks.length) {
      const at = next++;
      results[at] = await (tasks[at] as () => Promise<T>)();
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}

test.each([5, 15, 35, 55, 75, 95])(
  'two steps for each of six users, two at a time, crashed after %i ms',
  async (ms) => {
    const users = [1, 2, 3, 4, 5, 6];
    const { record, scenario } = await crashed(async ({ step, wait }) => {
      return limited(
        2,
        users.map((user) => async () => {
          await step('fetch', [user], () => wait(10 + user));
          return step('save', [user], () => wait(20 - user).then(() => user));
        }),
      );
    }, ms);
    expect(valueOf(record)).toEqual(users);
    // At most the two that ran when the process died ran twice.
    expect(scenario.began.length).toBeLessThanOrEqual(14);
  },
);

test('a call that is tried again later is known, though siblings are late to be called: no mismatch', async () => {
  let failed = false;
  const steps = { fetch: { retry: inAMinute } };
  const scenario = new Scenario({
    steps,
    handler: ({ step, wait }) =>
      Promise.all([
        step('fetch', ['flaky'], () => {
          if (failed) return 'at last';
          failed = true;
          throw new Error('down');
        }),
        step('fetch', ['first'], () => 1).then(async () => {
          await wait(20);
          return step('fetch', ['second'], () => 2);
        }),
      ]),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(70_000);
  expect(valueOf(await scenario.record(id))).toEqual(['at last', 2]);
});

test('other arguments than those recorded are a mismatch before anything runs', async () => {
  let now = 1;
  const { record, scenario } = await crashed(async ({ step, wait }) => {
    await step('a', [now++], () => 'charged');
    return step('b', [], () => wait(10_000));
  }, 100);
  expect(errorOf(record)).toMatchObject({ code: 'NON_DETERMINISM' });
  expect(scenario.began.filter((name) => name === 'a#1').length).toBe(1);
});

test('a step added before those recorded runs; one taken away is a mismatch', async () => {
  let passes = 0;
  const added = await crashed(async ({ step, wait }) => {
    if (++passes > 1) await step('fetch', [], () => 'new');
    await step('a', [], () => 1);
    return step('b', [], () => wait(10_000).then(() => 'end'));
  }, 100);
  expect(valueOf(added.record)).toBe('end');
});

test('a race that two branches could win has the winner of the first run, though replay has both at once', async () => {
  const winners: string[] = [];
  const { record } = await crashed(async ({ step, wait }) => {
    const winner = await Promise.race([
      step('a', [], () => wait(20).then(() => 'a')).then(async (value) => {
        for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        return value;
      }),
      step('b', [], () => wait(30).then(() => 'b')),
    ]);
    winners.push(winner);
    await step('fetch', [], () => wait(500));
    return step('save', [], () => winner);
  }, 300);
  expect([winners, valueOf(record)]).toEqual([['a', 'a'], 'a']);
});

test('time, randomness and ids of the context are equal on resume', async () => {
  const seen: unknown[] = [];
  await crashed(async ({ frame, step, wait }) => {
    await step('a', [], () => wait(20));
    const { context } = frame;
    seen.push([context.now(), context.random(), context.random(), context.uuid()]);
    await step('b', [], () => wait(500));
  }, 300);
  expect(seen.length).toBe(2);
  expect(seen[0]).toEqual(seen[1]);
});

test('time as a step sees it at first is that of its call, on resume as before, whatever ended beside it', async () => {
  const steps = { outer: {}, sibling: {}, stamp: {} };
  let passes = 0;
  const scenario = new Scenario({
    processes: 2,
    steps,
    handler: (calls) => {
      const { step, wait } = calls;
      passes++;
      return Promise.all([
        step('outer', [], async () => {
          const stamped = await step('stamp', [calls.frame.context.now()], () => 'stamped');
          if (passes === 1) await wait(60_000);
          return stamped;
        }),
        step('sibling', [], () => wait(20).then(() => 'late')),
      ]);
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(200);
  scenario.crashOwner(id);
  await scenario.pass(200_000);
  expect(valueOf(await scenario.record(id))).toEqual(['stamped', 'late']);
  expect(scenario.began.filter((name) => name === 'stamp#1')).toEqual(['stamp#1']);
});

test('a step whose body read the world may be cut off: it calls other steps then, and that is no mismatch', async () => {
  const steps = { importAll: {}, save: {} };
  let page = 0;
  const scenario = new Scenario({
    processes: 2,
    steps,
    handler: ({ step, wait }) =>
      step('importAll', [], async () => {
        const rows = ++page === 1 ? ['a', 'b'] : ['c', 'd'];
        for (const row of rows) await step('save', [row], () => wait(row === 'b' ? 60_000 : 1));
        return rows;
      }),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(200);
  scenario.crashOwner(id);
  await scenario.pass(200_000);
  expect(valueOf(await scenario.record(id))).toEqual(['c', 'd']);
});
