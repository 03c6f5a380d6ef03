import type { StepDefinition } from '../../../lib/model/definition.js';
import type { ExecutionId, MessageId } from '../../../lib/model/ids.js';
import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { delayedAnswers, storesRow } from './delayed-answers.js';
import { errorOf, Scenario } from './scenario.js';

const undo = { isDeclared: true };

describe('a permit', () => {
  it('that is granted before its execution knows that it queues for it is not lost', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let told = 0;
    const scenario = new Scenario({
      handler: ({ step }, event) => step('call', [event], () => (event === 1 ? released : undefined)),
      steps: { call: { concurrency: { limit: 1, key: null } } },
      processes: 2,
      settings: { concurrency: 1 },
      wrapStore: (store) =>
        delayedAnswers(store, async (_, verdicts) => {
          const queues = verdicts.some((verdict) => 'granted' in verdict && verdict.granted === false);
          if (!queues || told++ > 0) return;
          const { processes, model, time } = scenario.simulation;
          release();
          await new Promise<void>((resolve) => {
            time.after(200, (processes[0] as (typeof processes)[0]).machine, resolve);
          });
          const second = [...model.records.keys()][1] as ExecutionId;
          expect(await store.inbox(second, 0, 10)).toMatchObject([{ kind: 'granted' }]);
          for (const { runtime } of processes) await runtime.consumer.signal([second]);
        }),
    });
    await scenario.start();
    const ids = [await scenario.begin(1), await scenario.begin(2)];
    await scenario.pass(60_000);
    expect(told).toBe(1);
    const records = await Promise.all(ids.map((id) => scenario.record(id)));
    expect(records.map(({ status }) => status)).toEqual(['completed', 'completed']);
  });
});

describe('a step within itself', () => {
  it.each([
    [2, 'failed', expect.objectContaining({ message: expect.stringContaining('would wait for ever') })],
    [3, 'completed', null],
  ])(
    'three deep under a limit of %d has %s, and does not wait for itself for ever',
    async (limit, status, error) => {
      let depth = 0;
      const scenario = new Scenario({
        handler: ({ step }) => {
          const crawl = (left: number): Promise<void> =>
            step('crawl', [left], async () => {
              depth = Math.max(depth, 3 - left);
              if (left > 0) await crawl(left - 1);
            });
          return crawl(2);
        },
        definition: { retry: noRetryPolicy },
        steps: { crawl: { concurrency: { limit, key: null } } },
      });
      await scenario.start();
      const id = await scenario.begin();
      await scenario.pass(10_000);
      const record = await scenario.record(id);
      expect(record.status).toBe(status);
      expect(depth).toBe(limit);
      expect(errorOf(record)).toEqual(error);
    },
  );
});

describe('a cancel', () => {
  it.each<[string, Partial<StepDefinition>]>([
    ['the mark of an at-most-once step', { atMostOnce: true }],
    ['a permit', { concurrency: { limit: 1, key: null } }],
    ['a place within a rate', { rateLimit: { limit: 1, perMs: 1_000, key: null } }],
  ])('that comes while a step waits for %s keeps its body from beginning', async (_, policies) => {
    const undone: string[] = [];
    const scenario = new Scenario({
      handler: async ({ step }) => {
        await step('reserve', [], () => 'seat');
        await step('charge', [], () => 'receipt');
      },
      steps: { reserve: {}, charge: policies, refund: undo, release: undo },
      compensations: { charge: 'refund', reserve: 'release' },
      methods: () => ({
        refund: () => void undone.push('refund'),
        release: () => void undone.push('release'),
      }),
      wrapStore: (store) =>
        delayedAnswers(store, async (writes) => {
          const waits = writes.some(({ kind }) => kind === 'acquire' || kind === 'reserve');
          if (!waits && !storesRow(writes, 'handle/charge', 'started')) return;
          const { processes, model } = scenario.simulation;
          const to = [...model.records.keys()][0] as ExecutionId;
          const message = { id: 'cancel' as MessageId, to, kind: 'cancel' as const, body: null };
          await store.write([{ kind: 'append', message }]);
          for (const { runtime } of processes) await runtime.consumer.signal([to]);
        }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
    expect(scenario.began).toEqual(['reserve#1', 'release#1']);
    expect(undone).toEqual(['release']);
  });
});

describe('a limit of a handler', () => {
  it('whose key cannot be told fails the execution, behind an asynchronous guard too', async () => {
    const of = (): never => {
      throw new Error('no tenant');
    };
    const scenario = new Scenario({
      handler: () => 1,
      definition: {
        retry: noRetryPolicy,
        routes: [{ event: 'begin', accepts: async () => true }],
        concurrency: { limit: 1, key: { path: null, of } },
      },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    const record = await scenario.record(id);
    expect(record.status).toBe('failed');
    expect(errorOf(record)).toMatchObject({ message: 'no tenant' });
  });

  it('on concurrency holds up no compensation: an execution that failed is undone before others begin', async () => {
    const order: string[] = [];
    const scenario = new Scenario({
      handler: async ({ step, wait }, event) => {
        if (event === 'bad') {
          await step('charge', [], () => 1);
          throw new Error('declined');
        }
        order.push('good');
        await wait(1_000);
      },
      definition: { retry: noRetryPolicy, concurrency: { limit: 1, key: null } },
      steps: { charge: {}, refund: undo },
      compensations: { charge: 'refund' },
      methods: () => ({ refund: () => void order.push('refund') }),
    });
    await scenario.start();
    for (const event of ['good', 'bad', 'good', 'good']) await scenario.begin(event);
    await scenario.pass(30_000);
    expect(order).toEqual(['good', 'refund', 'good', 'good']);
  });
});

it('branches that sleep within a permit let the execution rest, and take their turns', async () => {
  let bodies = 0;
  const scenario = new Scenario({
    handler: ({ step, sleep }) =>
      Promise.all(
        [1, 2].map((n) =>
          step('poll', [n], async () => {
            bodies++;
            await sleep(3_600_000);
            return n;
          }),
        ),
      ),
    steps: { poll: { concurrency: { limit: 1, key: null } } },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(10_000);
  expect((await scenario.record(id)).status).toBe('waiting');
  expect(bodies).toBe(1);
  await scenario.pass(3 * 3_600_000);
  expect((await scenario.record(id)).status).toBe('completed');
  expect(bodies).toBe(4);
});

it('a permit that is kept over a sleep keeps others out, and is free when the sleeper is cancelled', async () => {
  const scenario = new Scenario({
    handler: ({ step, sleep }, event) =>
      step('poll', [event], async () => {
        if (event === 'sleeper') await sleep(3_600_000);
        return event;
      }),
    steps: { poll: { concurrency: { limit: 1, key: null } } },
  });
  await scenario.start();
  const sleeper = await scenario.begin('sleeper');
  await scenario.pass(500);
  const other = await scenario.begin('other');
  await scenario.pass(60_000);
  expect((await scenario.record(other)).waitReason).toBe('gate');
  scenario.send(sleeper, 'cancel');
  await scenario.pass(10_000);
  expect((await scenario.record(sleeper)).status).toBe('cancelled');
  expect((await scenario.record(other)).status).toBe('completed');
});

it('a permit is not kept for a body that went down with the step around it', async () => {
  const scenario = new Scenario({
    handler: async ({ step, wait, sleep }, event) => {
      if (event === 'other') return step('inner', [2], () => 'free');
      await step('outer', [], () => step('inner', [1], () => wait(86_400_000))).catch(() => undefined);
      await sleep(30 * 86_400_000);
      return 'slept';
    },
    steps: { outer: { timeoutMs: 1_000 }, inner: { concurrency: { limit: 1, key: null } } },
  });
  await scenario.start();
  const sleeper = await scenario.begin('sleeper');
  await scenario.pass(10_000);
  expect((await scenario.record(sleeper)).status).toBe('waiting');
  const other = await scenario.begin('other');
  await scenario.pass(10_000);
  expect((await scenario.record(other)).status).toBe('completed');
});
