import { HintOutbox, type OutboxOptions } from '../../../../lib/adapters/http/hint-outbox.js';
import { hintsIn } from '../../../../lib/adapters/http/hint-body.js';
import { claimOf, verify } from '../../../../lib/adapters/http/signature.js';
import { HintsUndeliveredError } from '../../../../lib/model/errors-http.js';
import type { Hint } from '../../../../lib/model/hint.js';
import type { ExecutionId } from '../../../../lib/model/ids.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const KEY = 'the key of this test, which is long enough';

/** A body is always text. */
type Init = RequestInit & { readonly body: string };

interface Call {
  readonly url: string;
  readonly init: Init;
  readonly hints: readonly Hint[];
  readonly answer: (status: number, headers?: Record<string, string>) => void;
  readonly fail: () => void;
}

let clock: ManualClock;
let calls: Call[];

beforeEach(() => {
  clock = new ManualClock();
  calls = [];
});

function outbox(changes: Partial<OutboxOptions> = {}): HintOutbox {
  return new HintOutbox({
    url: 'https://peer.example.com/holdfast/hints',
    key: KEY,
    timeoutMs: 5_000,
    clock,
    random: { next: () => 1 },
    nextId: () => `request-${calls.length}`,
    buffer: 1_000,
    batch: 100,
    attempts: 4,
    fetch: (url, given) =>
      new Promise((resolve, reject) => {
        const init = given as Init;
        calls.push({
          url,
          init,
          hints: hintsIn(JSON.parse(init.body)) ?? [],
          answer: (status, headers = {}) =>
            resolve(new Response(status === 204 ? null : '{}', { status, headers })),
          fail: () => reject(new TypeError('fetch failed')),
        });
      }),
    ...changes,
  });
}

const hints = (count: number, from = 0): readonly Hint[] =>
  Array.from({ length: count }, (_, at) => ({ executionId: `x${from + at}` as ExecutionId, wakeSeq: 1 }));

/** Lets everything go on that waits for nothing but promises. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function callAt(at: number): Promise<Call> {
  await turn();
  return calls[at] as Call;
}

/** How a promise stands. */
async function stateOf(promise: Promise<void>): Promise<string> {
  await turn();
  return Promise.race([
    promise.then(
      () => 'sent',
      (error: unknown) => String(error),
    ),
    Promise.resolve('waiting'),
  ]).then(async (state) =>
    state === 'waiting'
      ? Promise.race([promise.then(() => 'sent', String), turn().then(() => 'waiting')])
      : state,
  );
}

test('what is sent in one turn is one request, signed, that follows no redirect', async () => {
  const box = outbox();
  const sent = Promise.all([box.send(hints(2)), box.send(hints(1, 2)), box.send([])]);
  const { url, init, hints: told, answer } = await callAt(0);
  expect([url, init.method, init.redirect, told]).toEqual([
    'https://peer.example.com/holdfast/hints',
    'POST',
    'error',
    hints(3),
  ]);
  const headers = new Headers(init.headers as Record<string, string>);
  const claim = claimOf((name) => headers.get(name), clock.now(), 1_000);
  expect(typeof claim !== 'string' && verify([KEY], claim, 'hints', Buffer.from(init.body))).toBe(true);
  answer(202);
  await sent;
  expect(calls).toHaveLength(1);
});

test('while one request is under way the next gathers, no larger than a batch, and none overtakes', async () => {
  const box = outbox({ batch: 10 });
  const sent = [box.send(hints(1)), box.send(hints(25, 1))];
  await turn();
  sent.push(box.send(hints(5, 26)));
  for (const at of [0, 1, 2, 3]) {
    expect(calls).toHaveLength(Math.min(at + 1, 4));
    (await callAt(at)).answer(204);
    await turn();
  }
  await Promise.all(sent);
  expect(calls.map((call) => call.hints.length)).toEqual([10, 10, 10, 1]);
  expect(calls.flatMap((call) => call.hints)).toEqual(hints(31));
});

test('long ids make small requests', async () => {
  const box = outbox();
  const long = hints(3).map((hint, at) => ({ ...hint, executionId: `${at}`.repeat(16_000) as ExecutionId }));
  const sent = box.send(long);
  (await callAt(0)).answer(202);
  await turn();
  for (const call of calls.slice(1)) call.answer(202);
  await turn();
  for (const call of calls.slice(2)) call.answer(202);
  await sent;
  expect(Math.max(...calls.map(({ init }) => init.body.length))).toBeLessThan(128 * 1024);
  expect(calls.length).toBeGreaterThan(1);
});

test('a request that fails is repeated after 100, 200 and 400 ms, and then all that waits is given up', async () => {
  const box = outbox();
  const first = box.send(hints(1));
  await turn();
  const second = box.send(hints(1, 1));
  const answers = Promise.allSettled([first, second]);
  const pauses: number[] = [];
  for (let at = 0; at < 4; at++) {
    const call = await callAt(at);
    if (at % 2 === 0) call.answer(503);
    else call.fail();
    await turn();
    const next = clock.nextTimerAt();
    if (next === null) break;
    pauses.push(next - clock.now());
    clock.advance(next - clock.now());
  }
  await answers;
  await expect(first).rejects.toThrow(HintsUndeliveredError);
  await expect(second).rejects.toThrow(
    'hints did not reach https://peer.example.com/holdfast/hints: the connection failed',
  );
  expect([pauses, calls.length, clock.nextTimerAt()]).toEqual([[100, 200, 400], 4, null]);
});

test('a peer that was given up is asked once for each later request, until it answers', async () => {
  const box = outbox({ attempts: 1 });
  const lost = box.send(hints(1));
  (await callAt(0)).fail();
  await expect(lost).rejects.toThrow('the connection failed');
  const later = box.send(hints(1));
  (await callAt(1)).answer(202);
  await later;
});

test.each([
  [{ 'retry-after': '2' }, 2_000],
  [{ 'retry-after': '3600' }, 5_000],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 100],
  [{}, 100],
])('a peer that is busy and says %j is asked again after %i ms', async (headers, ms) => {
  const box = outbox();
  const sent = box.send(hints(1));
  (await callAt(0)).answer(429, headers);
  await turn();
  expect((clock.nextTimerAt() ?? 0) - clock.now()).toBe(ms);
  clock.advance(ms);
  (await callAt(1)).answer(202);
  await sent;
});

test.each([400, 401, 404, 405, 413, 415, 301])(
  '%i is no matter of time: nothing is repeated',
  async (status) => {
    const box = outbox();
    const sent = box.send(hints(1));
    (await callAt(0)).answer(status);
    await expect(sent).rejects.toThrow(`it answered ${status}`);
    expect([calls.length, clock.nextTimerAt()]).toEqual([1, null]);
  },
);

test('a peer that does not answer is left after the timeout, also by a fetch that does not heed its signal', async () => {
  const box = outbox({ attempts: 1 });
  const sent = box.send(hints(1));
  const { init } = await callAt(0);
  clock.advance(4_999);
  expect([await stateOf(sent), init.signal?.aborted]).toEqual(['waiting', false]);
  clock.advance(1);
  await expect(sent).rejects.toThrow('no answer within 5000 ms');
  expect(init.signal?.aborted).toBe(true);
});

test('more hints than the queue holds are given up at once, those before them are not', async () => {
  const box = outbox({ buffer: 5, batch: 2 });
  const kept = box.send(hints(2));
  await turn();
  const waiting = box.send(hints(3, 2));
  await expect(box.send(hints(1, 5))).rejects.toThrow('5 wait already');
  for (const at of [0, 1, 2]) (await callAt(at)).answer(202);
  await Promise.all([kept, waiting]);
});

describe('drain', () => {
  test('lets what waits go out', async () => {
    const box = outbox({ batch: 1 });
    const sent = box.send(hints(2));
    const drained = box.drain(1_000);
    for (const at of [0, 1]) (await callAt(at)).answer(202);
    await Promise.all([sent, drained]);
    expect(clock.nextTimerAt()).toBeNull();
  });

  test('gives up what is under way, what waits and what rests when its time is over; later hints go out', async () => {
    for (const isResting of [false, true]) {
      calls = [];
      const box = outbox({ batch: 1 });
      const sent = box.send(hints(2));
      const call = await callAt(0);
      if (isResting) call.answer(503);
      await turn();
      const drained = box.drain(50);
      clock.advance(50);
      await drained;
      await expect(sent).rejects.toThrow('the app stops');
      expect([calls.length, clock.nextTimerAt()]).toEqual([1, null]);
      const later = box.send(hints(1));
      (await callAt(1)).answer(202);
      await later;
    }
  });

  test('has nothing to do where nothing was sent', async () => {
    await outbox().drain(1_000);
    expect(clock.nextTimerAt()).toBeNull();
  });
});
