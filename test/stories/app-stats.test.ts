import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  bootstrap,
  ConfigurationError,
  defineEvent,
  type Dispatcher,
  httpDispatcher,
  memoryStore,
  OnEvent,
  silentLogger,
  sleep,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const KEY = 'the key of this test, which is long enough';
const Job = defineEvent('job', z.object({ n: z.number() }));

@Worker('jobs')
class JobWorker {
  @OnEvent(Job)
  async job({ n }: { n: number }): Promise<void> {
    if (n === 0) throw new Error('no such job');
    if (n > 1) await sleep('1 day');
  }
}

const apps: WorkerApp[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

test('A21 · A22 · counts by worker, by session and by queue', async () => {
  const app = (await TestApp.create({ workers: [JobWorker], store: memoryStore() })) as TestApp;
  apps.push(app);
  for (const id of ['one', 'two', '__proto__']) {
    await app.session(id).publish(Job, { n: 1 });
    await app.session(id).publish(Job, { n: 2 });
  }
  await app.session('ended').publish(Job, { n: 1 });
  await app.publish(Job, { n: 2 });
  await app.settle();
  const stats = await app.stats({ sessions: 10 });
  expect(stats).toMatchObject({
    completed: 4,
    waiting: 4,
    byWorker: { jobs: { completed: 4, waiting: 4 } },
    queues: { local: { running: 0 }, dispatcher: {} },
  });
  expect(Object.keys(stats.bySession).toSorted()).toEqual(['__proto__', 'one', 'two']);
  for (const [id, counts] of Object.entries(stats.bySession))
    expect([id, counts, await app.session(id).stats()]).toEqual([
      id,
      expect.objectContaining({ completed: 1, waiting: 1, pending: 0, failed: 0 }),
      counts,
    ]);
  expect(Object.keys((await app.stats({ sessions: 2 })).bySession)).toEqual(
    await app.sessions.active({ limit: 2 }),
  );
  expect((await app.stats()).bySession).toEqual({});
  for (const wrong of [{ sessions: -1 }, { sessions: 1_001 }, { sessions: 'all' }, { session: 'one' }])
    await expect(app.stats(wrong as object)).rejects.toThrow(ConfigurationError);
});

test('a dispatcher tells what waits in its queues', async () => {
  let free: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  const server = createServer((_, response) => void held.then(() => response.writeHead(202).end()));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/holdfast`;
  const web = await bootstrap({
    workers: [JobWorker],
    role: 'publisher',
    store: memoryStore(),
    logger: silentLogger,
    dispatcher: httpDispatcher({ url, signing: KEY, batch: 2 }),
  });
  apps.push(web);
  await web.publishMany([1, 2, 3, 4, 5].map((n) => [Job, { n }] as const));
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  const { dispatcher } = (await web.stats()).queues;
  expect(dispatcher).toEqual({ [`${url}/hints`]: { waiting: 3, running: 2, delayed: 0 } });
  free();
});

test('a dispatcher that cannot tell keeps no counts of the store back, and is told as a fault', async () => {
  const faults: unknown[] = [];
  const dispatcher: Dispatcher = {
    local: true,
    start: async () => {},
    send: async () => {},
    stop: async () => {},
    queues: () => Promise.reject(new Error('the broker is away')),
  };
  const app = await bootstrap({
    workers: [JobWorker],
    store: memoryStore(),
    logger: silentLogger,
    dispatcher,
    onError: (error) => void faults.push(error),
  });
  apps.push(app);
  await app.publish(Job, { n: 1 });
  expect(await app.stats()).toMatchObject({ pending: 1, queues: { dispatcher: {} } });
  expect(faults).toEqual([new Error('the broker is away')]);
});
