import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AppClosedError,
  bootstrap,
  CancelledError,
  defineEvent,
  type Dispatcher,
  type Hint,
  memoryStore,
  OnEvent,
  SessionStoppedError,
  silentLogger,
  sleep,
  sqliteStore,
  type Store,
  StoreUnavailableError,
  TimeoutError,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';

const redis = redisForTests();

const Ask = defineEvent('ask', z.object({ n: z.number() }));

@Worker('answers')
class AnswerWorker {
  @OnEvent(Ask)
  async answer({ n }: { n: number }): Promise<number> {
    if (n < 0) throw new RangeError(`${n} is no question`);
    if (n === 0) await sleep('1 hour');
    return 2 * n;
  }
}

const apps: WorkerApp[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Stores that two processes open: one object, as apps of one process do, or a file. */
const places: readonly (readonly [name: string, open: () => () => Store])[] = [
  [
    'one memory store',
    () => {
      const store = memoryStore();
      return () => store;
    },
  ],
  [
    'one SQLite connection',
    () => {
      const store = sqliteStore(':memory:');
      return () => store;
    },
  ],
  [
    'one SQLite file',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-awaiting-'));
      folders.push(folder);
      return () => sqliteStore(join(folder, 'holdfast.db'));
    },
  ],
];

async function start(store: Store, role: 'worker' | 'publisher' = 'worker'): Promise<WorkerApp> {
  const app = await bootstrap({
    ...(role === 'publisher' ? { role } : { workers: [AnswerWorker] }),
    store,
    logger: silentLogger,
    lease: '1s',
    sweep: '1s',
    drainTimeout: '1s',
  });
  apps.push(app);
  await app.start();
  return app;
}

async function ask(app: WorkerApp, n: number) {
  return (await app.publish(Ask, { n })).of(AnswerWorker, 'answer');
}

const onEach = (place: () => () => Store): void => {
  let worker: WorkerApp;
  let caller: WorkerApp;
  let open: () => Store;
  beforeEach(async () => {
    open = place();
    worker = await start(open());
    caller = await start(open(), 'publisher');
  });

  test('A16 · A17 · the process that waits gets value and error although another one runs it', async () => {
    expect(await caller.execute(Ask, { n: 4 })).toEqual([8]);
    await expect((await ask(caller, -1)).result()).rejects.toThrow('-1 is no question');
    const [done, failed] = [await ask(caller, 5), await ask(caller, -2)];
    expect(await done.outcome()).toMatchObject({ success: true, value: 10 });
    expect(await failed.outcome()).toMatchObject({ success: false });
    const many = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(caller, n + 1)));
    expect(await Promise.all(many.map((each) => each.result()))).toEqual(many.map((_, n) => 2 * n + 2));
  });

  test('A31 · the process that runs it tells of it, once; the one that waits has the result alone', async () => {
    const told: string[] = [];
    worker.on('execution.completed', ({ executionId }) => void told.push(`worker ${executionId}`));
    caller.on('execution.completed', ({ executionId }) => void told.push(`caller ${executionId}`));
    const asked = await ask(caller, 6);
    expect(await asked.result()).toBe(12);
    expect(told).toEqual([`worker ${asked.id}`]);
  });

  test('A35 · case 27 · waits survive that the process that runs it is stopped and started, and that its own is', async () => {
    await worker.stop();
    const waited = (await ask(caller, 7)).result();
    await caller.stop();
    const meanwhile = (await ask(caller, 8)).result();
    await caller.start();
    await worker.start();
    expect(await Promise.all([waited, meanwhile])).toEqual([14, 16]);
  });

  test('A35 · waits survive the end of the process that ran it: another one runs it', async () => {
    await worker.close();
    const waited = [await ask(caller, 7), await ask(caller, 8)].map((each) => each.result());
    await start(open());
    expect(await Promise.all(waited)).toEqual([14, 16]);
  });

  test('A35 · who waits is told when its app closes, and who asks afterwards, too', async () => {
    const asked = await ask(caller, 0);
    const waits = [asked.result(), asked.result({ timeout: '1 hour' }), asked.outcome()].map((wait) =>
      wait.catch((error: unknown) => error),
    );
    await caller.close();
    for (const told of await Promise.all(waits)) expect(told).toBeInstanceOf(AppClosedError);
    await expect(asked.result()).rejects.toThrow(AppClosedError);
  });

  test('a wait that has a timeout ends with it, and the next one gets what comes of a cancel elsewhere', async () => {
    const asked = await ask(caller, 0);
    await expect(asked.result({ timeout: '50ms' })).rejects.toThrow(TimeoutError);
    const waited = asked.result().catch((error: unknown) => error);
    await worker.execution(asked.id).cancel();
    expect(await waited).toBeInstanceOf(CancelledError);
  });

  test('case 14 · who waits in one process is told that another one stopped the session', async () => {
    const [stopped] = await caller.session('s').publish(Ask, { n: 0 });
    const [other] = await caller.session('s1').publish(Ask, { n: 0 });
    const waited = stopped?.result().catch((error: unknown) => error);
    let isOver = false;
    void other?.result().then(
      () => (isOver = true),
      () => (isOver = true),
    );
    await worker.session('s').stop();
    expect(await waited).toBeInstanceOf(SessionStoppedError);
    expect(isOver).toBe(false);
    expect(['running', 'waiting']).toContain(await other?.status());
  });
};

describe.each(places)('results of another process, by %s', (_, place) => {
  onEach(place);
});

redis.describe('results of another process, by one Redis', () => {
  let url: string;
  beforeAll(async () => void (url = await redis.url()));

  onEach(() => {
    const prefix = redis.prefix();
    return () => redisStore({ url, prefix, durability: 'none' });
  });
});

test('case 25 · a hint that names an awaited execution answers nobody: the store is asked', async () => {
  const store = memoryStore();
  let receive: (hint: Hint) => unknown = () => {};
  const dispatcher: Dispatcher = {
    local: false,
    start: async (to) => void (receive = to),
    send: async () => {},
    stop: async () => {},
  };
  const app = await bootstrap({ workers: [AnswerWorker], store, dispatcher, logger: silentLogger });
  apps.push(app);
  await app.start();
  const asked = await ask(app, 0);
  let isOver = false;
  const waited = asked.result().finally(() => (isOver = true));
  for (let seq = 0; seq < 100; seq++)
    await receive({ executionId: asked.id as Hint['executionId'], wakeSeq: seq });
  await pause(20);
  expect([isOver, await asked.status()]).toEqual([false, 'waiting']);
  await asked.cancel();
  await expect(waited).rejects.toThrow(CancelledError);
});

test('a result is told when its slot is free: what is published next begins with its publish', async () => {
  const store = memoryStore();
  const claim = store.claim.bind(store);
  let claims = 0;
  store.claim = (request) => {
    claims++;
    return claim(request);
  };
  const app = await bootstrap({ workers: [AnswerWorker], store, concurrency: 1, logger: silentLogger });
  apps.push(app);
  await app.start();
  await pause(20);
  claims = 0;
  for (let n = 1; n <= 50; n++)
    expect(await (await app.publish(Ask, { n })).of(AnswerWorker, 'answer').result()).toBe(2 * n);
  expect(claims).toBe(0);
});

test.each(['before it has ended', 'afterwards'])(
  'a result that is asked for %s, while the store does not answer, is read when it answers again',
  async (when) => {
    const store = memoryStore();
    const worker = await start(store);
    const caller = await start(store, 'publisher');
    const asked = await ask(caller, 9);
    if (when === 'afterwards') await worker.execution(asked.id).result();
    const read = store.read.bind(store);
    let refusals = 1;
    store.read = (id) =>
      refusals-- > 0 ? Promise.reject(new StoreUnavailableError('it restarts')) : read(id);
    expect(await asked.result()).toBe(18);
    expect(refusals).toBeLessThan(0);
  },
);
