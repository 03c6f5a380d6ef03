import { connect } from 'node:net';
import { once } from 'node:events';
import {
  bootstrap,
  type BootstrapOptions,
  ConfigurationError,
  defineEvent,
  type Logger,
  memoryStore,
  type Mount,
  type MountOptions,
  NonRetryableError,
  OnEvent,
  Retry,
  signedHeaders,
  sleep,
  Step,
  type Store,
  StoreUnavailableError,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { ManualClock } from 'holdfast/testing';
import { z } from 'zod';
import { closeServers, goodHeaders, overFetch, overNode, serve } from './support/http-requests.js';

const KEY = 'the key of this test, which is long enough';
const Order = defineEvent('order', z.object({ id: z.string(), total: z.number().default(1) }));
const Broken = defineEvent('broken', z.object({ how: z.enum(['now', 'finally', 'never']) }));

@Worker('shop')
class Shop {
  @OnEvent(Order)
  async ship({ id, total }: { id: string; total: number }): Promise<object> {
    return { parcel: await this.pack(id), paid: BigInt(total), at: new Date(0) };
  }

  @Step()
  async pack(id: string): Promise<string> {
    return `parcel of ${id}`;
  }

  @OnEvent(Broken)
  @Retry({ maxAttempts: 1 })
  async fail({ how }: { how: string }): Promise<void> {
    if (how === 'never') await sleep('1 day');
    else if (how === 'finally') throw new NonRetryableError('secret of the shop');
    else throw new Error('secret of the shop');
  }
}

const REFUSED = 'requests were refused: not authorized';
const refusals: unknown[] = [];
const warnings: string[] = [];
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message, details) => {
    if (message === REFUSED) refusals.push(details);
    else warnings.push(message);
  },
  error: () => {},
};

const apps: WorkerApp[] = [];
const faults: unknown[] = [];

async function open(options: BootstrapOptions = {}): Promise<WorkerApp> {
  const app = await bootstrap({
    workers: [Shop],
    store: memoryStore(),
    logger,
    onError: (error, { task }) => void (task !== undefined && faults.push(error)),
    ...options,
  } as BootstrapOptions<never>);
  apps.push(app);
  return app;
}

afterEach(async () => {
  await closeServers();
  for (const app of apps.splice(0)) await app.close();
  warnings.length = 0;
  refusals.length = 0;
  faults.length = 0;
});

const message = (event: string, data: unknown, id?: string): string => JSON.stringify({ event, data, id });
const order = message('order', { id: 'o-1' });
const json = { 'content-type': 'application/json' };

describe('an event', () => {
  test('is answered once it is stored, and runs', async () => {
    const app = await open();
    await app.start();
    const { POST } = app.mount({ signing: KEY });
    const request = new Request('https://shop.example.com/api/jobs', {
      method: 'POST',
      headers: signedHeaders(KEY, order),
      body: order,
    });
    const response = await POST(request);
    expect(response.status).toBe(202);
    const { executions } = (await response.json()) as { executions: [{ id: string }] };
    expect(executions).toEqual([{ id: expect.any(String) as string, worker: 'shop', handler: 'ship' }]);
    expect(await app.execution(executions[0].id).result()).toMatchObject({ parcel: 'parcel of o-1' });
  });

  test('is the same event under the same id, for who has a guard as for who signs', async () => {
    const app = await open();
    const send = overFetch(app.mount({ guard: () => true }));
    const body = message('order', { id: 'o-1' }, 'once');
    const [first, again] = [await send({ headers: json, body }), await send({ headers: json, body })];
    expect(again.text).toBe(first.text);
    const other = message('order', { id: 'o-2' }, 'once');
    expect(JSON.parse((await send({ headers: json, body: other })).text)).toEqual({
      error: true,
      code: 'EVENT_CONFLICT',
      message: 'the id belongs to an event with other data: publish a new fact under a new id',
      isNonRetryable: true,
    });
  });

  test('that its schema refuses is told by field, without a value', async () => {
    const app = await open();
    const send = overFetch(app.mount({ guard: () => true }));
    const { status, text } = await send({ headers: json, body: message('broken', { how: 'secretly' }) });
    expect([status, JSON.parse(text)]).toEqual([
      400,
      {
        error: true,
        code: 'EVENT_INVALID',
        message: 'the event is invalid',
        violations: [{ path: 'how', message: expect.stringContaining('expected one of') as string }],
        isNonRetryable: true,
      },
    ]);
    expect(text).not.toContain('secretly');
  });

  test('that is not on the list of the mount is unknown, also to an app that knows it', async () => {
    const app = await open({ workers: [] });
    const send = overFetch(app.mount({ guard: () => true, events: [Order] }));
    expect((await send({ headers: json, body: order })).status).toBe(202);
    const other = await send({ headers: json, body: message('broken', { how: 'now' }) });
    expect([other.status, JSON.parse(other.text)]).toMatchObject([400, { code: 'EVENT_UNKNOWN' }]);
  });

  test('that arrives while one runs is no step of it', async () => {
    const app = await open();
    await app.start();
    const { fetch } = app.mount({ guard: () => true });
    @Worker('caller')
    class Caller {
      @OnEvent(Broken)
      async call(): Promise<number> {
        return (await fetch(new Request('http://x/holdfast', { method: 'POST', headers: json, body: order })))
          .status;
      }
    }
    await app.unregister(Shop);
    await app.register(Caller);
    const handle = (await app.publish(Broken, { how: 'now' })).of(Caller);
    expect([await handle.result(), await handle.steps()]).toEqual([202, []]);
  });
});

describe('sync', () => {
  test('answers with the values, as JSON has them', async () => {
    const app = await open();
    await app.start();
    const send = overFetch(app.mount({ guard: () => true, sync: true }));
    const { status, text } = await send({ headers: json, body: order });
    const { executions } = JSON.parse(text) as { executions: readonly object[] };
    expect([status, executions]).toMatchObject([
      200,
      [
        {
          worker: 'shop',
          handler: 'ship',
          value: { parcel: 'parcel of o-1', paid: '1', at: '1970-01-01T00:00:00.000Z' },
        },
      ],
    ]);
  });

  test.each([
    ['finally', true],
    ['now', false],
  ])(
    'tells that a handler failed (%s), and whether trying again is of use, but not with what',
    async (how, isNonRetryable) => {
      const app = await open();
      await app.start();
      const send = overFetch(app.mount({ guard: () => true, sync: true }));
      const { status, text } = await send({ headers: json, body: message('broken', { how }) });
      expect([status, JSON.parse(text)]).toMatchObject([
        422,
        {
          error: true,
          code: 'EXECUTION_FAILED',
          isNonRetryable,
          executions: [{ handler: 'fail', success: false }],
        },
      ]);
      expect(text).not.toContain('secret');
    },
  );

  test('tells an end at once that was stored in the turn of the request, not at the next look at the store', async () => {
    const app = await open();
    await app.start();
    const send = overFetch(app.mount({ guard: () => true, sync: true }));
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const askedAt = performance.now();
      await send({ headers: json, body: message('broken', { how: 'finally' }) });
      times.push(performance.now() - askedAt);
    }
    // The store is looked at once a second.
    expect(Math.min(...times)).toBeLessThan(900);
  });

  test('answers as if it were not set when the executions take too long', async () => {
    const app = await open();
    await app.start();
    const send = overFetch(app.mount({ guard: () => true, sync: { timeout: 20 } }));
    expect((await send({ headers: json, body: message('broken', { how: 'never' }) })).status).toBe(202);
  });

  test('stores nothing where nothing runs', async () => {
    const app = await open();
    const send = overFetch(app.mount({ guard: () => true, sync: true }));
    expect((await send({ headers: json, body: order })).status).toBe(503);
    expect(await app.executions.list()).toEqual([]);
  });
});

describe('a guard', () => {
  test('sees the request without its body, and only true lets it in', async () => {
    const app = await open();
    const seen: unknown[] = [];
    const answers: unknown[] = [
      true,
      false,
      undefined,
      'yes',
      1,
      {},
      Promise.resolve(true),
      Promise.resolve('no'),
    ];
    const mount = app.mount({
      guard: (request) => {
        seen.push([request.headers.get('authorization'), request.body, new URL(request.url).pathname]);
        return answers.shift() as boolean;
      },
    });
    const base = await serve((request, response) => void mount.node(request, response));
    const statuses: number[] = [];
    for (const send of [overFetch(mount), overNode(base)])
      for (let round = 0; round < 4; round++)
        statuses.push((await send({ headers: { ...json, authorization: 'Bearer x' }, body: order })).status);
    expect(statuses).toEqual([202, 401, 401, 401, 401, 401, 202, 401]);
    expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(
      new Set(['["Bearer x",null,"/holdfast"]']),
    );
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('the directory is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the directory is down'))],
  ])('that %s lets nobody in, and the operators hear of it', async (_, guard) => {
    const app = await open();
    const answer = await overFetch(app.mount({ guard }))({ headers: json, body: order });
    expect([answer.status, answer.text.includes('directory'), answer.headers['retry-after']]).toEqual([
      503,
      false,
      '5',
    ]);
    expect(faults).toEqual([new Error('the directory is down')]);
  });

  test('alone takes no hints', async () => {
    const app = await open();
    const answer = await overFetch(app.mount({ guard: () => true }))({
      path: '/holdfast/hints',
      headers: json,
      body: '{"v":1,"hints":[]}',
    });
    expect(answer.status).toBe(404);
  });
});

describe('a request that is not authorized', () => {
  const refused = async (mount: Mount, headers: Readonly<Record<string, string>>): Promise<void> =>
    expect(
      (await overFetch(mount)({ path: mount.path, headers: { ...json, ...headers }, body: order })).status,
    ).toBe(401);

  test('leaves a line in the log that says why, and nothing of the request', async () => {
    const mount = (await open()).mount({ signing: KEY, path: '/in' });
    const signed = signedHeaders(KEY, order);
    await refused(mount, {});
    await refused(mount, { ...signed, 'holdfast-timestamp': '1700000000' });
    await refused(mount, { ...signedHeaders(`${KEY} and more`, order), 'x-mark': 'of-the-request' });
    expect(refusals).toEqual(
      ['not-signed', 'out-of-time', 'wrong-signature'].map((reason) => ({
        path: '/in',
        surface: 'events',
        reason,
        count: 1,
      })),
    );
    const text = JSON.stringify([refusals, warnings]);
    for (const secret of ['mark', 'of-the-request', KEY, signed['holdfast-id'] as string])
      expect(text).not.toContain(secret);
  });

  test('does so once a minute, with their number', async () => {
    const clock = new ManualClock();
    const app = await open({ clock });
    const heard: unknown[] = [];
    app.on('http.refused', ({ reason, count }) => heard.push([reason, count]));
    const mount = app.mount({ guard: () => false });
    for (let at = 0; at < 50; at++) await refused(mount, {});
    expect(heard).toEqual([['guard', 1]]);
    clock.advance(60_000);
    await refused(mount, {});
    expect(heard).toEqual([
      ['guard', 1],
      ['guard', 50],
    ]);
    expect(refusals).toHaveLength(2);
  });
});

describe('insecure', () => {
  test('takes what comes from this machine, warns, and is refused in production', async () => {
    const app = await open();
    const mount = app.mount({ insecure: true });
    expect(warnings).toEqual([
      'the mount at /holdfast takes unsigned requests of this machine (insecure: true)',
    ]);
    const send = overNode(await serve((request, response) => void mount.node(request, response)));
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await send({ headers: { ...json, ...headers }, body: order })).status;
    expect(await status({})).toBe(202);
    expect(await status({ host: 'localhost:3000' })).toBe(202);
    expect(await status({ host: 'evil.example.com' })).toBe(401);
    expect(await status({ 'x-forwarded-for': '127.0.0.1' })).toBe(401);
    expect(await status({ forwarded: 'for=127.0.0.1' })).toBe(401);
    const elsewhere = await overFetch(mount)({ headers: json, body: order });
    expect(elsewhere.status).toBe(401);
    const { NODE_ENV } = process.env;
    process.env['NODE_ENV'] = 'production';
    try {
      expect(() => app.mount({ insecure: true })).toThrow(ConfigurationError);
    } finally {
      process.env['NODE_ENV'] = NODE_ENV;
    }
  });
});

describe('a server', () => {
  test('in the style of Express hands on what is not the mount’s, and finds its path below a router', async () => {
    const app = await open();
    const { node } = app.mount({ signing: KEY, path: '/jobs' });
    const base = await serve((request, response) => {
      // As `app.use('/jobs', node)` does.
      const routed = Object.assign(request, { originalUrl: request.url, url: '/' });
      void node(routed, response, () => response.writeHead(418).end());
    });
    const send = overNode(base);
    const headers = goodHeaders(KEY, order, 'a');
    expect((await send({ path: '/jobs?x=1', headers, body: order })).status).toBe(202);
    expect((await send({ path: '/jobs/', headers, body: order })).status).toBe(202);
    expect((await send({ path: '/other', headers, body: order })).status).toBe(418);
  });

  test('that parsed the body before says so to its operators; kept bytes will do', async () => {
    const app = await open();
    const { node } = app.mount({ signing: KEY });
    const drained = async (request: AsyncIterable<Uint8Array>): Promise<Buffer> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of request) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    const parsing = overNode(
      await serve(
        (request, response) =>
          void drained(request).then(() => node(Object.assign(request, { body: {} }), response)),
      ),
    );
    const keeping = overNode(
      await serve(
        (request, response) =>
          void drained(request).then((rawBody) => node(Object.assign(request, { rawBody }), response)),
      ),
    );
    expect((await parsing({ headers: goodHeaders(KEY, order, 'a'), body: order })).status).toBe(503);
    expect(faults).toEqual([
      expect.objectContaining({ message: expect.stringContaining('before express.json()') as string }),
    ]);
    expect((await keeping({ headers: goodHeaders(KEY, order, 'b'), body: order })).status).toBe(202);
  });

  test('that has answered by itself meanwhile is left alone', async () => {
    const app = await open();
    await app.start();
    const { node } = app.mount({ guard: () => true, sync: { timeout: 50 } });
    const answers: Promise<void>[] = [];
    const base = await serve((request, response) => {
      answers.push(node(request, response));
      app.on('execution.accepted', () => void response.writeHead(418).end());
    });
    const { status } = await overNode(base)({ headers: json, body: message('broken', { how: 'never' }) });
    expect([status, await Promise.all(answers)]).toEqual([418, [undefined]]);
  });

  test('gives up a body that trickles, in pieces and without a length too', async () => {
    const app = await open();
    const { node } = app.mount({ signing: KEY, limits: { bodyTimeout: 50, bodyBytes: 100 } });
    const { port } = new URL(await serve((request, response) => void node(request, response)));
    const raw = async (length: string, body: string): Promise<string> => {
      const socket = connect(Number(port), '127.0.0.1');
      const headers = Object.entries(goodHeaders(KEY, order, 'slow')).map((each) => `${each.join(': ')}\r\n`);
      socket.write(`POST /holdfast HTTP/1.1\r\nhost: x\r\n${headers.join('')}${length}\r\n\r\n${body}`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return answer.toString().split('\r\n')[0] ?? '';
    };
    expect(await raw('content-length: 50', '{')).toBe('HTTP/1.1 408 Request Timeout');
    expect(await raw('transfer-encoding: chunked', '1\r\n{\r\n')).toBe('HTTP/1.1 408 Request Timeout');
    expect(await raw('transfer-encoding: chunked', `c8\r\n${'x'.repeat(200)}\r\n`)).toBe(
      'HTTP/1.1 413 Payload Too Large',
    );
    expect(await raw('content-length: 101', '')).toBe('HTTP/1.1 413 Payload Too Large');
  });

  test('gives up a body that a Request does not bring to its end', async () => {
    const app = await open();
    const { POST } = app.mount({ signing: KEY, limits: { bodyTimeout: 20 } });
    let wasCancelled = false;
    const body = new ReadableStream({ cancel: () => void (wasCancelled = true) });
    const init = { method: 'POST', headers: goodHeaders(KEY, order, 'slow'), body, duplex: 'half' };
    const response = await POST(new Request('http://x/holdfast', init as RequestInit));
    expect([response.status, response.headers.get('retry-after'), wasCancelled]).toEqual([408, '1', true]);
  });
});

describe('under load and trouble', () => {
  test('more requests than are served at the same time are told to come again', async () => {
    const app = await open();
    let free: (answer: boolean) => void = () => {};
    const held = new Promise<boolean>((resolve) => {
      free = resolve;
    });
    const send = overFetch(app.mount({ guard: () => held, limits: { requests: 2 } }));
    const taken = [send({ headers: json, body: order }), send({ headers: json, body: order })];
    const refused = await send({ headers: json, body: order });
    expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.text)]).toMatchObject([
      429,
      '1',
      { code: 'TOO_MANY_REQUESTS', isNonRetryable: false },
    ]);
    free(true);
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([202, 202]);
    expect((await send({ headers: json, body: order })).status).toBe(202);
  });

  test('no store is 503, and the event is taken once it is back', async () => {
    const store = memoryStore();
    const write = store.write.bind(store);
    let isDown = true;
    const flaky: Store = Object.assign(store, {
      write: (...args: Parameters<Store['write']>) =>
        isDown ? Promise.reject(new StoreUnavailableError('the host db-7.internal is gone')) : write(...args),
    });
    const app = await open({ store: flaky });
    const send = overFetch(app.mount({ signing: KEY }));
    const headers = goodHeaders(KEY, order, 'again');
    const refused = await send({ headers, body: order });
    expect([refused.status, refused.text.includes('db-7'), JSON.parse(refused.text)]).toMatchObject([
      503,
      false,
      { code: 'STORE_UNAVAILABLE', isNonRetryable: false },
    ]);
    isDown = false;
    expect((await send({ headers, body: order })).status).toBe(202);
  }, 30_000);

  test('a closed app is 503, and mounts no more', async () => {
    const app = await open();
    const send = overFetch(app.mount({ signing: KEY }));
    await app.close();
    expect((await send({ headers: goodHeaders(KEY, order, 'a'), body: order })).status).toBe(503);
    expect(() => app.mount({ signing: KEY })).toThrow('closed');
  });
});

describe('options', () => {
  const wrong: readonly (readonly [options: unknown, told: string])[] = [
    [{}, 'nothing says who may send requests'],
    [{ signing: undefined }, 'nothing says who may send requests'],
    [{ signing: '' }, 'a key has 0 characters'],
    [{ signing: 'short' }, 'a key has 5 characters'],
    [{ signing: [] }, 'it has 0 keys'],
    [{ signing: [KEY, 7] }, 'a key is no text'],
    [{ signing: [KEY, undefined] }, 'a key is no text'],
    [{ signing: { keys: [KEY] } }, 'a key is no text'],
    [{ signing: KEY, insecure: true }, 'signing or a guard is given too'],
    [{ guard: true }, 'Write a function (request) => boolean'],
    [{ signing: KEY, path: 'holdfast' }, "Write one like '/holdfast'"],
    [{ signing: KEY, path: '/a/' }, "Write one like '/holdfast'"],
    [{ signing: KEY, path: '/a/hints' }, "Write one like '/holdfast'"],
    [{ signing: KEY, tolerance: '10 days' }, 'ids are not remembered twice as long'],
    [{ signing: KEY, sync: { timeuot: 1 } }, 'timeuot'],
    [{ signing: KEY, process: { within: 'soon' } }, 'mount(): process.within'],
    [{ signing: KEY, events: ['order', class Mist {}] }, 'mount(): events[1]: class Mist is no event'],
    [
      { signing: KEY, sync: 'yes' },
      "mount(): sync: 'yes' is not possible. Write true, or { timeout: '10s' }",
    ],
    [{ signing: KEY, process: null }, "Write true, or { within: '10s' }"],
    [{ signing: KEY, limits: { bodyBytes: 9e6 } }, 'Write a whole number from 1 to 8388608'],
    [{ signing: KEY, key: KEY }, 'it is no option'],
  ];

  test.each(wrong.map(([options, told]) => [told, options]))('%s: refused (%j)', async (told, options) => {
    const app = await open();
    const mounting = (): unknown => app.mount(options as MountOptions);
    expect(mounting).toThrow(ConfigurationError);
    expect(mounting).toThrow(told);
    expect(mounting).not.toThrow(KEY);
  });
});

test('every mistake of a mount is told at once', async () => {
  const app = await open();
  const options = { path: 'holdfast', sync: 'yes', events: [5], tolerence: 1, limits: { requests: 0 } };
  const error = await (async () => app.mount(options as never))().catch((reason: unknown) => reason);
  expect((error as ConfigurationError).mistakes.map(({ option }) => option).sort()).toEqual([
    'mount(): events[0]',
    'mount(): limits.requests',
    'mount(): path',
    'mount(): signing',
    'mount(): sync',
    'mount(): tolerence',
  ]);
});

test('execute() takes an object or its text, waits for the values, and says what is wrong with either', async () => {
  const app = await open();
  await app.start();
  const { execute } = app.mount({ signing: KEY });
  const values = [expect.objectContaining({ parcel: 'parcel of o-1' })];
  expect(await execute({ event: 'order', data: { id: 'o-1' } })).toEqual(values);
  expect(await execute(order)).toEqual(values);
  await expect(execute('{')).rejects.toThrow('no JSON text');
  await expect(execute('{"event":"order"}')).rejects.toThrow('send {');
  await expect(execute({ event: 'order', data: {} })).rejects.toThrow('id');
  await expect(execute({ event: 'nothing', data: {} })).rejects.toThrow('no event');
});
