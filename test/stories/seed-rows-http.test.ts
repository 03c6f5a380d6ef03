import {
  bootstrap,
  DefinitionError,
  defineEvent,
  httpDispatcher,
  InvalidEventError,
  memoryStore,
  NonRetryableError,
  OnEvent,
  silentLogger,
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
