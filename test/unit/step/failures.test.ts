import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { StoreUnavailableError } from '../../../lib/model/errors-store.js';
import { errorOf, Scenario, valueOf } from '../engine/scenario.js';

test('a publish inside an execution whose explicit id is taken by another payload fails as a conflict, for good', async () => {
  const scenario = new Scenario({
    handler: async ({ publish }, event) => {
      if (event !== 'parent') return event;
      await publish('begin', 'first', 'same-id');
      return publish('begin', 'second', 'same-id').catch(
        (error: unknown) => (error as { code: string }).code,
      );
    },
  });
  await scenario.start();
  const id = await scenario.begin('parent');
  await scenario.pass(5_000);
  expect(valueOf(await scenario.record(id))).toBe('EVENT_CONFLICT');
});

test('a publish inside an execution outlasts a store that does not answer', async () => {
  let down = false;
  const scenario = new Scenario({
    handler: async ({ publish, wait }, event) => {
      if (event !== 'parent') return event;
      down = true;
      await wait(20_000);
      await publish('begin', 'child');
      return 'published';
    },
    wrapStore: (store) => {
      const subscriptions = store.subscriptions.bind(store);
      const read = (): Promise<never> => Promise.reject(new StoreUnavailableError('down'));
      return Object.assign(store, { subscriptions: () => (down ? read() : subscriptions()) });
    },
  });
  await scenario.start();
  const id = await scenario.begin('parent');
  await scenario.pass(40_000);
  down = false;
  await scenario.pass(120_000);
  expect(valueOf(await scenario.record(id))).toBe('published');
  expect(scenario.simulation.model.records.size).toBe(2);
});

test('a step that nobody awaits and that fails ends the execution, not the process', async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  const scenario = new Scenario({
    steps: { broken: {} },
    handler: ({ step }) => {
      void step('broken', [], () => {
        throw new Error('nobody looks');
      });
      return 'returned';
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  process.off('unhandledRejection', note);
  expect(errorOf(await scenario.record(id))).toMatchObject({ message: 'nobody looks' });
  expect(rejections).toEqual([]);
});

test('a step that fails while its handler waits for something else can still be awaited later', async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  const scenario = new Scenario({
    steps: { broken: {}, slow: {} },
    handler: async ({ step, wait }) => {
      const broken = step('broken', [], () => {
        throw new Error('early');
      });
      await step('slow', [], () => wait(1_000));
      return broken.catch((error: unknown) => (error as Error).message);
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(3_000);
  process.off('unhandledRejection', note);
  expect(valueOf(await scenario.record(id))).toBe('early');
  expect(rejections).toEqual([]);
});

test('a step that the handler did not await is awaited before the execution ends', async () => {
  const scenario = new Scenario({
    steps: { slow: {} },
    handler: ({ step, wait }) => {
      void step('slow', [], () => wait(1_000));
      return 'returned';
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(500);
  expect((await scenario.record(id)).status).toBe('running');
  await scenario.pass(1_000);
  expect(valueOf(await scenario.record(id))).toBe('returned');
});

test('a failure that came out of a step does not spend the default attempts of the handler', async () => {
  const scenario = new Scenario({
    definition: { retry: defaultRetryPolicy },
    steps: { broken: {} },
    handler: ({ step }) =>
      step('broken', [], () => {
        throw new Error('down');
      }),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(60_000);
  expect(await scenario.record(id)).toMatchObject({ status: 'failed', attempt: 1 });
  expect(scenario.began).toEqual(['broken#1']);
});

test('a step tried again in an hour does not keep its sibling waiting', async () => {
  const scenario = new Scenario({
    steps: {
      flaky: { retry: { ...defaultRetryPolicy, backoff: { kind: 'fixed', delayMs: 3_600_000 } } },
      quick: {},
      tail: {},
    },
    handler: async ({ step, frame }) =>
      Promise.all([
        step('flaky', [], () => {
          if (frame.attempt < 2) return 'late';
          throw new Error('never');
        }),
        step('quick', [], () => 'quick').then(() => step('tail', [], () => 'tail')),
      ]),
  });
  await scenario.start();
  await scenario.begin();
  await scenario.pass(1_000);
  expect(scenario.began).toContain('tail#1');
});

test('a branch that nobody awaited calls nothing any more once its step has ended', async () => {
  const scenario = new Scenario({
    steps: {
      outer: { retry: { ...defaultRetryPolicy, maxAttempts: 2, backoff: { kind: 'fixed', delayMs: 10 } } },
      quick: {},
      slow: {},
      late: {},
      busy: {},
    },
    handler: ({ step, wait }) =>
      Promise.all([
        step('outer', [], async () => {
          const branches = [
            step('quick', [], () => wait(10)),
            step('slow', [], () => wait(20)).then(() => step('late', [], () => wait(5_000))),
          ];
          await Promise.race(branches);
          return 'raced';
        }),
        step('busy', [], () => wait(10_000)),
      ]),
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(15_000);
  expect(valueOf(await scenario.record(id))).toEqual(['raced', undefined]);
  expect(scenario.began).toEqual(['outer#1', 'quick#1', 'slow#1', 'busy#1']);
  expect(scenario.used).toBe(0);
});
