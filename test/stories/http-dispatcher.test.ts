import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  type BootstrapOptions,
  ConfigurationError,
  defineEvent,
  HintsUndeliveredError,
  httpDispatcher,
  type HttpDispatcherOptions,
  type Mount,
  OnEvent,
  silentLogger,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { closeServers, serve } from './support/http-requests.js';

const KEY = 'the key of this test, which is long enough';
const Job = defineEvent('job', z.object({ n: z.number() }));

@Worker('jobs')
class Jobs {
  @OnEvent(Job)
  async run({ n }: { n: number }): Promise<number | string> {
    if (n < 0) return 'none';
    const once = await this.double(n);
    await sleep(20);
    return this.double(once);
  }

  @Step()
  async double(n: number): Promise<number> {
    return 2 * n;
  }
}

let folder: string;
const apps: WorkerApp[] = [];
const faults: unknown[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-http-'));
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await closeServers();
  rmSync(folder, { recursive: true, force: true });
  faults.length = 0;
});

/** A store on the file of this test that tells its app nothing of what others write: only hints and the sweep do. */
function deafStore(): Store {
  return Object.assign(sqliteStore(join(folder, 'jobs.db')), { onChange: () => () => {} });
}

async function open(options: BootstrapOptions): Promise<WorkerApp> {
  const app = await bootstrap({
    store: deafStore(),
    logger: silentLogger,
    sweep: '1 hour',
    onError: (error: unknown) => void faults.push(error),
    ...options,
  } as BootstrapOptions<never>);
  apps.push(app);
  await app.start();
  return app;
}

/** A server for a mount that may come later, and how many requests it took. */
async function serverFor(): Promise<{ url: string; requests: number[]; use: (mount: Mount) => void }> {
  let mounted: Mount | null = null;
  const requests: number[] = [];
  const base = await serve((request, response) => {
    requests.push(requests.length);
    if (mounted === null) response.writeHead(503).end();
    else void mounted.node(request, response);
  });
  return { url: `${base}/holdfast`, requests, use: (mount) => void (mounted = mount) };
}

test('two apps on one SQLite file wake each other: what one publishes, the other runs', async () => {
  const [web, worker] = [await serverFor(), await serverFor()];
  const runs = await open({ workers: [Jobs], dispatcher: httpDispatcher({ url: web.url, signing: KEY }) });
  worker.use(runs.mount({ signing: KEY }));
  const publishes = await open({
    role: 'publisher',
    dispatcher: httpDispatcher({ url: worker.url, signing: KEY }),
  });
  web.use(publishes.mount({ signing: KEY }));
  const published = await Promise.all(Array.from({ length: 100 }, (_, n) => publishes.publish(Job, { n })));
  const results = published.map(({ executions: [execution] }) =>
    runs.execution(execution?.id ?? '').result(),
  );
  expect(await Promise.all(results)).toEqual(Array.from({ length: 100 }, (_, n) => 4 * n));
  expect(worker.requests.length).toBeGreaterThan(0);
  expect(worker.requests.length).toBeLessThan(100);
  expect(faults).toEqual([]);
}, 30_000);

test('hints that nobody takes are told as a fault, and the sweep finds their work', async () => {
  const worker = await serverFor();
  const runs = await open({ workers: [Jobs], sweep: '200ms' });
  worker.use(runs.mount({ signing: 'another key, which is long enough as well' }));
  const publishes = await open({
    role: 'publisher',
    dispatcher: httpDispatcher({ url: worker.url, signing: KEY }),
  });
  const { executions } = await publishes.publish(Job, { n: 1 });
  expect(await runs.execution(executions[0]?.id ?? '').result()).toBe(4);
  expect(faults).toEqual([expect.any(HintsUndeliveredError)]);
  expect(String(faults[0])).toContain('it answered 401');
}, 30_000);

test('a peer that comes back is told again', async () => {
  const worker = await serverFor();
  const dispatcher = httpDispatcher({ url: worker.url, signing: KEY, attempts: 20 });
  const publishes = await open({ role: 'publisher', dispatcher });
  const runs = await open({ workers: [Jobs] });
  const { executions } = await publishes.publish(Job, { n: 1 });
  const result = runs.execution(executions[0]?.id ?? '').result();
  worker.use(runs.mount({ signing: KEY }));
  expect(await result).toBe(4);
  expect(faults).toEqual([]);
}, 30_000);

describe('a host with no background process', () => {
  test('runs what is due before it answers, in one pass for all requests, and leaves nothing behind', async () => {
    const app = await bootstrap({ workers: [Jobs], store: deafStore(), logger: silentLogger });
    apps.push(app);
    const starts: string[] = [];
    app.on('app.started', ({ name }) => void starts.push(name));
    const { POST } = app.mount({ guard: () => true, sync: true, process: true });
    const post = async (n: number): Promise<[number, unknown]> => {
      const body = JSON.stringify({ event: 'job', data: { n } });
      const headers = { 'content-type': 'application/json' };
      const response = await POST(new Request('http://x/holdfast', { method: 'POST', headers, body }));
      return [response.status, await response.json()];
    };
    const sleeping = await Promise.all([1, 2, 3, 4].map(post));
    expect(sleeping.map(([status]) => status)).toEqual([202, 202, 202, 202]);
    expect(starts.length).toBeLessThan(4);
    expect(await app.stats()).toMatchObject({ waiting: 4, running: 0 });
    const [status, answer] = await post(-1);
    expect([status, answer]).toMatchObject([200, { executions: [{ value: 'none' }] }]);
    await expect(app.execute(Job, { n: 1 })).rejects.toThrow('start');
  });

  test('goes on with what a pass could not end', async () => {
    const app = await bootstrap({ workers: [Jobs], store: deafStore(), logger: silentLogger });
    apps.push(app);
    const { process } = app.mount({ signing: KEY });
    const { executions } = await app.publish(Job, { n: 5 });
    const handle = app.execution(executions[0]?.id ?? '');
    expect(await handle.status()).toBe('pending');
    let rounds = 0;
    for (; (await handle.status()) !== 'completed' && rounds < 200; rounds++) await process({ within: '1s' });
    expect(await handle.result()).toBe(20);
    expect(rounds).toBeGreaterThan(1);
  });

  test('is told by a signed, empty hint to look', async () => {
    const worker = await serverFor();
    const app = await bootstrap({ workers: [Jobs], store: deafStore(), logger: silentLogger });
    apps.push(app);
    worker.use(app.mount({ signing: KEY, process: { within: '1s' } }));
    const { executions } = await app.publish(Job, { n: 1 });
    const dispatcher = httpDispatcher({ url: worker.url, signing: KEY });
    await dispatcher.send([{ executionId: 'whatever' as never, wakeSeq: 1 }]);
    expect(await app.execution(executions[0]?.id ?? '').status()).toBe('waiting');
  });
});

describe('options', () => {
  const wrong: readonly (readonly [told: string, options: unknown])[] = [
    ['it is no address of the web', {}],
    ['it is no address of the web', { url: '/holdfast', signing: KEY }],
    ['it is no address of the web', { url: 'ftp://example.com/x', signing: KEY }],
    ['it is no address of the web', { url: ['https://a.example.com/x', 'b'], signing: KEY }],
    ['it is empty', { url: [], signing: KEY }],
    ['it has a password, a query or a fragment', { url: 'https://a:b@example.com/x', signing: KEY }],
    ['it has a password, a query or a fragment', { url: 'https://example.com/x?y=1', signing: KEY }],
    ['http: to jobs.example.com can be read on the way', { url: 'http://jobs.example.com/x', signing: KEY }],
    ['http: to 127.0.0.1.example.com can be read', { url: 'http://127.0.0.1.example.com/x', signing: KEY }],
    ['it is missing', { url: 'https://example.com/x' }],
    ['the address is not on this machine', { url: 'https://example.com/x', insecure: true }],
    ['signing is given too', { url: 'http://localhost/x', signing: KEY, insecure: true }],
    ['a key has 5 characters', { url: 'https://example.com/x', signing: 'short' }],
    ['from 1 to 1000', { url: 'https://example.com/x', signing: KEY, batch: 1_001 }],
    ['it is no option', { url: 'https://example.com/x', signing: KEY, retries: 3 }],
  ];

  test.each(wrong)('%s: refused (%j)', (told, options) => {
    const making = (): unknown => httpDispatcher(options as HttpDispatcherOptions);
    expect(making).toThrow(ConfigurationError);
    expect(making).toThrow(told);
  });

  test.each([
    { url: 'https://example.com/x', signing: [KEY, KEY] },
    { url: 'http://localhost:3000/holdfast/', insecure: true },
    { url: ['http://[::1]:1/x', 'http://127.0.0.2/x'], insecure: true },
    { url: 'http://jobs.internal/x', signing: KEY, plainHttp: true },
  ])('%j are taken', (options) => {
    expect(httpDispatcher(options).local).toBe(false);
  });
});
