import {
  AppClosedError,
  bootstrap,
  type Clock,
  DefinitionError,
  defineEvent,
  Injectable,
  memoryStore,
  OnEvent,
  silentLogger,
  sleep,
  type Store,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Job = defineEvent('job', z.object({ n: z.number() }));
const Other = defineEvent('other', z.object({ n: z.number() }));

@Worker('jobs')
class JobWorker {
  @OnEvent(Job)
  async job({ n }: { n: number }): Promise<number> {
    if (n === -1) await sleep('1 day');
    // Heeds no signal.
    if (n === -2) await new Promise<void>((free) => held.push(free));
    return n;
  }
}

@Worker('others')
class OtherWorker {
  @OnEvent(Other)
  other({ n }: { n: number }): number {
    return n;
  }
}

const held: (() => void)[] = [];

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}

const apps: WorkerApp[] = [];
afterEach(async () => {
  for (const free of held.splice(0)) free();
  for (const app of apps.splice(0)) await app.close();
});

/** Real time, of which it can be told who still waits. */
function countedClock(): Clock & { readonly longest: number } {
  const open = new Set<number>();
  const started = Date.now();
  return {
    now: () => Date.now(),
    monotonic: () => Date.now() - started,
    soon: (callback) => void setImmediate(callback),
    setTimer: (delayMs, callback) => {
      open.add(delayMs);
      const timer = setTimeout(() => {
        open.delete(delayMs);
        callback();
      }, delayMs);
      return {
        cancel: () => {
          open.delete(delayMs);
          clearTimeout(timer);
        },
      };
    },
    get longest() {
      return Math.max(0, ...open);
    },
  };
}

test('a stop that the store fails in leaves no waiter and no timer behind', async () => {
  const store = memoryStore();
  const openOf = store.openOf.bind(store);
  let calls = 0;
  let fails = Number.POSITIVE_INFINITY;
  const failing: Store = Object.assign(store, {
    openOf: (request: Parameters<Store['openOf']>[0]) =>
      ++calls >= fails ? Promise.reject(new Error('no answer')) : openOf(request),
  });
  const clock = countedClock();
  const app = await bootstrap({ workers: [JobWorker], store: failing, logger: silentLogger, clock });
  apps.push(app);
  await app.start();
  const { parts } = app as unknown as { parts: { runtime: { outcomes: { waiting: number } } } };
  for (let at = 1; at <= 5; at++) {
    const session = app.session(`s-${at}`);
    await session.publish(Job, { n: -2 });
    while ((await session.stats()).running === 0) await turns(1);
    calls = 0;
    fails = at;
    await session.stop({ wait: '1 hour' }).catch(() => {});
    fails = Number.POSITIVE_INFINITY;
    expect([at, parts.runtime.outcomes.waiting, clock.longest < 3_600_000]).toEqual([at, 0, true]);
    for (const free of held.splice(0)) free();
  }
});

test('a refused sync or register leaves nothing behind, and the next one is taken', async () => {
  @Injectable()
  class Missing {
    constructor(readonly name: string) {}
  }
  const Late = defineEvent('late', z.object({ n: z.number() }));
  @Worker('needy')
  class Needy {
    constructor(readonly missing: Missing) {}

    @OnEvent(Late)
    job(): void {}
  }
  const app = await bootstrap({ workers: [JobWorker], store: memoryStore(), logger: silentLogger });
  apps.push(app);
  await app.start();
  await expect(app.sync(JobWorker, Needy)).rejects.toThrow(DefinitionError);
  await expect(app.register(Needy)).rejects.toThrow(DefinitionError);
  expect(Object.keys((await app.stats()).byWorker)).toEqual(['jobs']);
  await app.sync(OtherWorker);
  expect(await app.execute(Other, { n: 1 })).toEqual([1]);
  // A second worker may have an event of that name now.
  const Again = defineEvent('late', z.object({ n: z.number() }));
  @Worker('again')
  class Good {
    @OnEvent(Again)
    job({ n }: { n: number }): number {
      return n;
    }
  }
  await app.register(Good);
  expect(await app.execute(Again, { n: 2 })).toEqual([2]);
});

test('syncs at the same time end as if they came in turn', async () => {
  const app = await bootstrap({ workers: [], store: memoryStore(), logger: silentLogger });
  apps.push(app);
  await app.start();
  await Promise.all([
    app.sync(JobWorker, OtherWorker),
    app.sync(JobWorker),
    app.sync(JobWorker, OtherWorker),
    app.register(JobWorker, OtherWorker),
    app.sync(OtherWorker),
  ]);
  expect(Object.keys((await app.stats()).byWorker)).toEqual(['others']);
  expect(await app.execute(Other, { n: 1 })).toEqual([1]);
});

test('a close in the middle of a stop or a sync ends both', async () => {
  const app = (await TestApp.create({ workers: [JobWorker], store: memoryStore() })) as TestApp;
  await app.session('a').publish(Job, { n: -1 });
  await app.settle();
  const stop = app.session('a').stop({ wait: '1 hour' });
  const sync = app.sync(OtherWorker);
  await app.close();
  expect(await stop).toEqual({ stopped: 1, ended: false });
  await sync;
  await expect(app.sync(JobWorker)).rejects.toThrow(AppClosedError);
});
