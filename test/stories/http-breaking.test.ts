import { once } from 'node:events';
import { connect as connect2, createServer as createServer2 } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import {
  AppClosedError,
  bootstrap,
  type Clock,
  ConfigurationError,
  defineEvent,
  httpDispatcher,
  memoryStore,
  type MountOptions,
  OnEvent,
  silentLogger,
  sleep,
  type Timer,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { closeServers, overFetch, overNode, serve } from './support/http-requests.js';

const KEY = 'the key of this test, which is long enough';
const Order = defineEvent('order', z.object({ id: z.string() }));
const Slow = defineEvent('slow', z.object({ id: z.string() }));

@Worker('shop')
class Shop {
  @OnEvent(Order)
  ship({ id }: { id: string }): string {
    return id;
  }

  @OnEvent(Slow)
  async wait(): Promise<void> {
    await sleep('1 day');
  }
}

const order = JSON.stringify({ event: 'order', data: { id: 'o-1' } });
const json = { 'content-type': 'application/json' };
const apps: WorkerApp[] = [];
const faults: unknown[] = [];

async function open(): Promise<WorkerApp> {
  const app = await bootstrap({
    workers: [Shop],
    store: memoryStore(),
    logger: silentLogger,
    onError: (error) => void faults.push(error),
  });
  apps.push(app);
  return app;
}

async function timed(): Promise<TestApp> {
  const app = (await TestApp.create({
    workers: [Shop],
    store: memoryStore(),
    onError: (error) => void faults.push(error),
  })) as TestApp;
  apps.push(app);
  return app;
}

afterEach(async () => {
  await closeServers();
  for (const app of apps.splice(0)) await app.close();
  faults.length = 0;
});

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}

/** A raw request of which the body never comes. */
function begun(base: string, headers: Readonly<Record<string, string>>): Socket {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  const lines = Object.entries({ ...headers, host: 'x', 'content-length': '50' });
  socket.write(`POST /holdfast HTTP/1.1\r\n${lines.map((each) => each.join(': ')).join('\r\n')}\r\n\r\n{`);
  return socket;
}

describe('a place among the requests under way', () => {
  test('is given back when a guard does not answer', async () => {
    const app = await timed();
    const send = overFetch(app.mount({ guard: () => new Promise(() => {}), limits: { requests: 1 } }));
    const answer = send({ headers: json, body: order });
    await turns();
    expect((await send({ headers: json, body: order })).status).toBe(429);
    await app.advance('10s');
    expect((await answer).status).toBe(503);
    expect(faults).toEqual([
      expect.objectContaining({ message: expect.stringContaining('guard') as string }),
    ]);
  });

  test('is given back at once by a client that is gone before its body is read', async () => {
    const app = await timed();
    let admit: (answer: boolean) => void = () => {};
    let asked = 0;
    const mount = app.mount({
      guard: () => {
        if (asked++ > 0) return true;
        return new Promise((resolve) => {
          admit = resolve;
        });
      },
      limits: { requests: 1 },
    });
    const gone: Promise<unknown>[] = [];
    const base = await serve((request, response) => {
      gone.push(new Promise((resolve) => request.on('close', resolve).on('error', () => {})));
      void mount.node(request, response);
    });
    const socket = begun(base, json);
    while (asked === 0) await turns(1);
    socket.destroy();
    await gone[0];
    admit(true);
    await turns();
    expect((await overNode(base)({ headers: json, body: order })).status).toBe(202);
  });
});

test('over HTTP/2 a guard sees the headers, and a body that is too large is refused', async () => {
  const app = await open();
  const seen: unknown[] = [];
  const { node } = app.mount({
    guard: (request) => {
      seen.push(Object.fromEntries(request.headers));
      return true;
    },
    limits: { bodyBytes: 100 },
  });
  const server = createServer2((request, response) => void node(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const post = async (body: string): Promise<number> => {
    const stream = client.request({ ':method': 'POST', ':path': '/holdfast', ...json });
    stream.end(body);
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.resume();
    return Number(headers[':status']);
  };
  const warned: unknown[] = [];
  const listen = (warning: Error): void => void warned.push(warning.message);
  process.on('warning', listen);
  expect([await post(order), await post('x'.repeat(200))]).toEqual([202, 413]);
  await turns();
  process.off('warning', listen);
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  expect([seen[0], faults, warned]).toEqual([expect.objectContaining(json), [], []]);
});

describe('insecure', () => {
  test('does not believe the name that a request gives its host: the address counts', async () => {
    const app = await open();
    const { fetch, POST } = app.mount({ insecure: true });
    const request = (): Request =>
      new Request('http://localhost:3000/holdfast', { method: 'POST', headers: json, body: order });
    expect([(await fetch(request())).status, (await POST(request())).status]).toEqual([401, 401]);
    const from = async (address: string, host = 'localhost'): Promise<number> =>
      (await fetch(new Request(`http://${host}/holdfast`, request()), { address })).status;
    expect([await from('127.0.0.1'), await from('::1', '[::1]:3000')]).toEqual([202, 202]);
    expect([await from('192.168.0.7'), await from('127.0.0.1', 'rebound.example.com')]).toEqual([401, 401]);
  });
});

describe('rateLimit', () => {
  test('answers 429 with the time after which the client is taken again, before anything of the request is looked at', async () => {
    const app = await timed();
    let asked = 0;
    const mount = app.mount({ guard: () => ++asked > 0, rateLimit: { limit: 2 } });
    const post = async (address: string, body = order): Promise<Response> =>
      mount.fetch(new Request('http://x/holdfast', { method: 'POST', headers: json, body }), { address });
    const first = [await post('203.0.113.7'), await post('203.0.113.7', 'no json')];
    const refused = await post('203.0.113.7');
    expect([...first, refused].map(({ status }) => status)).toEqual([202, 400, 429]);
    expect([refused.headers.get('retry-after'), await refused.json(), asked]).toEqual([
      '30',
      { error: true, code: 'RATE_LIMITED', message: 'you send too many requests', isNonRetryable: false },
      2,
    ]);
    expect((await post('203.0.113.8')).status).toBe(202);
    await app.advance('30s');
    expect([(await post('203.0.113.7')).status, (await post('203.0.113.7')).status]).toEqual([202, 429]);
  });

  test('counts a network of IPv6 as one client, and hints, and forged ones, as well', async () => {
    const app = await timed();
    const { fetch } = app.mount({ signing: KEY, rateLimit: { limit: 2, per: '1s' } });
    const post = async (address: string, path: string): Promise<number> =>
      (
        await fetch(new Request(`http://x${path}`, { method: 'POST', headers: json, body: '{}' }), {
          address,
        })
      ).status;
    expect([
      await post('2001:db8:1:2::1', '/holdfast'),
      await post('2001:db8:1:2:ffff::9', '/holdfast/hints'),
      await post('2001:db8:1:2::3', '/holdfast/hints'),
      await post('2001:db8:1:3::1', '/holdfast'),
    ]).toEqual([401, 401, 429, 401]);
  });

  test('over node:http knows the address of the socket, and that which Express tells', async () => {
    const app = await timed();
    const { node } = app.mount({ guard: () => true, rateLimit: { limit: 1, per: '1 hour' } });
    const plain = overNode(await serve((request, response) => void node(request, response)));
    // What the request says of itself is not believed.
    const headers = { ...json, 'x-forwarded-for': '198.51.100.1' };
    expect((await plain({ headers: json, body: order })).status).toBe(202);
    expect((await plain({ headers, body: order })).status).toBe(429);
    const behindProxy = overNode(
      await serve(
        (request, response) =>
          void node(Object.assign(request, { ip: request.headers['x-forwarded-for'] as string }), response),
      ),
    );
    expect((await behindProxy({ headers, body: order })).status).toBe(202);
  });

  test('by names clients; without a name, or an address, they count as one, and the log says so once', async () => {
    const warned: string[] = [];
    const warn = (message: string): void => void warned.push(message);
    const app = await bootstrap({
      workers: [Shop],
      store: memoryStore(),
      logger: { ...silentLogger, warn },
    });
    apps.push(app);
    const rateLimit: MountOptions['rateLimit'] = {
      limit: 1,
      per: '1 hour',
      by: (request) => request.headers.get('x-api-key'),
    };
    const post = async (options: MountOptions, key?: string): Promise<number> =>
      (
        await overFetch(mounts.get(options) ?? app.mount(options))({
          headers: key === undefined ? json : { ...json, 'x-api-key': key },
          body: order,
        })
      ).status;
    const named: MountOptions = { guard: () => true, rateLimit };
    const unnamed: MountOptions = { guard: () => true, rateLimit: { limit: 1, per: '1 hour' } };
    const mounts = new Map([named, unnamed].map((options) => [options, app.mount(options)]));
    expect([await post(named, 'a'), await post(named, 'a'), await post(named, 'b')]).toEqual([202, 429, 202]);
    expect([await post(named), await post(named)]).toEqual([202, 429]);
    expect(warned).toEqual([]);
    expect([await post(unnamed, 'a'), await post(unnamed, 'b')]).toEqual([202, 429]);
    expect(warned).toEqual([expect.stringContaining('cannot tell clients apart')]);
  });

  test.each([
    [{ limit: 0 }, 'mount(): rateLimit.limit'],
    [{ per: '1s' }, 'it has no limit'],
    [{ limit: 5, per: 'often' }, 'mount(): rateLimit.per'],
    [{ limit: 5, by: 'ip' }, 'Write a function (request) => string'],
    [{ limit: 5, every: '1s' }, 'it is no option'],
    [600, "Write { limit: 600, per: '1 minute' }"],
  ])('%j is refused', async (rateLimit, told) => {
    const app = await open();
    expect(() => app.mount({ signing: KEY, rateLimit } as unknown as MountOptions)).toThrow(told);
  });
});

describe('a closed app', () => {
  test('processes nothing, and says so; what cannot be is refused', async () => {
    const app = await open();
    const { process: run } = app.mount({ signing: KEY });
    await expect(run({ within: 'soon' as '1s' })).rejects.toThrow(ConfigurationError);
    await app.close();
    await expect(run()).rejects.toThrow(AppClosedError);
    expect(faults).toEqual([]);
  });
});

describe('work that a stranger can ask for', () => {
  const size = 262_000;
  const worst: readonly (readonly [string, string])[] = [
    ['lists in lists', `{"event":"order","data":{"id":${'[],'.repeat(size / 4)}[]}}`.replace(':[]', ':[[]')],
    ['a wide list', `{"event":"order","data":{"id":[${'1,'.repeat(size / 2)}1]}}`],
    ['many small objects', `{"event":"order","data":{"id":[${'{"a":1},'.repeat(size / 8)}1]}}`],
    ['one text of escapes', `{"event":"order","data":{"id":"${'\\u0000'.repeat(size / 6)}","x":1}}`],
    ['texts that are all told', `{"event":"order","data":{"id":[${'"abcd",'.repeat(size / 7)}1]}}`],
    [
      'different texts',
      `{"event":"order","data":{"id":[${Array.from({ length: size / 9 }, (_, at) => `"${at + 100_000}"`).join()}]}}`,
    ],
  ];
  test.each(worst)('is little: %s', async (_, body) => {
    const app = await open();
    const send = overFetch(app.mount({ guard: () => true }));
    await send({ headers: json, body });
    const began = process.cpuUsage();
    const { status } = await send({ headers: json, body });
    const { user, system } = process.cpuUsage(began);
    expect([[202, 400].includes(status), (user + system) / 1_000 < 500]).toEqual([true, true]);
  });
});

test('a publisher that closes lets its hints go out, gives up what nobody takes, and leaves no timer behind', async () => {
  const taken: string[] = [];
  let isDown = false;
  const timers = new Set<Timer>();
  const clock: Clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    soon: (callback) => void setImmediate(callback),
    setTimer: (delayMs, callback) => {
      const node = setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs);
      const timer = {
        cancel: () => {
          timers.delete(timer);
          clearTimeout(node);
        },
      };
      timers.add(timer);
      return timer;
    },
  };
  for (isDown of [false, true]) {
    const web = await bootstrap({
      workers: [Shop],
      role: 'publisher',
      store: memoryStore(),
      logger: silentLogger,
      dispatcher: httpDispatcher({
        url: 'https://jobs.example.com/holdfast',
        signing: KEY,
        drain: '50ms',
        clock,
        fetch: async (_url, { body }) => {
          await turns(3);
          if (!isDown) taken.push(String(body as string));
          return new Response(null, { status: isDown ? 503 : 202, headers: { 'retry-after': '4' } });
        },
      }),
    });
    await web.publish(Order, { id: 'o-1' });
    await web.close();
    expect([isDown, taken.length, timers.size]).toEqual([isDown, 1, 0]);
  }
});
