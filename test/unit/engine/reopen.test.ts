import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { errorOf, Scenario, valueOf } from './scenario.js';

const twice = {
  ...defaultRetryPolicy,
  maxAttempts: 2,
  explicit: true,
  backoff: { kind: 'fixed' as const, delayMs: 10 },
};

test('retry() of a saga: what failed succeeds now, the compensation of before is no mismatch', async () => {
  let down = true;
  const scenario = new Scenario({
    steps: { charge: {}, refund: {} },
    handler: async ({ step }) => {
      try {
        return await step('charge', [], () => {
          if (down) throw new Error('down');
          return 'charged';
        });
      } catch (error) {
        await step('refund', [], () => 'refunded');
        throw error;
      }
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  expect(await scenario.record(id)).toMatchObject({ status: 'failed' });
  down = false;
  scenario.send(id, 'retry');
  await scenario.pass(1_000);
  expect(valueOf(await scenario.record(id))).toBe('charged');
  expect(scenario.began).toEqual(['charge#1', 'refund#1', 'charge#1']);
});

test.each(['failed', 'parked'] as const)(
  'retry() of a handler that had %s by itself, after another step: no mismatch',
  async (status) => {
    let down = true;
    const scenario = new Scenario({
      definition: {
        retry: { ...twice, maxAttempts: 1, whenExhausted: status === 'parked' ? 'park' : 'fail' },
      },
      steps: { order: {}, complain: {} },
      handler: async ({ step, frame, sleep }) => {
        await step('order', [], () => 1);
        if (down) {
          await step('complain', [], () => 2);
          throw new Error('down');
        }
        await sleep(1_000);
        return frame.idempotencyKey;
      },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(100);
    expect(await scenario.record(id)).toMatchObject({ status });
    down = false;
    scenario.send(id, 'retry');
    await scenario.pass(5_000);
    // Also in the pass after the sleep, and under the key that it had: it is the same call.
    expect(valueOf(await scenario.record(id))).toBe(id + '/handle');
    expect(scenario.began).toEqual(['order#1', 'complain#1']);
  },
);

test('retry() after several attempts of the handler begins at the first again: no mismatch', async () => {
  let broken = true;
  const scenario = new Scenario({
    definition: { retry: twice },
    steps: { early: {}, late: {} },
    handler: async ({ step, frame }) => {
      await step('early', [], () => 1);
      if (frame.attempt === 2) await step('late', [], () => 2);
      if (broken) throw new Error('broken');
      return 'mended';
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect((await scenario.record(id)).status).toBe('failed');
  broken = false;
  scenario.send(id, 'retry');
  await scenario.pass(1_000);
  expect(valueOf(await scenario.record(id))).toBe('mended');
});

test('retry({ from }) of a step that failed forgets what was recorded after it', async () => {
  let down = true;
  const scenario = new Scenario({
    steps: { charge: {}, refund: {} },
    handler: async ({ step }) => {
      const charged = await step('charge', [], () => {
        if (down) throw new Error('down');
        return 'charged';
      }).catch(() => null);
      if (charged === null) return step('refund', [], () => 'refunded');
      return charged;
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  expect(valueOf(await scenario.record(id))).toBe('refunded');
  down = false;
  scenario.send(id, 'retry', 'charge');
  await scenario.pass(1_000);
  expect(valueOf(await scenario.record(id))).toBe('charged');
});

test('a replay that skips recorded steps parks the execution, and does so again after resume() without a fix', async () => {
  let changed = false;
  const scenario = new Scenario({
    steps: { first: {}, second: {} },
    handler: async ({ step, sleep }) => {
      if (!changed) await step('first', [], () => 1);
      await sleep(1_000);
      return step('second', [], () => 2);
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  changed = true;
  await scenario.pass(3_000);
  expect(errorOf(await scenario.record(id))).toMatchObject({ code: 'NON_DETERMINISM' });
  scenario.send(id, 'resume');
  await scenario.pass(3_000);
  expect((await scenario.record(id)).status).toBe('parked');
  changed = false;
  scenario.send(id, 'resume');
  await scenario.pass(3_000);
  expect(valueOf(await scenario.record(id))).toBe(2);
});

test('retry({ from }) of a step that completed gives it the same idempotency key, though an attempt had failed', async () => {
  let runs = 0;
  const scenario = new Scenario({
    steps: { charge: { retry: twice } },
    handler: ({ step }) =>
      step('charge', [], () => {
        if (++runs === 1) throw new Error('no answer: did it charge?');
        return 'charged';
      }),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect((await scenario.record(id)).status).toBe('completed');
  scenario.send(id, 'retry', 'charge');
  await scenario.pass(1_000);
  expect([runs, scenario.effects('charge').size]).toEqual([3, 1]);
});

test('so it does when the step had failed for good in an attempt of the one around it', async () => {
  let runs = 0;
  const scenario = new Scenario({
    steps: { outer: { retry: twice }, charge: {} },
    handler: ({ step }) =>
      step('outer', [], () =>
        step('charge', [], () => {
          if (++runs === 1) throw new Error('no answer');
          return 'charged';
        }),
      ),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  scenario.send(id, 'retry', 'outer');
  await scenario.pass(1_000);
  expect([runs, (await scenario.record(id)).status]).toEqual([3, 'completed']);
  expect(scenario.effects('charge').size).toBe(1);
});

test('a step that failed for good gets a new idempotency key by retry(), and keeps that one', async () => {
  let runs = 0;
  const scenario = new Scenario({
    steps: { charge: { retry: twice } },
    handler: ({ step }) =>
      step('charge', [], () => {
        if (++runs <= 3) throw new Error('declined');
        return 'charged';
      }),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  scenario.send(id, 'retry');
  await scenario.pass(1_000);
  scenario.send(id, 'retry', 'charge');
  await scenario.pass(1_000);
  expect([runs, (await scenario.record(id)).status]).toEqual([5, 'completed']);
  expect([...scenario.effects('charge')].map((key) => key.split('@')[1])).toEqual([undefined, '1']);
});
