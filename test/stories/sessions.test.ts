import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  CancelledError,
  Compensate,
  ConfigurationError,
  defineEvent,
  execution,
  type ExecutionHandle,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  SessionStoppedError,
  silentLogger,
  sleep,
  sqliteStore,
  Step,
  type Store,
  waitFor,
  Worker,
  WORKER_APP,
  type WorkerApp,
  Inject,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';

const Job = defineEvent('job', z.object({ n: z.number(), kind: z.string().optional() }));
const Child = defineEvent('child', z.object({ n: z.number() }));
const Outside = defineEvent('outside', z.object({ n: z.number() }));
const Approved = defineEvent('approved', z.object({ id: z.string() }), { correlate: 'id' });

const told: string[] = [];
const open: (() => void)[] = [];
beforeEach(() => {
  told.length = 0;
  open.length = 0;
});

/** Waits until the test opens it, and heeds no signal. */
function held(): Promise<void> {
  return new Promise((resolve) => {
    open.push(resolve);
  });
}

@Worker('jobs')
class JobWorker {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Job)
  async run({ n, kind = 'plain' }: { n: number; kind?: string | undefined }): Promise<number> {
    told.push(`run ${n} in ${String(execution().session)}`);
    if (kind === 'sleep') await sleep('1 hour');
    if (kind === 'wait') await waitFor(Approved, { key: 'never' });
    if (kind === 'retry') await this.fails();
    if (kind === 'undo') await this.book(n);
    if (kind === 'undo') await sleep('1 hour');
    if (kind === 'running') await this.runs(n);
    if (kind === 'late') await this.late(n);
    if (kind === 'nest') {
      await this.app.publish(Child, { n });
      await this.app.publish(Outside, { n }, { session: null });
      await this.app.publishMany([[Outside, { n }, { session: 'other' }]]);
    }
    return n;
  }

  @Step()
  @Retry({ maxAttempts: 5, backoff: fixed('1 hour') })
  fails(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  @Step()
  book(n: number): Promise<number> {
    told.push(`booked ${n}`);
    return Promise.resolve(n);
  }

  @Compensate('book')
  unbook(n: number): void {
    told.push(`unbooked ${n}`);
  }

  @Step()
  async runs(n: number): Promise<void> {
    const { signal } = execution();
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        told.push(`aborted ${n}: ${(signal.reason as Error).name}`);
        resolve();
      });
    });
  }

  @Step()
  async late(n: number): Promise<void> {
    await held();
    await this.app.publish(Child, { n });
  }
}

@Worker('children')
class ChildWorker {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Child)
  async child({ n }: { n: number }): Promise<void> {
    told.push(`child ${n} in ${String(execution().session)}`);
    if (n > 0) await this.app.publish(Child, { n: n - 1 });
  }

  @OnEvent(Outside)
  outside({ n }: { n: number }): void {
    told.push(`outside ${n} in ${String(execution().session)}`);
  }
}

const folders: string[] = [];
const apps: WorkerApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function sqliteFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sessions-'));
  folders.push(folder);
  return join(folder, 'holdfast.db');
}

const redis = redisForTests();

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore({ keep: 100_000 })],
  ['SQLite', () => sqliteStore({ path: sqliteFile(), synchronous: 'NORMAL' })],
];

async function start(store: Store, options: object = {}): Promise<TestApp> {
  const app = (await TestApp.create({ workers: [JobWorker, ChildWorker], store, ...options })) as TestApp;
  apps.push(app);
  return app;
}

/** Lets bodies go on that wait for something real. */
async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 20_000 && !(await happened()); round++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  expect(await happened()).toBe(true);
}

async function failureOf(handle: ExecutionHandle): Promise<unknown> {
  return handle.result().catch((error: unknown) => error);
}

const onEach = (makeStore: () => Store): void => {
  test('A17 · A18 · A21 · publish, execute, stats and list are of one session', async () => {
    const app = await start(makeStore());
    const one = app.session('tenant-1');
    expect(one.id).toBe('tenant-1');
    expect(await one.execute(Job, { n: 1 })).toEqual([1]);
    expect(await app.session('tenant-2').execute(Job, { n: 2 }, { priority: 5 })).toEqual([2]);
    const many = await one.executeMany([
      [Job, { n: 3 }],
      [Job, { n: 4 }],
    ]);
    expect(many.map(([outcome]) => outcome?.success === true && outcome.value)).toEqual([3, 4]);
    await one.publishMany([[Job, { n: 5, kind: 'sleep' }]]);
    await app.settle();
    expect(await one.stats()).toMatchObject({
      completed: 3,
      waiting: 1,
      pending: 0,
      byWorker: { jobs: { completed: 3, waiting: 1 } },
    });
    expect((await app.session('tenant-2').stats()).completed).toBe(1);
    expect(await app.session('tenant').stats()).toMatchObject({ completed: 0, byWorker: {} });
    expect((await one.list()).map(({ session }) => session)).toEqual(Array(4).fill('tenant-1'));
    expect(await one.list({ status: 'waiting' })).toHaveLength(1);
    expect(await one.list({ limit: 1, after: (await one.list({ limit: 3 }))[2]?.id as string })).toHaveLength(
      1,
    );
    expect(await app.sessions.active()).toEqual(['tenant-1']);
  });

  test('A-w5 · what is published in an execution stays in its session, unless it says otherwise', async () => {
    const app = await start(makeStore());
    await app.session('a').publish(Job, { n: 1, kind: 'nest' });
    await app.settle();
    expect([...told].sort()).toEqual([
      'child 0 in a',
      'child 1 in a',
      'outside 1 in null',
      'outside 1 in other',
      'run 1 in a',
    ]);
  });

  test('A20 · stop ends what is pending, waiting, parked or running, and whoever waits gets its error', async () => {
    const app = await start(makeStore(), { concurrency: 3 });
    const session = app.session('a');
    const handles: ExecutionHandle[] = [];
    for (const [n, kind] of ['sleep', 'wait', 'retry', 'running'].entries()) {
      handles.push((await session.publish(Job, { n, kind })).of(JobWorker));
      await (kind === 'running' ? until(() => told.includes('run 3 in a')) : app.settle());
    }
    handles.push((await session.publish(Job, { n: 9 }, { delay: '1 day' })).of(JobWorker));
    const failures = Promise.all(handles.map(failureOf));
    const executed = session.execute(Job, { n: 10, kind: 'sleep' }).catch((error: unknown) => error);
    await until(() => told.includes('run 10 in a'));
    expect(await session.stop()).toEqual({ stopped: 6, ended: true });
    const errors = [...(await failures), await executed];
    for (const error of errors) {
      expect(error).toBeInstanceOf(SessionStoppedError);
      expect(error).toBeInstanceOf(CancelledError);
      expect(error).toMatchObject({ code: 'SESSION_STOPPED', session: 'a', name: 'SessionStoppedError' });
    }
    expect((errors[0] as SessionStoppedError).executionId).toBe(handles[0]?.id);
    expect(told).toContain('aborted 3: SessionStoppedError');
    expect(await session.stats()).toMatchObject({
      cancelled: 6,
      pending: 0,
      running: 0,
      waiting: 0,
      parked: 0,
    });
    // Also for whoever asks later.
    expect(await failureOf(app.execution(handles[1]?.id as string))).toBeInstanceOf(SessionStoppedError);
    const outcome = await app.execution(handles[1]?.id as string).outcome();
    expect(outcome).toMatchObject({ success: false, error: { code: 'SESSION_STOPPED' } });
    await app.advance('2 days');
    expect(told.filter((line) => line.startsWith('run'))).toHaveLength(5);
    expect(await app.sessions.active()).toEqual([]);
  });

  test('a cancel by hand is told as before', async () => {
    const app = await start(makeStore());
    const handle = (await app.session('a').publish(Job, { n: 1, kind: 'sleep' })).of(JobWorker);
    await app.settle();
    await handle.cancel();
    await app.settle();
    const error = await failureOf(handle);
    expect(error).toBeInstanceOf(CancelledError);
    expect(error).not.toBeInstanceOf(SessionStoppedError);
    expect(await app.session('a').stop()).toEqual({ stopped: 0, ended: true });
  });

  test('A-w6 · A-w11 · case 14 · sessions whose ids contain one another never meet', async () => {
    const app = await start(makeStore());
    const ids = [
      '1',
      '11',
      '1:1',
      'a',
      'a_b',
      'b',
      '%',
      '1%',
      ' ',
      "'; --",
      '__proto__',
      'ä',
      '\u0000',
      '\ud83d',
    ];
    const handles = new Map<string, ExecutionHandle>();
    for (const id of ids)
      handles.set(
        id,
        (await app.session(id).publish(Job, { n: 1, kind: 'sleep' }, { id: 'same' })).of(JobWorker),
      );
    const none = (await app.publish(Job, { n: 1, kind: 'sleep' })).of(JobWorker);
    await app.settle();
    const stopped = new Set<string>();
    for (const id of ['1', 'a', '%', '__proto__', '\u0000']) {
      expect(await app.session(id).stop()).toEqual({ stopped: 1, ended: true });
      stopped.add(id);
      for (const [each, handle] of handles)
        expect([each, await handle.status()]).toEqual([each, stopped.has(each) ? 'cancelled' : 'waiting']);
    }
    expect(await none.status()).toBe('waiting');
    expect([...(await app.sessions.active())].sort()).toEqual(ids.filter((id) => !stopped.has(id)).sort());
  });

  test('what is published after a stop runs, also under an id that was used before it', async () => {
    const app = await start(makeStore(), { dedup: '1 day' });
    const session = app.session('a');
    await session.publish(Job, { n: 1, kind: 'sleep' });
    await app.settle();
    await session.stop();
    expect(await session.execute(Job, { n: 2 })).toEqual([2]);
    expect(await session.stats()).toMatchObject({ cancelled: 1, completed: 1 });
  });

  test('a stop takes what was accepted before it, and leaves what is accepted while it runs', async () => {
    const store = makeStore();
    const app = await start(store);
    const session = app.session('a');
    const before: ExecutionHandle[] = [];
    for (let n = 0; n < 20; n++)
      before.push((await session.publish(Job, { n, kind: 'sleep' })).of(JobWorker));
    const openOf = store.openOf.bind(store);
    let n = 100;
    store.openOf = async (request) => {
      const page = await openOf(request);
      if (n < 105) await session.publish(Job, { n: n++, kind: 'sleep' });
      return page;
    };
    expect((await session.stop()).stopped).toBe(20);
    await app.settle();
    for (const handle of before) expect(await handle.status()).toBe('cancelled');
    expect(await session.stats()).toMatchObject({ waiting: n - 100, cancelled: 20 });
  });

  test.each([
    { when: 'before it was told', page: 1, runs: /^run 5 in a(,child \d in a)*$/ },
    { when: 'once it was told, and never runs', page: 2, runs: /^run 5 in a$/ },
  ])(
    'what a running body still publishes into its session is stopped with it: $when',
    async ({ page, runs }) => {
      const store = makeStore();
      const app = await start(store, { concurrency: 10 });
      const session = app.session('a');
      await session.publish(Job, { n: 5, kind: 'late' });
      await until(() => open.length === 1);
      const openOf = store.openOf.bind(store);
      let pages = 0;
      store.openOf = (request) => {
        if (++pages === page) open.forEach((go) => go());
        return openOf(request);
      };
      await session.stop({ wait: 0 });
      await app.settle();
      expect(told.join()).toMatch(runs);
      expect(await app.sessions.active()).toEqual([]);
    },
    20_000,
  );

  test('what a running body publishes after the stop, before it hears of it, never runs either', async () => {
    const store = makeStore();
    const app = await start(store, { concurrency: 10 });
    const session = app.session('a');
    await session.publish(Job, { n: 5, kind: 'late' });
    await until(() => open.length === 1);
    store.signals = () => Promise.resolve([]);
    expect(await session.stop({ wait: 0 })).toEqual({ stopped: 1, ended: false });
    open.forEach((go) => go());
    await app.settle();
    expect(told).toEqual(['run 5 in a']);
    expect((await session.list({ worker: ChildWorker })).map(({ status }) => status)).toEqual(['cancelled']);
    expect(await app.sessions.active()).toEqual([]);
  });

  test('steps that have a compensation are undone, and then the stop is told', async () => {
    const app = await start(makeStore());
    const handle = (await app.session('a').publish(Job, { n: 1, kind: 'undo' })).of(JobWorker);
    await app.settle();
    expect(await app.session('a').stop()).toEqual({ stopped: 1, ended: true });
    expect(told).toEqual(['run 1 in a', 'booked 1', 'unbooked 1']);
    expect(await failureOf(handle)).toMatchObject({ name: 'SessionStoppedError', session: 'a' });
  });

  test('stopAll stops every session, and nothing else', async () => {
    const app = await start(makeStore());
    for (const id of ['a', 'b', 'c']) await app.session(id).publish(Job, { n: 1, kind: 'sleep' });
    const none = (await app.publish(Job, { n: 2, kind: 'sleep' })).of(JobWorker);
    await app.settle();
    expect(await app.sessions.active({ limit: 2 })).toEqual(['a', 'b']);
    expect(await app.sessions.active({ after: 'b' })).toEqual(['c']);
    expect(await app.sessions.stopAll()).toEqual({ stopped: 3, ended: true });
    expect(await app.sessions.active()).toEqual([]);
    expect(await none.status()).toBe('waiting');
    expect(await app.sessions.stopAll()).toEqual({ stopped: 0, ended: true });
  });

  test('a stop does not wait for workers that are paused: what it told ends when they go on, and runs nothing', async () => {
    const app = await start(makeStore());
    await app.pause(JobWorker);
    const handle = (await app.session('a').publish(Job, { n: 1 })).of(JobWorker);
    expect(await app.session('a').stop()).toEqual({ stopped: 1, ended: false });
    await app.resume(JobWorker);
    await app.settle();
    expect(await handle.status()).toBe('cancelled');
    expect(told).toEqual([]);
  });

  test('a stop survives the death of the process that called it', async () => {
    const app = await start(makeStore());
    for (let n = 0; n < 5; n++) await app.session('a').publish(Job, { n, kind: 'sleep' });
    await app.settle();
    await app.session('a').stop({ wait: 0 });
    await app.crash();
    await app.restart();
    await app.advance('1 minute');
    expect(await app.session('a').stats()).toMatchObject({ cancelled: 5, waiting: 0, pending: 0 });
  });

  test('A-w7 · a session leaves nothing behind once its executions are pruned', async () => {
    const store = makeStore();
    const app = await start(store, { retention: { completed: '1 hour', failed: '1 hour' } });
    for (let n = 0; n < 3; n++) await app.session('a').publish(Job, { n, kind: 'sleep' });
    await app.settle();
    await app.session('a').stop();
    await app.advance('3 days');
    expect(await app.session('a').list()).toEqual([]);
    expect(await store.counts()).toEqual([]);
    expect(await app.sessions.active()).toEqual([]);
  });

  test('2,500 executions are stopped in pages', async () => {
    const app = await start(makeStore(), { concurrency: 50 });
    const session = app.session('big');
    const entries = Array.from({ length: 2_500 }, (_, n) => [Job, { n }, { delay: '1 day' }] as const);
    await session.publishMany(entries);
    const other = (await app.session('big ').publish(Job, { n: 1 }, { delay: '1 day' })).of(JobWorker);
    expect(await session.stop()).toEqual({ stopped: 2_500, ended: true });
    expect(await session.stats()).toMatchObject({ cancelled: 2_500, pending: 0 });
    expect(await other.status()).toBe('pending');
    expect(told).toEqual([]);
  });
};

describe.each(stores)('sessions, on %s', (_name, makeStore) => {
  onEach(makeStore);
});

redis.describe('sessions, on Redis', () => {
  let url: string;
  beforeAll(async () => void (url = await redis.url()));

  onEach(() => redisStore({ url, prefix: redis.prefix(), durability: 'none', time: 'app' }));
});

test('A-w2 · one process stops what others run, on one SQLite file, and waiters in each learn it', async () => {
  const path = sqliteFile();
  const process = async (options: object): Promise<WorkerApp> => {
    const app = await bootstrap({ store: sqliteStore(path), logger: silentLogger, ...options });
    apps.push(app);
    await app.start();
    return app;
  };
  const worker = await process({ workers: [JobWorker, ChildWorker] });
  const publisher = await process({ role: 'publisher' });
  const sleeping = (await publisher.session('a').publish(Job, { n: 1, kind: 'sleep' })).executions[0];
  const running = (await worker.session('a').publish(Job, { n: 2, kind: 'running' })).of(JobWorker);
  const other = (await publisher.session('b').publish(Job, { n: 3, kind: 'sleep' })).executions[0];
  await until(() => told.length === 3);
  await until(async () => (await other?.status()) === 'waiting' && (await sleeping?.status()) === 'waiting');
  const failures = Promise.all([failureOf(sleeping as ExecutionHandle), failureOf(running)]);
  expect(await publisher.sessions.active()).toEqual(['a', 'b']);
  expect(await publisher.session('a').stop()).toEqual({ stopped: 2, ended: true });
  for (const error of await failures) expect(error).toBeInstanceOf(SessionStoppedError);
  expect(told).toContain('aborted 2: SessionStoppedError');
  expect(await other?.status()).toBe('waiting');
}, 30_000);

test('A35 · case 27 · an app that was stopped and started again still answers whoever waits, in sessions too', async () => {
  const app = await bootstrap({
    workers: [JobWorker, ChildWorker],
    store: memoryStore(),
    logger: silentLogger,
  });
  apps.push(app);
  await app.start();
  expect(await app.session('a').execute(Job, { n: 1 })).toEqual([1]);
  await app.stop();
  await expect(app.session('a').execute(Job, { n: 2 })).rejects.toThrow(/execute\(\) needs a started app/);
  const published = (await app.session('a').publish(Job, { n: 3 })).of(JobWorker).result();
  const stopping = (await app.session('b').publish(Job, { n: 4 }))
    .of(JobWorker)
    .result()
    .catch((error: unknown) => error);
  expect(await app.session('b').stop()).toEqual({ stopped: 1, ended: false });
  await app.start();
  expect(await published).toBe(3);
  expect(await stopping).toBeInstanceOf(SessionStoppedError);
  expect(await app.session('a').execute(Job, { n: 5 })).toEqual([5]);
});

test('ids and options that cannot be are refused, and say what to write', async () => {
  const app = await start(memoryStore());
  for (const id of ['', 'x'.repeat(20_000), 7, null, undefined])
    expect(() => app.session(id as string)).toThrow(/session\(\): id: .*Write text of 1 to 16384 characters/);
  const refusals: readonly [() => Promise<unknown>, RegExp][] = [
    [() => app.session('a').stop({ wait: 'soon' as never }), /session\('a'\)\.stop\(\): wait/],
    [() => app.session('a').stop({ after: 1 } as never), /after: it is no option/],
    [() => app.session('a').list({ session: 'b', state: 1 } as never), /session\(\)\.list\(\): state/],
    [() => app.sessions.active({ limit: 0 }), /sessions\.active\(\): limit/],
    [() => app.session('a').publish(Job, { n: 1 }, { session: 'b' } as never), /session: .*session\('a'\)/],
    [() => app.publish(Job, { n: 1 }, { session: 7 as never }), /session: found the number 7/],
  ];
  for (const [call, message] of refusals) {
    await expect(call()).rejects.toThrow(message);
    await expect(call()).rejects.toBeInstanceOf(ConfigurationError);
  }
  await app.close();
  expect(() => app.session('a')).toThrow(/session\(\) was called on a closed app/);
  await expect(app.sessions.stopAll()).rejects.toThrow(/sessions\.stopAll\(\)/);
});
