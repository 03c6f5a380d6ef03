import type { Inbound } from '../../../../lib/adapters/http/inbound.js';
import { hintBody } from '../../../../lib/adapters/http/hint-body.js';
import {
  type MountHost,
  type MountRules,
  MountSurfaces,
} from '../../../../lib/adapters/http/mount-surfaces.js';
import { sign, type Surface } from '../../../../lib/adapters/http/signature.js';
import type { Hint } from '../../../../lib/model/hint.js';
import type { ExecutionId } from '../../../../lib/model/ids.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const KEY = 'the key of this test, which is long enough';
const MINUTE = 60_000;

let clock: ManualClock;
let hinted: Hint[];
let published: (readonly unknown[])[];

beforeEach(() => {
  clock = new ManualClock();
  hinted = [];
  published = [];
});

function surfaces(host: Partial<MountHost> = {}, rules: Partial<MountRules> = {}): MountSurfaces {
  return new MountSurfaces(
    {
      clock,
      limits: () => ({ depth: 64, keys: 1_000 }),
      phase: () => 'started',
      publish: async (...event) => {
        published.push(event);
        return { executions: [], ended: async () => [] };
      },
      hint: (hints) => void hinted.push(...hints),
      process: null,
      fault: (_, error) => {
        throw error;
      },
      refused: () => {},
      warn: () => {},
      ...host,
    },
    {
      path: '/holdfast',
      keys: [KEY],
      toleranceMs: 5 * MINUTE,
      guard: null,
      insecure: false,
      syncMs: null,
      bodyBytes: 1_000,
      bodyTimeoutMs: 10_000,
      requests: 10,
      rate: null,
      ...rules,
    },
  );
}

function signed(surface: Surface, body: string, { id = 'one', at = clock.now() } = {}): Inbound {
  const timestamp = String(Math.floor(at / 1_000));
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/json',
    ...sign(KEY, { surface, id, timestamp, body: Buffer.from(body) }),
  };
  return {
    method: 'POST',
    path: '/holdfast',
    header: (name) => headers[name] ?? null,
    address: null,
    isFromHere: false,
    guarded: () => new Request('http://x/'),
    body: () => ({ bytes: Promise.resolve(Buffer.from(body)), stop: () => {} }),
  };
}

const event = JSON.stringify({ event: 'order', data: {} });

test.each([
  [4 * MINUTE + 59_000, 202],
  [5 * MINUTE, 202],
  [5 * MINUTE + 1_000, 401],
  [60 * MINUTE, 401],
])('a request signed %i ms ago, or by a clock so much ahead, is answered %i', async (ms, status) => {
  for (const at of [clock.now() - ms, clock.now() + ms]) {
    const answer = await surfaces().answer(signed('events', event, { at }), 'events');
    expect(answer.status).toBe(status);
  }
});

test('a signed event without an id has that of its request; one with an id keeps it', async () => {
  const mounted = surfaces();
  await mounted.answer(signed('events', event, { id: 'r-1' }), 'events');
  await mounted.answer(signed('events', JSON.stringify({ event: 'order', data: {}, id: 'mine' })), 'events');
  expect(published).toEqual([
    ['order', {}, 'http:r-1'],
    ['order', {}, 'mine'],
  ]);
});

test('hints are handed on once, however often their request comes within the window', async () => {
  const mounted = surfaces();
  const hint: Hint = { executionId: 'x' as ExecutionId, wakeSeq: 7 };
  const request = signed('hints', hintBody([hint]));
  const statuses = [];
  for (let round = 0; round < 3; round++) statuses.push((await mounted.answer(request, 'hints')).status);
  expect([statuses, hinted]).toEqual([[202, 202, 202], [hint]]);
  await mounted.answer(signed('hints', hintBody([hint]), { id: 'two' }), 'hints');
  expect(hinted).toHaveLength(2);
});

test('an app that runs nothing takes events and no hints', async () => {
  const mounted = surfaces({ phase: () => 'open' });
  expect((await mounted.answer(signed('events', event), 'events')).status).toBe(202);
  expect((await mounted.answer(signed('hints', hintBody([])), 'hints')).status).toBe(503);
});

test('what is not written is not answered 202: the answer waits for the publish', async () => {
  let store: () => void = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const mounted = surfaces({
    publish: async () => {
      await stored;
      return { executions: [], ended: async () => [] };
    },
  });
  let isAnswered = false;
  const answer = mounted.answer(signed('events', event), 'events').then(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => void setImmediate(resolve));
  expect(isAnswered).toBe(false);
  store();
  await answer;
});

test('whatever goes wrong inside is 503, told to the operators and to nobody else', async () => {
  const faults: unknown[] = [];
  const mounted = surfaces({
    publish: () => Promise.reject(new Error('password=hunter2')),
    fault: (...fault) => void faults.push(fault),
  });
  const answer = await mounted.answer(signed('events', event), 'events');
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toEqual({
    error: true,
    code: 'UNAVAILABLE',
    message: 'the request could not be served',
    isNonRetryable: false,
  });
  expect(faults).toEqual([['serve a request', new Error('password=hunter2')]]);
});

test.each([
  ['its executions cannot be awaited', {}, () => Promise.reject(new Error('closed'))],
  ['the pass that it asks for fails', { process: () => Promise.reject(new Error('closed')) }, async () => []],
] as const)('an event that is stored is accepted, also when %s', async (_, host, ended) => {
  const faults: unknown[] = [];
  const mounted = surfaces(
    {
      ...host,
      publish: async () => ({ executions: [], ended }),
      fault: (...fault) => void faults.push(fault),
    },
    { syncMs: 1_000 },
  );
  expect((await mounted.answer(signed('events', event), 'events')).status).toBe(202);
  expect(faults).toEqual([['serve a request', new Error('closed')]]);
});

test.each([
  ['/holdfast', 'events'],
  ['/holdfast/', 'events'],
  ['/holdfast/hints', 'hints'],
  ['/holdfast/hints//', 'hints'],
  ['/holdfast/events', null],
  ['/x/holdfast', null],
  ['/', null],
  ['', null],
])('at %j there is %j', (path, surface) => {
  expect(surfaces().surfaceAt(path)).toBe(surface);
});

test('a path of a million slashes takes no time', () => {
  const startedAt = performance.now();
  surfaces().surfaceAt(`${'/'.repeat(1_000_000)}x`);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
