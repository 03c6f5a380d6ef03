import {
  defineEvent,
  type Dispatcher,
  type Hint,
  memoryStore,
  OnEvent,
  PoisonedError,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
  type WorkerApp,
} from 'holdfast';
import type { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

@Worker('jobs')
class JobWorker {
  @OnEvent(Start)
  async run({ n }: { n: number }): Promise<string> {
    const first = await this.first(n);
    await sleep('1 minute');
    return this.second(first);
  }

  @Step()
  first(n: number): string | Promise<string> {
    ran.push(`first ${n}`);
    return `first ${n}`;
  }

  @Step()
  second(first: string): string | Promise<string> {
    ran.push(`second of ${first}`);
    return `second of ${first}`;
  }
}

/** Carries hints between the apps of one test, each of them doubled, some late, in no order. */
class RoughDispatcher implements Dispatcher {
  readonly local = false;
  static readonly receivers = new Set<(hint: Hint) => unknown>();
  readonly options: unknown[] = [];
  private receive: ((hint: Hint) => unknown) | null = null;

  async start(receive: (hint: Hint) => unknown): Promise<void> {
    this.receive = receive;
    RoughDispatcher.receivers.add(receive);
  }

  async send(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): Promise<void> {
    if (options !== undefined) this.options.push(options);
    const doubled = [...hints, ...hints].toReversed();
    for (const receive of RoughDispatcher.receivers)
      for (const [at, hint] of doubled.entries())
        if (at % 3 === 0) setImmediate(() => receive(hint));
        else void receive(hint);
  }

  async stop(): Promise<void> {
    if (this.receive !== null) RoughDispatcher.receivers.delete(this.receive);
  }
}

describe('case 5 · every hint twice, out of order and to all processes at once', () => {
  test('each step runs once, and each execution has its outcome', async () => {
    const store = memoryStore();
    const apps = [
      await openApp([JobWorker], { store, dispatcher: new RoughDispatcher() }),
      await openApp([JobWorker], { store, dispatcher: new RoughDispatcher() }),
      await openApp([JobWorker], { store, dispatcher: new RoughDispatcher() }),
    ];
    const [app] = apps as [TestApp];
    const published = await app.publishMany(Array.from({ length: 50 }, (_, n) => [Start, { n }] as const));
    const results = Promise.all(published.map((each) => each.of(JobWorker).result()));
    await app.advance('5 minutes');
    expect(await results).toEqual(Array.from({ length: 50 }, (_, n) => `second of first ${n}`));
    expect(new Set(ran).size).toBe(100);
    expect(ran).toHaveLength(100);
  });

  test('I20 · I29 · B16 · dispatcher options of a publish reach the dispatcher untouched', async () => {
    const dispatcher = new RoughDispatcher();
    const app = await openApp([JobWorker], { dispatcher });
    await app.publish(Start, { n: 1 }, { dispatcher: { delay: '5m', retries: 0 } });
    expect(dispatcher.options).toEqual([{ delay: '5m', retries: 0 }]);
  });

  test('B6 · B23 · a dispatcher that loses every hint costs time only', async () => {
    const silent: Dispatcher = {
      local: false,
      start: async () => {},
      send: async () => Promise.reject(new Error('the broker is down')),
      stop: async () => {},
    };
    const faults: unknown[] = [];
    const app = await openApp([JobWorker], { dispatcher: silent });
    app.on('app.fault', (event) => faults.push(event.task));
    const handle = (await app.publish(Start, { n: 1 })).of(JobWorker);
    await app.advance('6s');
    expect(await handle.status()).toBe('waiting');
    await app.advance('67s');
    expect([await handle.result(), faults]).toEqual(['second of first 1', ['send hints']]);
  });
});

const stores: readonly (readonly [name: string, make: () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

describe.each(stores)('case 11 · two processes on one %s store', (_, make) => {
  test('every awaited result arrives, whichever process did the work', async () => {
    const store = make();
    const first = await openApp([JobWorker], { store, concurrency: 3 });
    const second = await openApp([JobWorker], { store, concurrency: 3 });
    const fromFirst = await first.publishMany(Array.from({ length: 20 }, (_, n) => [Start, { n }] as const));
    const fromSecond = await second.publishMany(
      Array.from({ length: 20 }, (_, n) => [Start, { n: 100 + n }] as const),
    );
    const results = Promise.all([...fromFirst, ...fromSecond].map((each) => each.of(JobWorker).result()));
    await first.advance('10 minutes');
    expect(new Set(await results).size).toBe(40);
    expect(ran).toHaveLength(80);
    const ranBy = (app: TestApp): number => app.fired().filter(({ step }) => step !== null).length;
    expect([ranBy(first) + ranBy(second), ranBy(first) > 0, ranBy(second) > 0]).toEqual([80, true, true]);
  });

  test('one takes over when the other is killed, and repeats nothing that was stored', async () => {
    const store = make();
    const first = await openApp([JobWorker], { store });
    first.override(JobWorker, 'second', () => new Promise<string>(() => {}));
    const handle = (await first.publish(Start, { n: 1 })).of(JobWorker);
    const result = handle.result();
    await first.advance('1 minute');
    expect(await handle.status()).toBe('running');
    const second = await openApp([JobWorker], { store });
    await second.settle();
    await first.crash();
    await second.settle();
    await expect(result).resolves.toBe('second of first 1');
    expect(ran).toEqual(['first 1', 'second of first 1']);
  });

  test('a process that was paused past its lease commits nothing more', async () => {
    const store = make();
    const zombie = await openApp([JobWorker], { store });
    let finish: (value: string) => void = () => {};
    zombie.override(JobWorker, 'first', () => new Promise<string>((resolve) => (finish = resolve)));
    const handle = (await zombie.publish(Start, { n: 1 })).of(JobWorker);
    await zombie.settle();
    await zombie.pause();
    const peer = await openApp([JobWorker], { store });
    await peer.advance('21s');
    expect(ran).toEqual(['first 1']);
    finish('first of the zombie');
    await zombie.resume();
    await zombie.advance('2 minutes');
    expect(await handle.result()).toBe('second of first 1');
    expect((await handle.steps()).map((each) => each.value)).toEqual([
      'first 1',
      undefined,
      'second of first 1',
    ]);
  });
});

describe('case 18 · an execution that kills its process', () => {
  test('is parked after five claims without progress, and does not keep others from running', async () => {
    const errors: unknown[] = [];
    const app = await openApp([JobWorker], { onError: (error) => errors.push(error) });
    app.override(JobWorker, 'first', (n) => (n === 666 ? new Promise<string>(() => {}) : `first ${n}`));
    const poison = (await app.publish(Start, { n: 666 })).of(JobWorker);
    for (let life = 1; life <= 5; life++) {
      await app.settle();
      expect([life, await poison.status()]).toEqual([life, 'running']);
      await app.crash();
      await app.restart();
    }
    await app.settle();
    expect(await poison.status()).toBe('parked');
    await expect(poison.result()).rejects.toMatchObject({ cause: { code: PoisonedError.code } });
    expect(errors).toHaveLength(1);
    const healthy = (await app.publish(Start, { n: 1 })).of(JobWorker);
    await app.advance('1 minute');
    expect(await healthy.result()).toBe('second of first 1');
  });
});

describe.each(stores)('case 24 · closing during work on a %s store', (name, make) => {
  test('leaves nothing unhandled, and what it interrupted goes on in the next process', async () => {
    const store = make();
    const keeper = await openApp([], { store });
    const app = await openApp([JobWorker], { store, concurrency: 2 });
    app.override(JobWorker, 'first', (n) => (n === 0 ? new Promise<string>(() => {}) : `first ${n}`));
    const published = await app.publishMany(Array.from({ length: 6 }, (_, n) => [Start, { n }] as const));
    const abandoned = published[0]
      ?.of(JobWorker)
      .result()
      .catch((error: unknown) => error);
    await app.settle();
    await app.close();
    expect(await abandoned).toMatchObject({
      code: 'APP_CLOSED',
      message:
        'the app was closed while result() was waiting; the execution goes on in another process, or at the next start',
    });
    const next = await openApp([JobWorker], { store });
    await next.advance('5 minutes');
    const ids = published.map((each) => each.of(JobWorker).id);
    const results = await Promise.all(ids.map((id) => next.execution(id).result()));
    expect([name, results]).toEqual([name, ids.map((_, n) => `second of first ${n}`)]);
    await keeper.settle();
  });
});

describe('case 27 · a worker that is stopped and started again in one process', () => {
  test('A35 · awaited results still arrive, and what was published meanwhile runs', async () => {
    const app = await openApp([JobWorker]);
    const before = (await app.publish(Start, { n: 1 })).of(JobWorker);
    const result = before.result();
    await app.settle();
    await app.stop();
    const meanwhile = (await app.publish(Start, { n: 2 })).of(JobWorker);
    await app.advance('1 hour');
    expect([await before.status(), await meanwhile.status()]).toEqual(['waiting', 'pending']);
    await app.start();
    await app.settle();
    expect(await result).toBe('second of first 1');
    await app.advance('1 minute');
    expect(await meanwhile.result()).toBe('second of first 2');
    for (let n = 3; n < 6; n++) {
      await app.stop();
      await app.start();
      const handle = (await app.publish(Start, { n })).of(JobWorker);
      const again = handle.result();
      await app.advance('1 minute');
      expect(await again).toBe(`second of first ${n}`);
    }
  });

  test('stop lets a running body end within the drain timeout, and hands back what does not', async () => {
    const app = await openApp([JobWorker], { drainTimeout: '20s' });
    let finish: (value: string) => void = () => {};
    app.override(JobWorker, 'first', (n) =>
      n === 1 ? new Promise<string>((resolve) => (finish = resolve)) : new Promise<string>(() => {}),
    );
    const draining = (await app.publish(Start, { n: 1 })).of(JobWorker);
    const stuck = (await app.publish(Start, { n: 2 })).of(JobWorker);
    await app.settle();
    const stopped = app.stop();
    await app.settle();
    finish('drained');
    await app.settle();
    expect((await draining.steps()).map((each) => each.value)).toEqual(['drained']);
    await app.advance('20s');
    await stopped;
    expect(await stuck.status()).toBe('pending');
  });
});

describe('I37 · I38 · an execution that is done or under way', () => {
  test('is not started again by hints that come late', async () => {
    const dispatcher = new RoughDispatcher();
    const app = await openApp([JobWorker], { dispatcher });
    const handle = (await app.publish(Start, { n: 1 })).of(JobWorker);
    await app.advance('1 minute');
    await handle.result();
    for (let at = 0; at < 10; at++)
      await dispatcher.send([{ executionId: handle.id, wakeSeq: at }] as Hint[]);
    await app.settle();
    expect(ran).toEqual(['first 1', 'second of first 1']);
  });
});

describe('publishers', () => {
  test('a process without the classes publishes to workers elsewhere and awaits their results', async () => {
    const store = memoryStore();
    await openApp([JobWorker], { store });
    const publisher = await openApp([], { store, role: 'publisher' });
    const published = await publisher.publish(Start, { n: 1 });
    expect(published.executions.map(({ worker, handler }) => [worker, handler])).toEqual([['jobs', 'run']]);
    const result = published.of(JobWorker).result();
    await publisher.advance('1 minute');
    expect(await result).toBe('second of first 1');
  });

  test('I39 · the process that publishes runs the first pass without reading the store', async () => {
    const asked: string[] = [];
    const inner = memoryStore();
    const store = new Proxy<Store>(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          asked.push(String(name));
          return Reflect.apply(member, target, args);
        };
      },
    });
    const app = await openApp([JobWorker], { store });
    await app.settle();
    asked.length = 0;
    await app.publish(Start, { n: 1 });
    await app.settle();
    expect(asked.filter((name) => name !== 'write')).toEqual([]);
    expect(asked).toHaveLength(3);
  });

  test('100 apps in one process share nothing', async () => {
    const apps: WorkerApp[] = [];
    for (let at = 0; at < 100; at++) apps.push(await openApp([JobWorker]));
    await Promise.all(apps.map(async (app, n) => app.publish(Start, { n })));
    await Promise.all((apps as TestApp[]).map(async (app) => app.settle()));
    const lists = await Promise.all(apps.map(async (app) => app.executions.list()));
    expect(lists.map((list) => list.length)).toEqual(apps.map(() => 1));
    expect(new Set(apps.map((app) => app.get(JobWorker))).size).toBe(100);
  });
});
