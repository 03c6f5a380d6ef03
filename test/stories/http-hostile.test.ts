import { IsPositive, IsString } from 'class-validator';
import {
  bootstrap,
  defineEvent,
  Event,
  type Logger,
  memoryStore,
  type MemoryStore,
  OnEvent,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { forgeries } from './support/forged-requests.js';
import { bodies } from './support/hostile-bodies.js';
import { type HostileCase, KEY, OLD_KEY } from './support/hostile-case.js';
import { invalidEvents, names } from './support/hostile-events.js';
import { headers, hints } from './support/hostile-headers.js';
import {
  type Answered,
  closeServers,
  goodHeaders,
  overFetch,
  overNode,
  type Send,
  serve,
} from './support/http-requests.js';

@Event('order.placed')
class OrderPlaced {
  @IsString() orderId!: string;
  @IsPositive() total!: number;
}

const UserJoined = defineEvent('user.joined', z.strictObject({ name: z.string(), age: z.int().positive() }));

@Worker('shop')
class Shop {
  @OnEvent(OrderPlaced)
  ship({ orderId }: OrderPlaced): string {
    return orderId;
  }

  @OnEvent(UserJoined)
  greet({ name }: { name: string }): string {
    return name;
  }
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const untouched = JSON.stringify(Reflect.ownKeys(Object.prototype).map(String));

let store: MemoryStore;
let app: WorkerApp;
let ways: readonly (readonly [name: string, send: Send])[];
let faults: unknown[];

beforeAll(async () => {
  store = memoryStore();
  faults = [];
  app = await bootstrap({
    workers: [Shop],
    store,
    logger: quiet,
    onError: (error) => void faults.push(error),
  });
  const mount = app.mount({ signing: [KEY, OLD_KEY] });
  const base = await serve((request, response) => void mount.node(request, response));
  ways = [
    ['node:http', overNode(base)],
    ['fetch', overFetch(mount)],
  ];
});

afterAll(async () => {
  await closeServers();
  await app.close();
});

/** What is wrong with how a case was answered; null: nothing. */
async function faultOf(send: Send, { sent, allowed }: HostileCase): Promise<string | null> {
  const before = JSON.stringify(store.getState());
  const answer = await send(sent).catch((error: unknown) => error as NodeJS.ErrnoException);
  // A client that still sends what nobody reads may find the connection closed before it reads the answer.
  if (answer instanceof Error)
    return allowed.includes(413) && /ECONNRESET|EPIPE/.test(String((answer as NodeJS.ErrnoException).code))
      ? null
      : String(answer);
  if (!allowed.includes(answer.status)) return `answered ${answer.status}: ${answer.text}`;
  if (answer.status >= 400 && JSON.stringify(store.getState()) !== before)
    return 'was refused, and something was written';
  if (JSON.stringify(Reflect.ownKeys(Object.prototype).map(String)) !== untouched || 'polluted' in {})
    return 'changed Object.prototype';
  return faultOfAnswer(answer, sent.method);
}

function faultOfAnswer({ status, headers, text }: Answered, method = 'POST'): string | null {
  if (/canary|alert|document|polluted|node_modules|\.ts:\d|\bat \w+ \(/.test(text))
    return `told too much: ${text}`;
  if (headers['x-content-type-options'] !== 'nosniff') return 'may be sniffed';
  if (!headers['content-type']?.startsWith('application/json')) return `is ${headers['content-type']}`;
  if (status < 400 || method === 'HEAD') return null;
  const body = JSON.parse(text) as Record<string, unknown>;
  const isWhole =
    body['error'] === true && typeof body['code'] === 'string' && typeof body['message'] === 'string';
  return isWhole && body['isNonRetryable'] === true ? null : `is no refusal: ${text}`;
}

const tables = [
  ['a body that is no message', bodies()],
  ['data that its schema refuses', invalidEvents()],
  ['an odd name', names()],
  ['a wrong header, method or path', headers()],
  ['a forged request', forgeries()],
  ['what is no hint', hints()],
] as const;

test('the corpus has its size', () => {
  const cases = tables.flatMap(([, table]) => table);
  expect(cases.length).toBeGreaterThanOrEqual(700);
  expect(new Set(cases.map(({ sent }) => JSON.stringify(sent))).size).toBeGreaterThan(0.98 * cases.length);
});

test.each(tables)(
  '%s is refused with nothing written, or is text like any other, over each server',
  async (_, table) => {
    const wrong: string[] = [];
    for (const [way, send] of ways)
      for (const each of table) {
        if (way === 'fetch' && each.onlyNode === true) continue;
        const fault = await faultOf(send, each);
        if (fault !== null) wrong.push(`${way}, ${each.name}: ${fault}`);
      }
    expect(wrong).toEqual([]);
  },
  60_000,
);

test('none of it was the app’s own fault', () => {
  expect(faults).toEqual([]);
});

test('a request that comes a hundred times over is one event, in turn or at once', async () => {
  const body = JSON.stringify({ event: 'order.placed', data: { orderId: 'o-replayed', total: 5 } });
  const replayed = goodHeaders(KEY, body, 'replayed');
  const answers = new Set<string>();
  for (const [, send] of ways) {
    for (let round = 0; round < 25; round++) answers.add((await send({ headers: replayed, body })).text);
    for (const each of await Promise.all(Array.from({ length: 25 }, () => send({ headers: replayed, body }))))
      answers.add(each.text);
  }
  expect(answers.size).toBe(1);
  const executions = await app.executions.list({ limit: 1_000 });
  const [answer = ''] = answers;
  const [{ id }] = (JSON.parse(answer) as { executions: [{ id: string }] }).executions;
  expect(executions.filter((each) => each.id === id)).toHaveLength(1);
});

test('the same id with other data is a conflict, and the key before is believed until it is taken out', async () => {
  const [, send] = ways[0] ?? [];
  const post = async (total: number, key: string, id: string): Promise<number | undefined> => {
    const body = JSON.stringify({ event: 'order.placed', data: { orderId: 'o-9', total } });
    return (await send?.({ headers: goodHeaders(key, body, id), body }))?.status;
  };
  expect([await post(1, KEY, 'one'), await post(2, KEY, 'one')]).toEqual([202, 409]);
  expect(await post(3, OLD_KEY, 'two')).toBe(202);
  const later = overFetch(app.mount({ signing: KEY }));
  const body = JSON.stringify({ event: 'order.placed', data: { orderId: 'o-9', total: 4 } });
  expect((await later({ headers: goodHeaders(OLD_KEY, body, 'three'), body })).status).toBe(401);
});
