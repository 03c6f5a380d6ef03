import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  DefinitionError,
  defineEvent,
  httpDispatcher,
  InvalidEventError,
  memoryStore,
  type Mount,
  NonRetryableError,
  OnEvent,
  silentLogger,
  sqliteStore,
  Step,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { closeServers, goodHeaders, overFetch, overNode, serve } from './support/http-requests.js';

const KEY = 'the key of this test, which is long enough';
const Signup = defineEvent('user.signup', z.object({ email: z.email() }));
const ran: string[] = [];

@Worker('signup')
class SignupWorker {
  @OnEvent(Signup)
  async welcome({ email }: { email: string }): Promise<string> {
    if (email === 'gone@example.com') throw new NonRetryableError('no such mailbox');
    return this.send(email);
  }

  @Step()
  async send(email: string): Promise<string> {
    ran.push(email);
    return `sent to ${email}`;
  }
}

let app: WorkerApp;

beforeEach(async () => {
  ran.length = 0;
  app = await bootstrap({ workers: [SignupWorker], store: memoryStore(), logger: silentLogger });
  await app.start();
});

afterEach(async () => {
  await app.close();
  await closeServers();
});

const email = 'ada@example.com';
const body = JSON.stringify({ event: 'user.signup', data: { email } });

test('I14 · one id of two workers is an error at boot, not at the mount', async () => {
  @Worker('signup')
  class Other {
    @OnEvent(Signup)
    other(): void {}
  }
  await expect(bootstrap({ workers: [SignupWorker, Other], store: memoryStore() })).rejects.toThrow(
    DefinitionError,
  );
});

test('I17 · I18 · a message runs from an object or its text, and what is wrong with it is an InvalidEventError', async () => {
  const { execute } = app.mount({ signing: KEY });
  expect(await execute({ event: 'user.signup', data: { email } })).toEqual([`sent to ${email}`]);
  expect(await execute(body)).toEqual([`sent to ${email}`]);
  for (const wrong of ['{', '{}', '{"event":"user.signup"}', '{"event":"user.signup","data":{"email":1}}'])
    await expect(execute(wrong)).rejects.toThrow(InvalidEventError);
});

test('case 25 · I18 · I21 · a message that names an execution, a step or a result is refused, signed or not', async () => {
  const send = overFetch(app.mount({ signing: KEY }));
  const forged = JSON.stringify({
    event: 'user.signup',
    data: { email },
    context: { executionId: 'x', taskId: 'welcome:send', timestamp: 1 },
  });
  expect((await send({ headers: goodHeaders(KEY, forged, 'a'), body: forged })).status).toBe(400);
  expect((await send({ headers: { 'content-type': 'application/json' }, body: forged })).status).toBe(401);
  expect((await send({ headers: { 'content-type': 'application/json' }, body })).status).toBe(401);
  expect([ran, await app.executions.list()]).toEqual([[], []]);
});

test('I20 · B16 · options of a publish reach the dispatcher untouched', async () => {
  const seen: unknown[] = [];
  const web = await bootstrap({
    workers: [SignupWorker],
    role: 'publisher',
    store: memoryStore(),
    logger: silentLogger,
    dispatcher: {
      local: false,
      start: async () => {},
      stop: async () => {},
      send: async (_, options) => void seen.push(options),
    },
  });
  await web.publish(Signup, { email }, { dispatcher: { delay: 300, retries: 0 } });
  expect(seen).toEqual([{ delay: 300, retries: 0 }]);
  await web.close();
});

test('I30 · B6 · a dispatcher over HTTP looks at the status, and what it could not tell is not lost', async () => {
  const statuses = [500, 302, 404];
  const base = await serve((_, response) =>
    response.writeHead(statuses.shift() ?? 202, { location: '/elsewhere' }).end(),
  );
  const dispatcher = httpDispatcher({ url: base, signing: KEY, attempts: 1 });
  const hint = [{ executionId: 'x' as never, wakeSeq: 1 }];
  await expect(dispatcher.send(hint)).rejects.toThrow('it answered 500');
  await expect(dispatcher.send(hint)).rejects.toThrow('redirect');
  await expect(dispatcher.send(hint)).rejects.toThrow('it answered 404');
  await dispatcher.send(hint);
});

test('B11 · sync tells a failure by its status; without it nothing is streamed behind a 202', async () => {
  const gone = JSON.stringify({ event: 'user.signup', data: { email: 'gone@example.com' } });
  const sync = overFetch(app.mount({ signing: KEY, sync: true }));
  const answers = [
    await sync({ headers: goodHeaders(KEY, body, 'a'), body }),
    await sync({ headers: goodHeaders(KEY, gone, 'b'), body: gone }),
    await overFetch(app.mount({ signing: KEY }))({ headers: goodHeaders(KEY, gone, 'c'), body: gone }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 422, 202]);
  expect(JSON.parse(answers[1]?.text ?? '')).toMatchObject({ error: true, isNonRetryable: true });
  expect(Object.keys(JSON.parse(answers[2]?.text ?? '') as object)).toEqual(['accepted', 'executions']);
});

test('B12 · without sync the answer is whole when the event is stored; with it, when the handlers have ended', async () => {
  const late = await app.publish(Signup, { email: 'first@example.com' });
  await late.executions[0]?.result();
  await app.pause(SignupWorker);
  const answered = overFetch(app.mount({ signing: KEY }));
  const waiting = overFetch(app.mount({ signing: KEY, sync: true }));
  const accepted = await answered({ headers: goodHeaders(KEY, body, 'a'), body });
  const answer = JSON.parse(accepted.text) as { accepted: boolean; executions: [{ id: string }] };
  const { id } = answer.executions[0];
  expect([accepted.status, answer.accepted, await app.execution(id).status()]).toEqual([
    202,
    true,
    'pending',
  ]);
  let hasAnswered = false;
  const whole = waiting({ headers: goodHeaders(KEY, body, 'b'), body }).finally(() => {
    hasAnswered = true;
  });
  while ((await app.stats()).pending < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(hasAnswered).toBe(false);
  await app.resume(SignupWorker);
  const { status, text } = await whole;
  expect([status, JSON.parse(text)]).toMatchObject([200, { executions: [{ value: `sent to ${email}` }] }]);
});

test('B13 · an error is { error, code, message, isNonRetryable }, never a stack, a 500, or a 200 for what failed', async () => {
  const send = overFetch(app.mount({ signing: KEY, sync: true }));
  const post = async (text: string, id: string): Promise<readonly [number, Record<string, unknown>]> => {
    const answer = await send({ headers: goodHeaders(KEY, text, id), body: text });
    return [answer.status, JSON.parse(answer.text) as Record<string, unknown>];
  };
  const answers = [
    await post('{', 'a'),
    await post('{"event":"user.signup","data":{"email":"nobody"}}', 'b'),
    await post('{"event":"user.gone","data":{}}', 'c'),
    await post('{"event":"user.signup","data":{"email":"gone@example.com"}}', 'd'),
  ];
  expect(answers.map(([status, { code, isNonRetryable }]) => [status, code, isNonRetryable])).toEqual([
    [400, 'BODY_INVALID', true],
    [400, 'EVENT_INVALID', true],
    [400, 'EVENT_UNKNOWN', true],
    [422, 'EXECUTION_FAILED', true],
  ]);
  for (const [, answer] of answers) {
    expect([answer['error'], typeof answer['message'], 'stack' in answer]).toEqual([true, 'string', false]);
    expect(JSON.stringify(answer)).not.toMatch(/no such mailbox|\bat \w+ \(|nobody/);
  }
});

test('B1 · one call makes the worker: a schema of all events, an address, and what is left out has a default', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rows-'));
  const store = (): ReturnType<typeof sqliteStore> => sqliteStore(join(folder, 'jobs.db'));
  const told: string[] = [];
  const served: { mount?: Mount } = {};
  const base = await serve((request, response) => void served.mount?.node(request, response));
  const jobs = await bootstrap({
    workers: [SignupWorker],
    store: store(),
    logger: silentLogger,
    sweep: '1 hour',
  });
  await jobs.start();
  served.mount = jobs.mount({ signing: KEY });
  const web = await bootstrap({
    events: z.discriminatedUnion('type', [
      z.object({ type: z.literal('user.signup'), email: z.email() }),
      z.object({ type: z.literal('user.left'), email: z.email() }),
    ]),
    role: 'publisher',
    concurrency: 5,
    store: store(),
    dispatcher: httpDispatcher({ url: `${base}/holdfast`, signing: KEY }),
    onError: () => void told.push('an error'),
    logger: { ...silentLogger, warn: (message) => void told.push(message) },
    metrics: { increment: (name) => void told.push(name), timing: () => {}, gauge: () => {} },
  });
  try {
    const published = await web.publish({ type: 'user.signup', email });
    // The sweep would be an hour away: the address was told.
    expect(await published.executions[0]?.result()).toBe(`sent to ${email}`);
    await expect(web.publish({ type: 'user.signup', email: 'nobody' })).rejects.toThrow(InvalidEventError);
    expect(told).toContain('holdfast.execution.accepted');
    expect(told).not.toContain('an error');
  } finally {
    await web.close();
    await jobs.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('B26 · the same app answers a Request, node:http and whoever has a next()', async () => {
  const { POST, node } = app.mount({ signing: KEY });
  const headers = goodHeaders(KEY, body, 'a');
  const response = await POST(new Request('https://x/api/any', { method: 'POST', headers, body }));
  const base = await serve(
    (request, answer) => void node(request, answer, () => answer.writeHead(418).end()),
  );
  const send = overNode(base);
  const [own, other] = [await send({ headers, body }), await send({ path: '/x', headers, body })];
  expect([response.status, own.status, other.status]).toEqual([202, 202, 418]);
  expect(await response.text()).toBe(own.text);
});
