import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsDate, IsInt, IsString } from 'class-validator';
import {
  bootstrap,
  defineEvent,
  execution,
  Inject,
  InvalidStateError,
  memoryStore,
  OnEvent,
  silentLogger,
  sqliteStore,
  StateConflictError,
  Step,
  type Store,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';
import { killAtEveryWrite } from './support/crash-points.js';

class Usage {
  @IsInt() calls!: number;
}

class Profile {
  @IsString() name!: string;
  @IsDate() since!: Date;
}

const tags = z.object({ tags: z.array(z.string()) });
const slow = z.object({ n: z.number() }).refine(async ({ n }) => n < 10, 'too many');

const Called = defineEvent('called', z.object({ n: z.number() }));

let fails = 0;

@Worker('meter')
class Meter {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Called)
  async count({ n }: { n: number }): Promise<readonly [number, number, number | undefined]> {
    const usage = this.app.session(execution().session as string).state(Usage);
    const before = (await usage.get())?.calls ?? 0;
    const after = await usage.update((current) => ({ calls: (current?.calls ?? 0) + n }));
    const again = await this.inStep();
    return [before, after.calls, again];
  }

  @Step()
  async inStep(): Promise<number | undefined> {
    if (fails-- > 0) throw new Error('not yet');
    return (
      await this.app
        .session(execution().session as string)
        .state(Usage)
        .get()
    )?.calls;
  }
}

const folders: string[] = [];
const apps: WorkerApp[] = [];
beforeEach(() => {
  fails = 0;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function sqliteFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-state-'));
  folders.push(folder);
  return join(folder, 'holdfast.db');
}

async function start(store: Store, options: object = {}): Promise<TestApp> {
  const app = (await TestApp.create({ workers: [Meter], store, ...options })) as TestApp;
  apps.push(app);
  return app;
}

const redis = redisForTests();

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore({ path: sqliteFile(), synchronous: 'NORMAL' })],
];

const onEach = (makeStore: () => Store): void => {
  test('is what was last set, of each session and each class by itself, and of no other', async () => {
    const app = await start(makeStore());
    const usage = app.session('a').state(Usage);
    expect(await usage.get()).toBeUndefined();
    expect(await usage.update({ calls: 1 })).toEqual({ calls: 1 });
    const since = new Date('2026-01-01');
    await app.session('a').state(Profile).update({ name: 'Ada', since });
    await app
      .session('a')
      .state(tags, { name: 'tags' })
      .update({ tags: ['x'] });
    expect(await usage.get()).toEqual({ calls: 1 });
    expect(await usage.get()).toBeInstanceOf(Usage);
    const profile = await app.session('a').state(Profile).get();
    expect(profile?.since).toEqual(since);
    for (const id of ['A', 'a ', 'a"', 'a","usage', 'b'])
      expect(await app.session(id).state(Usage).get()).toBeUndefined();
    await app.session('a","usage').state(Usage).update({ calls: 7 });
    expect((await usage.get())?.calls).toBe(1);
    await usage.clear();
    expect(await usage.get()).toBeUndefined();
    await usage.clear();
  });

  test('A34 · A-w4 · case 12 · 20 concurrent updates are 20 applied', async () => {
    const app = await start(makeStore());
    const usage = app.session('a').state(Usage);
    const increment = () => usage.update(async (current) => ({ calls: (current?.calls ?? 0) + 1 }));
    await Promise.all(Array.from({ length: 20 }, increment));
    expect((await usage.get())?.calls).toBe(20);
  });

  test('200 executions of a session update its state: each once', async () => {
    const app = await start(makeStore(), { concurrency: 20 });
    const session = app.session('a');
    await session.publishMany(Array.from({ length: 200 }, () => [Called, { n: 1 }] as const));
    await app.settle();
    expect((await session.stats()).completed).toBe(200);
    expect((await session.state(Usage).get())?.calls).toBe(200);
  });

  test('an update in an execution is applied once, and read as it was, wherever the process dies', async () => {
    const writes = await killAtEveryWrite({
      workers: [Meter],
      store: makeStore,
      reset: () => {
        fails = 1;
      },
      begin: (app) => app.session('a').publish(Called, { n: 5 }, { id: 'once' }),
      drive: (app) => app.advance('1 minute'),
      verify: async (app, where) => {
        const [listed] = await app.session('a').list();
        const result = await app.execution(listed?.id as string).result();
        const state = await app.session('a').state(Usage).get();
        expect([where, result, state]).toEqual([where, [0, 5, 5], { calls: 5 }]);
      },
    });
    expect(writes).toBeGreaterThan(4);
  });

  test('what its class or schema does not take is not stored', async () => {
    const app = await start(makeStore(), { limits: { stateBytes: 200 } });
    const usage = app.session('a').state(Usage);
    await usage.update({ calls: 1 });
    const refused: readonly (() => Promise<unknown>)[] = [
      () => usage.update({ calls: 1.5 }),
      () => usage.update({ calls: 'two' } as never),
      () => usage.update(() => undefined as never),
      () =>
        app
          .session('a')
          .state(tags, { name: 'tags' })
          .update({ tags: ['x'.repeat(300)] }),
      () => app.session('a').state(slow, { name: 'slow' }).update({ n: 10 }),
    ];
    for (const update of refused) await expect(update()).rejects.toBeInstanceOf(InvalidStateError);
    await expect(
      usage.update(() => {
        throw new RangeError('of mine');
      }),
    ).rejects.toThrow('of mine');
    expect(await usage.get()).toEqual({ calls: 1 });
    expect(await app.session('a').state(slow, { name: 'slow' }).update({ n: 9 })).toEqual({ n: 9 });
    const other = app.session('a').state(tags, { name: 'usage' });
    await expect(other.get()).rejects.toMatchObject({ code: 'STATE_INVALID', on: 'read' });
    await other.update({ tags: [] });
    expect(await other.get()).toEqual({ tags: [] });
  });

  test('is frozen, stays when the session is stopped and its executions are pruned, and is gone once cleared', async () => {
    const store = makeStore();
    const app = await start(store, { retention: { completed: '1 hour' } });
    const session = app.session('a');
    await session.execute(Called, { n: 2 });
    const state = await session.state(Usage).get();
    expect(Object.isFrozen(state)).toBe(true);
    await session.stop();
    await app.advance('3 days');
    expect(await session.list()).toEqual([]);
    expect(await session.state(Usage).get()).toEqual({ calls: 2 });
    await session.state(Usage).clear();
    expect(await store.instance('session:["a","usage"]')).toBeNull();
  });

  test('an update that others always outrun is refused, and nothing of it is stored', async () => {
    const store = makeStore();
    const app = await start(store);
    const usage = app.session('a').state(Usage);
    const instance = store.instance.bind(store);
    let made = 0;
    store.instance = async (id) => {
      const stored = await instance(id);
      const change = {
        id,
        expected: stored?.version ?? null,
        version: `other-${++made}`,
        state: `{"calls":${made}}`,
      };
      await store.write([{ kind: 'instance', change, event: null, cancels: null }]);
      return stored;
    };
    await expect(usage.update(() => ({ calls: -1 }))).rejects.toBeInstanceOf(StateConflictError);
    expect(made).toBe(100);
    const published = await app.session('a').publish(Called, { n: 1 });
    await app.settle();
    const error: unknown = await published
      .of(Meter)
      .result()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'StateConflictError', code: 'STATE_CONFLICT', retryable: true });
    expect(made).toBeGreaterThan(200);
  });
};

describe.each(stores)('state of a session, on %s', (_name, makeStore) => {
  onEach(makeStore);
});

redis.describe('state of a session, on Redis', () => {
  let url: string;
  beforeAll(async () => void (url = await redis.url()));

  onEach(() => redisStore({ url, prefix: redis.prefix(), durability: 'none', time: 'app' }));
});

test('updates of two processes on one SQLite file all apply', async () => {
  const path = sqliteFile();
  const usages = await Promise.all(
    ['one', 'two'].map(async () => {
      const app = await bootstrap({
        store: sqliteStore({ path, synchronous: 'NORMAL' }),
        logger: silentLogger,
      });
      apps.push(app);
      return app.session('a').state(Usage);
    }),
  );
  const increment = async (at: number) =>
    usages[at % 2]?.update((current) => ({ calls: (current?.calls ?? 0) + 1 }));
  await Promise.all(Array.from({ length: 60 }, (_, at) => increment(at)));
  expect((await usages[0]?.get())?.calls).toBe(60);
});

test('what state is stored under has to be safe', async () => {
  const app = await start(memoryStore());
  const session = app.session('a');
  expect(() => session.state(tags)).toThrow(/a schema has no name\. Say what it is stored under/);
  const minified = { t: class t {} }.t;
  expect(() => session.state(minified)).toThrow(/class 't' may change with the next build/);
  expect(() => session.state({} as never)).toThrow(/neither a class nor a Standard Schema/);
  expect(() => session.state(Usage, { nam: 'x' } as never)).toThrow(/nam: it is no option/);
});
