import {
  Concurrency,
  defineEvent,
  execution,
  type ExecutionHandle,
  Inject,
  memoryStore,
  OnEvent,
  run,
  sleep,
  Step,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Job = defineEvent('job', z.object({ n: z.number() }));
const Suicide = defineEvent('suicide', z.object({ session: z.string() }));
const Fork = defineEvent('fork', z.object({ depth: z.number() }));
const Parent = defineEvent('parent', z.object({ n: z.number() }));
const Queue = defineEvent('queue', z.object({ n: z.number() }));

const told: string[] = [];
const release: (() => void)[] = [];
beforeEach(() => {
  told.length = 0;
  release.length = 0;
});

@Worker('edges')
class EdgeWorker {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Job)
  async job({ n }: { n: number }): Promise<void> {
    told.push(`job ${n}`);
    await sleep('1 hour');
  }

  @OnEvent(Suicide)
  async suicide({ session }: { session: string }): Promise<string> {
    await this.stop(session);
    told.push('went on');
    return 'went on';
  }

  @Step()
  async stop(session: string): Promise<number> {
    return (await this.app.session(session).stop()).stopped;
  }

  @OnEvent(Fork)
  async fork({ depth }: { depth: number }): Promise<void> {
    told.push(`fork ${depth} in ${String(execution().session)}`);
    await this.app.publishMany([
      [Fork, { depth: depth + 1 }],
      [Fork, { depth: depth + 1 }],
    ]);
  }

  @OnEvent(Parent)
  async parent({ n }: { n: number }): Promise<void> {
    told.push(`parent in ${String(execution().session)}`);
    await run(EdgeWorker, 'job', { n });
    told.push('parent went on');
  }

  @OnEvent(Queue)
  @Concurrency(1)
  async queue({ n }: { n: number }): Promise<void> {
    told.push(`queue ${n}`);
    const { signal } = execution();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
      release.push(resolve as () => void);
    });
  }
}

let app: TestApp;
beforeEach(async () => {
  app = (await TestApp.create({ workers: [EdgeWorker], store: memoryStore({ keep: 100_000 }) })) as TestApp;
});
afterEach(() => app.close());

async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}

test('an execution that stops its own session ends with it', async () => {
  await app.session('a').publish(Job, { n: 1 });
  const handle = (await app.session('a').publish(Suicide, { session: 'a' })).of(EdgeWorker, 'suicide');
  await app.settle();
  await expect(handle.result()).rejects.toMatchObject({ name: 'SessionStoppedError' });
  expect(told).not.toContain('went on');
  expect(await app.sessions.active()).toEqual([]);
});

test('an execution that stops another session goes on, and does not hold its slot for it', async () => {
  await app.session('a').publish(Job, { n: 1 });
  await app.settle();
  const handle = (await app.session('b').publish(Suicide, { session: 'a' })).of(EdgeWorker, 'suicide');
  await app.settle();
  expect(await handle.result()).toBe('went on');
  expect(await app.sessions.active()).toEqual([]);
});

test('a session that doubles itself for ever is stopped for good', async () => {
  await app.session('a').publish(Fork, { depth: 0 });
  const forked = app.session('b').publish(Fork, { depth: 20 });
  await forked;
  await turns(1);
  const { stopped } = await app.session('a').stop({ wait: 0 });
  expect(stopped).toBeGreaterThan(0);
  await app.session('b').stop({ wait: 0 });
  await app.settle();
  expect(await app.sessions.active()).toEqual([]);
  const before = told.length;
  await app.advance('1 hour');
  expect(told).toHaveLength(before);
}, 20_000);

test('what queues at a gate is stopped without waiting for its turn, and others move up', async () => {
  const handles: ExecutionHandle[] = [];
  for (const [n, id] of ['a', 'a', 'b', 'a'].entries())
    handles.push((await app.session(id).publish(Queue, { n })).of(EdgeWorker, 'queue'));
  await turns();
  expect(told).toEqual(['queue 0']);
  expect((await app.session('a').stop()).stopped).toBe(3);
  await turns();
  for (const at of [0, 1, 3]) expect(await handles[at]?.status()).toBe('cancelled');
  expect(told).toEqual(['queue 0', 'queue 2']);
  release.forEach((go) => go());
  await app.settle();
  expect(await handles[2]?.status()).toBe('completed');
});

test("child executions are of their parent's session, and are stopped with it", async () => {
  const parent = (await app.session('a').publish(Parent, { n: 1 })).of(EdgeWorker, 'parent');
  await app.settle();
  const listed = await app.session('a').list();
  expect(listed.map(({ handler, session }) => [handler, session])).toEqual([
    ['parent', 'a'],
    ['job', 'a'],
  ]);
  const child = app.execution(listed[1]?.id as string);
  expect(await app.session('a').stop()).toEqual({ stopped: 2, ended: true });
  for (const handle of [parent, child])
    await expect(handle.result()).rejects.toMatchObject({ name: 'SessionStoppedError', session: 'a' });
  await app.advance('2 hours');
  expect(told).toEqual(['parent in a', 'job 1']);
});

test('a stop beside a stop ends the same, and nothing twice', async () => {
  for (let n = 0; n < 30; n++) await app.session('a').publish(Job, { n });
  await app.settle();
  const results = await Promise.all([
    app.session('a').stop(),
    app.session('a').stop(),
    app.sessions.stopAll(),
  ]);
  for (const { ended } of results) expect(ended).toBe(true);
  expect(await app.session('a').stats()).toMatchObject({ cancelled: 30, completed: 0 });
  const cancelled = (await app.session('a').list()).filter(({ status }) => status === 'cancelled');
  expect(cancelled).toHaveLength(30);
});
