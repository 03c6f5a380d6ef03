import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { Scenario, valueOf } from './scenario.js';

/** Lease, sweep and the next instant: what an idle process holds. */
const IDLE_TIMERS = 3;

const hourly = {
  ...defaultRetryPolicy,
  maxAttempts: 2,
  jitter: 0,
  backoff: { kind: 'fixed' as const, delayMs: 3_600_000 },
};

test('an execution that sleeps holds no slot', async () => {
  const scenario = new Scenario({
    handler: async ({ sleep }) => {
      await sleep(60_000);
      return 'woken';
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect(await scenario.record(id)).toMatchObject({ status: 'waiting', waitReason: 'timer' });
  expect(scenario.used).toBe(0);
  await scenario.pass(61_000);
  expect(valueOf(await scenario.record(id))).toBe('woken');
});

test('a retry in an hour holds neither slot nor timer of its own', async () => {
  const scenario = new Scenario({
    steps: { charge: { retry: hourly, timeoutMs: 1_800_000 } },
    handler: ({ step, frame }) =>
      step('charge', [], async () => {
        if (frame.attempt === 1) throw new Error('down');
        return 'charged';
      }).catch(async () => 'given up'),
  });
  await scenario.start();
  await scenario.begin();
  await scenario.pass(1_000);
  expect([scenario.used, scenario.timers <= IDLE_TIMERS]).toEqual([0, true]);
});

test('a step that sleeps inside leaves no timer of its timeout behind', async () => {
  const scenario = new Scenario({
    steps: { outer: { timeoutMs: 600_000 } },
    handler: ({ step, sleep }) => step('outer', [], () => sleep(3_600_000)),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect((await scenario.record(id)).status).toBe('waiting');
  expect([scenario.used, scenario.timers <= IDLE_TIMERS]).toEqual([0, true]);
});

test('a timeout of a step does not count its sleeps, though a sibling keeps the pass alive', async () => {
  const scenario = new Scenario({
    steps: { patient: { timeoutMs: 1_000 }, busy: {} },
    handler: ({ step, sleep, wait }) =>
      Promise.all([
        step('patient', [], async () => {
          await wait(400);
          await sleep(20_000);
          await wait(400);
          return 'slept';
        }),
        step('busy', [], () => wait(30_000).then(() => 'worked')),
      ]),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(35_000);
  expect(valueOf(await scenario.record(id))).toEqual(['slept', 'worked']);
  expect(scenario.began).toEqual(['patient#1', 'busy#1']);
});

test('the running time of one attempt adds up around its sleeps', async () => {
  const scenario = new Scenario({
    steps: { patient: { timeoutMs: 1_000 }, busy: {} },
    handler: ({ step, sleep, wait }) =>
      Promise.all([
        step('patient', [], async () => {
          await wait(600);
          await sleep(5_000);
          await wait(600);
        }).catch((error: unknown) => (error as Error).name),
        step('busy', [], () => wait(30_000)),
      ]),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(35_000);
  expect(valueOf(await scenario.record(id))).toEqual(['TimeoutError', undefined]);
});

test('a body that timed out and then calls a step uses no slot any more', async () => {
  const scenario = new Scenario({
    steps: { slow: { timeoutMs: 1_000 }, after: {} },
    handler: ({ step, wait }) =>
      step('slow', [], async () => {
        await wait(5_000);
        await step('after', [], () => 'too late');
      }).catch(() => 'timed out'),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(4_000);
  expect(valueOf(await scenario.record(id))).toBe('timed out');
  expect(scenario.used).toBe(1);
  await scenario.pass(2_000);
  expect(scenario.used).toBe(0);
  expect(scenario.began).toEqual(['slow#1']);
});

test('a signal that is first looked at after the timeout is aborted', async () => {
  let signal: AbortSignal | null = null;
  const scenario = new Scenario({
    steps: { slow: { timeoutMs: 1_000 } },
    handler: (calls) =>
      calls
        .step('slow', [], async () => {
          const { frame } = calls;
          await calls.wait(2_000);
          ({ signal } = frame);
        })
        .catch(() => null),
  });
  await scenario.start();
  await scenario.begin();
  await scenario.pass(3_000);
  expect(signal).toMatchObject({ aborted: true, reason: { code: 'TIMEOUT' } });
});
