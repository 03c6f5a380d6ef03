import { Redis } from 'ioredis';
import {
  bootstrap,
  type BootstrapOptions,
  defineEvent,
  type Dispatcher,
  fixed,
  isFailure,
  Every,
  OnEvent,
  Retry,
  sleep,
  silentLogger,
  Step,
  type Store,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { type BullmqDispatcher, bullmqDispatcher } from 'holdfast/bullmq';
import { redisDispatcher, redisStore } from 'holdfast/redis';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';

const Ask = defineEvent('ask', z.object({ n: z.number() }));
const Spent = z.object({ calls: z.number() });

const ran: string[] = [];

@Worker('answers')
class AnswerWorker {
  private tries = 0;

  @OnEvent(Ask)
  async answer({ n }: { n: number }): Promise<number> {
    if (n < 0) throw new RangeError(`${n} is no question`);
    const doubled = await this.double(n);
    if (n === 13) await this.flaky();
    if (n === 99) await sleep('1 day');
    return doubled;
  }

  @Step()
  async double(n: number): Promise<number> {
    ran.push(`double ${n}`);
    return 2 * n;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed(50) })
  async flaky(): Promise<void> {
    if (this.tries++ < 2) throw new Error('not yet');
  }
}

@Worker('night')
class NightWorker {
  @Every('1 day')
  async clean(): Promise<void> {}
}

const redis = redisForTests();
const apps: WorkerApp[] = [];
let client: Redis;
let url: string;
let prefix: string;

beforeEach(async () => {
  ran.length = 0;
  url = await redis.url();
  prefix = redis.prefix();
  client = new Redis(url);
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  client.disconnect();
});

const store = (): Store => redisStore({ url, prefix, durability: 'none' });
const byBullmq = (): BullmqDispatcher => bullmqDispatcher({ connection: url, prefix: `${prefix}-jobs` });
const byHints = (): Dispatcher => redisDispatcher({ client, prefix });

/** A process. */
async function open(
  dispatcher: Dispatcher,
  options: Omit<BootstrapOptions, 'dispatcher'> = {},
): Promise<WorkerApp> {
  const own = { workers: [AnswerWorker], store: store(), logger: silentLogger, sweep: '500ms' as const };
  const app = await bootstrap({ ...own, ...options, dispatcher });
  apps.push(app);
  await app.start();
  return app;
}

/** Carries each hint twice, the last one first. */
function rough<D extends Dispatcher>(dispatcher: D): D {
  const send = dispatcher.send.bind(dispatcher);
  dispatcher.send = async (hints, options) => {
    await send([...hints, ...hints].toReversed(), options);
    await send(hints, options);
  };
  return dispatcher;
}

const dispatchers: readonly (readonly [name: string, make: () => Dispatcher])[] = [
  ['BullMQ', byBullmq],
  ['hints over Redis', byHints],
];

redis.describe('rows of the seeds, on Redis', () => {
  test.each(dispatchers)(
    'case 5 · by %s: every hint three times and in no order, to three processes: each step once',
    async (_, make) => {
      const [app] = [await open(rough(make())), await open(rough(make())), await open(rough(make()))];
      const asked = await app.publishMany(
        Array.from({ length: 100 }, (__, n) => [Ask, { n: n + 100 }] as const),
      );
      const results = await Promise.all(asked.map((each) => each.of(AnswerWorker).result()));
      expect(results).toEqual(Array.from({ length: 100 }, (__, n) => 2 * (n + 100)));
      expect(ran).toHaveLength(100);
      expect(new Set(ran).size).toBe(100);
    },
    30_000,
  );

  test('A16 · A17 · A18 · by BullMQ: who runs nothing gets values and failures of other processes, in the order of the calls', async () => {
    await open(byBullmq());
    await open(byBullmq());
    const caller = await open(byBullmq(), { role: 'publisher' });
    expect(await caller.execute(Ask, { n: 4 })).toEqual([8]);
    await expect(caller.execute(Ask, { n: -1 })).rejects.toThrow('-1 is no question');
    const outcomes = await caller.executeMany([
      [Ask, { n: 1 }],
      [Ask, { n: -2 }],
      [Ask, { n: 3 }],
    ]);
    expect(outcomes.flat().map((each) => (isFailure(each) ? String(each.error) : each.value))).toEqual([
      2,
      'RangeError: -2 is no question',
      6,
    ]);
  }, 30_000);

  test('A-w3 · by BullMQ: who waits gets the outcome after the last attempt, not that of the first', async () => {
    await open(byBullmq());
    const caller = await open(byBullmq(), { role: 'publisher' });
    expect(await caller.execute(Ask, { n: 13 })).toEqual([26]);
    expect((await caller.stats()).failed).toBe(0);
  }, 30_000);

  test('a publisher that serves a board has the queues of workers that only schedules start, too', async () => {
    await open(byBullmq(), { workers: [NightWorker] });
    const dispatcher = byBullmq();
    const web = await open(dispatcher, { role: 'publisher' });
    expect((await dispatcher.getQueues()).map(({ name }) => name).toSorted()).toEqual(['answers', 'night']);
    expect(Object.keys((await web.stats()).queues.dispatcher).toSorted()).toEqual(['answers', 'night']);
  }, 30_000);

  test('A21 · A22 · A23 · counts of the store, of a session and of the queues, which Bull Board gets as they are', async () => {
    const dispatcher = byBullmq();
    const web = await open(dispatcher, { role: 'publisher' });
    await web.session('s').publish(Ask, { n: 99 });
    await web.publish(Ask, { n: 1 });
    await web.publish(Ask, { n: 2 }, { delay: '1 hour' });
    const queued = async (): Promise<unknown> => (await web.stats()).queues.dispatcher;
    const expected = { answers: { waiting: 2, running: 0, delayed: 1 } };
    while (JSON.stringify(await queued()) !== JSON.stringify(expected))
      await new Promise((resolve) => setTimeout(resolve, 10));
    const queues = await dispatcher.getQueues();
    expect(queues.map(({ name }) => name)).toEqual(['answers']);
    expect(await queues[0]?.getJobCounts('prioritized', 'delayed')).toEqual({ prioritized: 2, delayed: 1 });
    expect(await web.stats()).toMatchObject({
      pending: 3,
      completed: 0,
      byWorker: { answers: { pending: 3 } },
    });
    expect(await web.session('s').stats()).toMatchObject({ pending: 1 });

    const worker = await open(byBullmq());
    while ((await worker.stats()).completed < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await worker.sessions.active()).toEqual(['s']);
    expect((await worker.stats({ sessions: 10 })).bySession).toMatchObject({ s: { completed: 0 } });
  }, 30_000);

  test('A34 · case 12 · 20 updates of a session’s state from two processes at once are 20 applied', async () => {
    const [one, two] = [await open(byHints()), await open(byHints())];
    const state = (app: WorkerApp) => app.session('s').state(Spent, { name: 'spent' });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        state(n % 2 === 0 ? one : two).update((before) => ({ calls: (before?.calls ?? 0) + 1 })),
      ),
    );
    expect(await state(two).get()).toEqual({ calls: 20 });
  });

  test.each(dispatchers)(
    'A35 · case 27 · by %s: a process that was stopped and started, ten times, still answers and still gets answers',
    async (_, make) => {
      const app = await open(make(), { drainTimeout: '1s' });
      for (let n = 0; n < 10; n++) {
        const [meanwhile] = [app.publish(Ask, { n }), await app.stop()];
        const result = (await meanwhile).of(AnswerWorker).result();
        await app.start();
        expect(await result).toBe(2 * n);
        expect(await app.execute(Ask, { n: n + 200 })).toEqual([2 * (n + 200)]);
      }
      expect(ran).toHaveLength(20);
    },
    30_000,
  );

  test('I42 · the store takes a client of the application; no key of work is outside of the prefix or ends by itself', async () => {
    const own = new Redis(url);
    try {
      const app = await open(byHints(), { store: redisStore({ client: own, prefix, durability: 'none' }) });
      expect(await app.execute(Ask, { n: 5 })).toEqual([10]);
      await app.publish(Ask, { n: 99 });
      const keys = await client.keys(`*${prefix}*`);
      const work = keys.filter((key) => !key.startsWith(`{${prefix}}:beat:`));
      expect(work.filter((key) => !key.startsWith(`{${prefix}}:`))).toEqual([]);
      // -1: for ever; -2: it was removed meanwhile.
      expect((await Promise.all(work.map((key) => client.ttl(key)))).filter((left) => left >= 0)).toEqual([]);
      await app.close();
      expect(await own.ping()).toBe('PONG');
    } finally {
      own.disconnect();
    }
  });

  test('B19 · a store by its address and prefix: what ended stays as long as retention says, and nobody else sees it', async () => {
    const place = (name: string): Store => redisStore({ url, prefix: name, durability: 'none', time: 'app' });
    const retention = { completed: '1 hour', failed: '1 day' } as const;
    const app = (await TestApp.create({
      workers: [AnswerWorker],
      store: place(prefix),
      retention,
    })) as TestApp;
    apps.push(app);
    const [good, bad] = [await app.publish(Ask, { n: 6 }), await app.publish(Ask, { n: -6 })];
    await app.advance('1 minute');
    expect([await good.of(AnswerWorker).status(), await bad.of(AnswerWorker).status()]).toEqual([
      'completed',
      'failed',
    ]);
    await app.advance('58 minutes');
    expect(await app.stats()).toMatchObject({ completed: 1, failed: 1 });
    await app.advance('5 minutes');
    expect(await app.stats()).toMatchObject({ completed: 0, failed: 1 });
    await using other = await bootstrap({ workers: [], store: place(`${prefix}-2`), logger: silentLogger });
    expect(await other.executions.list()).toEqual([]);
    await app.advance('1 day');
    expect(await app.executions.list()).toEqual([]);
  }, 30_000);
});
