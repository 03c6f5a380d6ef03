import {
  ConfigurationError,
  defineEvent,
  EventConflictError,
  execution,
  InvalidEventError,
  memoryStore,
  NotStartedError,
  OnEvent,
  Retry,
  sqliteStore,
  Step,
  step,
  type Store,
  UnknownEventError,
  Worker,
  WORKER_APP,
  Inject,
  WorkerApp,
  WorkerError,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Ordered = defineEvent('ordered', z.object({ n: z.number() }));
const Shipped = defineEvent('shipped', z.object({ n: z.number() }));

const ran: unknown[] = [];
beforeEach(() => {
  ran.length = 0;
});

@Worker('b-shop')
class ShopWorker {
  @OnEvent(Ordered)
  async take({ n }: { n: number }): Promise<string> {
    await step('take', () => ran.push(n));
    if (n < 0) throw Object.assign(new Error(`shop refuses ${n}`), { retryable: false });
    return `shop ${n}`;
  }
}

@Worker('a-stock')
class StockWorker {
  @OnEvent(Ordered)
  async reserve({ n }: { n: number }): Promise<string> {
    if (n < -1) throw Object.assign(new Error(`stock refuses ${n}`), { retryable: false });
    return `stock ${n}`;
  }

  @OnEvent(Ordered)
  async count({ n }: { n: number }): Promise<number> {
    return n;
  }
}

describe('an event id', () => {
  test('I19 · B27 · makes publishing idempotent: the same executions, run once', async () => {
    const app = await openApp([ShopWorker]);
    const first = await app.publish(Ordered, { n: 1 }, { id: 'order-1' });
    await first.of(ShopWorker).result();
    const again = await app.publish(Ordered, { n: 1 }, { id: 'order-1' });
    expect([again.eventId, again.of(ShopWorker).id]).toEqual(['order-1', first.of(ShopWorker).id]);
    expect(await again.of(ShopWorker).result()).toBe('shop 1');
    expect(ran).toEqual([1]);
  });

  test('with another payload is a conflict, and stores nothing', async () => {
    const app = await openApp([ShopWorker]);
    await app.publish(Ordered, { n: 1 }, { id: 'order-1' });
    const refused = app.publish(Ordered, { n: 2 }, { id: 'order-1' });
    await expect(refused).rejects.toThrow(EventConflictError);
    await expect(refused).rejects.toMatchObject({
      code: 'EVENT_CONFLICT',
      eventId: 'order-1',
      event: 'ordered',
    });
    await expect(refused).rejects.toThrow("event 'ordered' has the id 'order-1', which was published before");
    expect(await app.executions.list()).toHaveLength(1);
  });

  test('is remembered per session, and for as long as dedup says', async () => {
    const app = await openApp([ShopWorker], { dedup: '1 hour' });
    const publish = async (session?: string): Promise<string> =>
      (
        await app.publish(Ordered, { n: 1 }, { id: 'one', ...(session === undefined ? null : { session }) })
      ).of(ShopWorker).id;
    const ids = [await publish(), await publish('a'), await publish('b'), await publish('a')];
    expect(new Set(ids).size).toBe(3);
    await app.advance('59 minutes');
    expect(await publish()).toBe(ids[0]);
    await app.settle();
    expect(ran).toHaveLength(3);
  });
});

const hostile: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'step1',
  'step10',
  '../victim',
  'a/b',
  'nul\u0000byte',
  '👩‍🚀 emoji',
  'x'.repeat(10_240),
  "'; DROP TABLE executions; --",
  'a~b!c%d',
];

const stores: [name: string, make: () => Store][] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

@Worker('hostile')
class HostileWorker {
  @OnEvent(Ordered)
  async run(): Promise<readonly unknown[]> {
    const values: unknown[] = [];
    for (const name of hostile) values.push(await step(name, () => ran.push(name)));
    values.push(await this.keyed(hostile.map((name) => [name, 1] as const)));
    return values;
  }

  @Step()
  async keyed(entries: readonly (readonly [string, number])[]): Promise<Record<string, number>> {
    return Object.fromEntries(entries);
  }
}

describe.each(stores)('case 7 · hostile names on %s', (_, make) => {
  test('as event ids and sessions are told apart, and safe', async () => {
    const app = await openApp([ShopWorker], { store: make() });
    const ids = new Map<string, string>();
    for (const [n, name] of hostile.entries())
      ids.set(name, (await app.publish(Ordered, { n }, { id: name, session: name })).of(ShopWorker).id);
    await app.settle();
    expect(ran.toSorted((a, b) => Number(a) - Number(b))).toEqual(hostile.map((_, n) => n));
    for (const [n, name] of hostile.entries()) {
      const again = await app.publish(Ordered, { n }, { id: name, session: name });
      expect(again.of(ShopWorker).id).toBe(ids.get(name));
      expect(await again.of(ShopWorker).result()).toBe(`shop ${n}`);
      expect((await app.executions.list({ session: name })).map(({ id }) => id)).toEqual([ids.get(name)]);
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
  });

  test('as step names each keep their own result, also over a resume', async () => {
    const app = await openApp([HostileWorker], { store: make(), executionMode: 'ISOLATED' });
    const handle = (await app.publish(Ordered, { n: 1 })).of(HostileWorker, 'run');
    const values = await handle.result();
    expect(values.slice(0, -1)).toEqual(hostile.map((_, n) => n + 1));
    expect(Object.entries(values.at(-1) as object)).toEqual(hostile.map((name) => [name, 1]));
    expect(ran).toEqual(hostile);
    expect((await handle.steps()).map((each) => each.path)).toEqual([
      ...hostile.map((name) => `run/${name}`),
      'run/keyed',
    ]);
  });
});

describe('when', () => {
  test('delay and at hold an execution back until their instant', async () => {
    const app = await openApp([ShopWorker]);
    const now = app.clock.now();
    await app.publish(Ordered, { n: 1 }, { delay: '10 minutes' });
    await app.publish(Ordered, { n: 2 }, { at: new Date(now + 300_000) });
    await app.publish(Ordered, { n: 3 }, { at: now - 1 });
    await app.settle();
    expect(ran).toEqual([3]);
    await app.advance('299999ms');
    expect(ran).toEqual([3]);
    await app.advance('1ms');
    expect(ran).toEqual([3, 2]);
    await app.advance('5 minutes');
    expect(ran).toEqual([3, 2, 1]);
  });

  test('higher priority goes first, and sessions are served in turn', async () => {
    const app = await openApp([ShopWorker], { concurrency: 1 });
    await app.pause(ShopWorker);
    for (let n = 0; n < 4; n++) await app.publish(Ordered, { n }, { session: 'many' });
    await app.publish(Ordered, { n: 10 }, { session: 'urgent', priority: -5 });
    await app.publish(Ordered, { n: 11 }, { session: 'urgent', priority: 50 });
    await app.resume(ShopWorker);
    await app.settle();
    expect(ran.indexOf(11)).toBeLessThan(ran.indexOf(10));
    expect(ran.indexOf(10)).toBeLessThan(ran.indexOf(3));
    expect(ran.filter((n) => Number(n) < 4)).toEqual([0, 1, 2, 3]);
  });

  test('every impossible option is named at once', async () => {
    const app = await openApp([ShopWorker]);
    const options = { priority: 101, delay: 'soon', session: '', retries: 3 } as unknown as { id: string };
    const refused = app.publish(Ordered, { n: 1 }, options);
    await expect(refused).rejects.toThrow(ConfigurationError);
    const { mistakes } = (await refused.catch((error: unknown) => error)) as ConfigurationError;
    expect(mistakes.map(({ option }) => option.split(': ')[1])).toEqual([
      'retries',
      'session',
      'priority',
      'delay',
    ]);
    expect(await app.executions.list()).toEqual([]);
  });
});

describe('publishMany', () => {
  test('accepts all events, in order', async () => {
    const app = await openApp([ShopWorker]);
    const published = await app.publishMany([
      [Ordered, { n: 1 }],
      [Ordered, { n: 2 }, { id: 'two' }],
    ]);
    expect(await Promise.all(published.map((each) => each.of(ShopWorker).result()))).toEqual([
      'shop 1',
      'shop 2',
    ]);
    expect(await app.publishMany([])).toEqual([]);
  });

  test.each([
    ['an invalid event', [Ordered, { n: 'x' }], InvalidEventError],
    ['an unknown event', ['no.such.event', {}], UnknownEventError],
    ['a conflicting id', [Ordered, { n: 5 }, { id: 'taken' }], EventConflictError],
  ] as const)('accepts none when one is %s', async (_, bad, error) => {
    const app = await openApp([ShopWorker]);
    await app.publish(Ordered, { n: 0 }, { id: 'taken' });
    await expect(app.publishMany([[Ordered, { n: 1 }], bad as never, [Ordered, { n: 2 }]])).rejects.toThrow(
      error,
    );
    await app.settle();
    expect([ran, (await app.executions.list()).length]).toEqual([[0], 1]);
  });
});

describe('execute', () => {
  test('I17 · gives the values in order of worker id and method', async () => {
    const app = await openApp([ShopWorker, StockWorker]);
    expect(await app.execute(Ordered, { n: 7 })).toEqual([7, 'stock 7', 'shop 7']);
  });

  test('B15 · rejects with the error of the one handler that failed, and with a WorkerError when several did', async () => {
    const app = await openApp([ShopWorker, StockWorker]);
    await expect(app.execute(Ordered, { n: -1 })).rejects.toThrow('shop refuses -1');
    const failure = app.execute(Ordered, { n: -2 });
    await expect(failure).rejects.toThrow(WorkerError);
    await expect(failure).rejects.toMatchObject({
      code: 'WORKERS_FAILED',
      errors: [{ message: 'stock refuses -2' }, { message: 'shop refuses -2' }],
    });
  });

  test('A5 · A7 · executeMany gives the outcomes of each event, failures among them', async () => {
    const app = await openApp([ShopWorker]);
    const start = app.clock.now();
    const outcomes = await app.executeMany([
      [Ordered, { n: 1 }, { session: 'tenant' }],
      [Ordered, { n: -1 }],
    ]);
    expect(outcomes).toEqual([
      [
        {
          success: true,
          value: 'shop 1',
          executionTime: 0,
          metadata: {
            worker: 'b-shop',
            handler: 'take',
            executionId: expect.any(String),
            session: 'tenant',
            attempt: 1,
            startedAt: start,
          },
        },
      ],
      [
        expect.objectContaining({
          success: false,
          error: expect.objectContaining({ message: 'shop refuses -1' }),
        }),
      ],
    ]);
  });

  test('needs a started app, publishing does not', async () => {
    const app = await openApp([ShopWorker]);
    await app.stop();
    await expect(app.execute(Ordered, { n: 1 })).rejects.toThrow(NotStartedError);
    const handle = (await app.publish(Ordered, { n: 1 })).of(ShopWorker);
    expect(await handle.status()).toBe('pending');
    await app.start();
    expect(await handle.result()).toBe('shop 1');
  });
});

describe('publishing inside an execution', () => {
  @Worker('chain')
  class ChainWorker {
    constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

    @OnEvent(Ordered)
    @Retry({ maxAttempts: 2 })
    async order({ n }: { n: number }): Promise<string> {
      const published = await this.app.publish(Shipped, { n });
      await step('between', () => ran.push('between'));
      if (execution().attempt === 1) throw new Error('again');
      return published.of(ChainWorker, 'ship').id;
    }

    @OnEvent(Shipped)
    async ship({ n }: { n: number }): Promise<number> {
      ran.push(`shipped ${n} at depth ${execution().depth}`);
      return n;
    }
  }

  test('is a step: sent once, however often the execution is resumed', async () => {
    const app = await openApp([ChainWorker]);
    const handle = (await app.publish(Ordered, { n: 1 })).of(ChainWorker, 'order');
    await app.advance('1 minute');
    const shipment = app.execution(await handle.result());
    expect(await shipment.result()).toBe(1);
    expect(new Set(ran)).toEqual(new Set(['between', 'shipped 1 at depth 1']));
    expect(ran).toHaveLength(2);
    expect((await handle.steps()).map((each) => each.path)).toEqual(['order/publish', 'order/between']);
  });
});
