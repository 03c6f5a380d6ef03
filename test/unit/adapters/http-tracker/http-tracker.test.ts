import { httpTracker } from '../../../../lib/adapters/http-tracker/http-tracker.js';
import type { Fetch, HttpTrackerOptions } from '../../../../lib/adapters/http-tracker/http-options.js';
import type { LifecycleEvent } from '../../../../lib/model/lifecycle-event.js';
import type { HandlerKind, Tracking } from '../../../../lib/ports/tracker.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';
import { answers, hangs, RecordingServer, takes } from './recording-server.js';

let server: RecordingServer;
let clock: ManualClock;
let faults: string[];
let tracking: Tracking;
let underWay: number;

beforeEach(async () => {
  server = await RecordingServer.start();
  clock = new ManualClock();
  faults = [];
  underWay = 0;
});

afterEach(async () => {
  tracking.end();
  await server.stop();
});

function track(options: Partial<HttpTrackerOptions> = {}, kind: HandlerKind = 'event'): Tracking {
  let ids = 0;
  const counted: Fetch = async (url, init) => {
    underWay++;
    try {
      return await fetch(url, init);
    } finally {
      underWay--;
    }
  };
  tracking = httpTracker({ endpoint: server.url, fetch: counted, ...options }).track({
    clock,
    random: { next: () => 0.5 },
    ids: { next: () => `id-${++ids}` },
    kindOf: () => kind,
    fault: (error) => faults.push(String(error)),
  });
  return tracking;
}

const of = { worker: 'orders', handler: 'fulfil', session: null, at: Date.UTC(2026, 0, 1) } as const;

function completed(id: number): LifecycleEvent {
  const executionId = `e${id}` as never;
  return { name: 'execution.completed', executionId, attempt: 1, durationMs: 7, ...of };
}

function failed(id: number, error: unknown = new Error('no stock')): LifecycleEvent {
  const executionId = `e${id}` as never;
  return { name: 'execution.failed', executionId, attempt: 3, durationMs: 7, step: null, error, ...of };
}

const sentIds = () => server.taken.map(({ executionId }) => executionId);

/** Moves time on until it holds; while an answer is on its way, time stands still. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (underWay === 0 || server.behaves === hangs) clock.advance(1_000);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

const asked = (times: number): Promise<void> => until(() => server.requests.length >= times);

describe('a batch', () => {
  it('is posted when it is full, or when its first event has waited for the interval', async () => {
    track({ batchSize: 3, flushInterval: '5s' });
    for (let id = 1; id <= 4; id++) tracking.add(completed(id));
    await server.until(() => server.requests.length === 1);
    expect(sentIds()).toEqual(['e1', 'e2', 'e3']);
    await until(() => server.requests.length === 2);
    expect(sentIds()).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(faults).toEqual([]);
  });

  it('holds each event with an id of its own, service and environment, and what its name has', async () => {
    track({
      serviceKey: 'shop',
      env: 'production',
      headers: { authorization: 'Bearer t0ken' },
      batchSize: 1,
    });
    tracking.add(
      failed(1, Object.assign(new Error('no stock', { cause: new TypeError('x') }), { request: 's3cret' })),
    );
    await server.until(() => server.requests.length === 1);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      'content-type': 'application/json',
    });
    expect(server.taken).toEqual([
      {
        id: 'id-1',
        ...failed(1),
        error: {
          name: 'Error',
          message: 'no stock',
          code: null,
          cause: { name: 'TypeError', message: 'x', code: null },
        },
        serviceKey: 'shop',
        env: 'production',
      },
    ]);
  });

  it('leaves out what JSON cannot say and what is too long, and names it', async () => {
    track({ batchSize: 2 });
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const custom = { name: 'custom.x' as const, executionId: 'e1' as never, ...of };
    tracking.add({ ...custom, data: circle });
    tracking.add({ ...custom, data: 'x'.repeat(100_000) });
    await server.until(() => server.requests.length === 1);
    expect(server.taken).toMatchObject([
      { name: 'custom.x', executionId: 'e1', omitted: ['data'] },
      { name: 'custom.x', omitted: ['data'] },
    ]);
  });
});

describe('an endpoint that is away', () => {
  it.each([
    ['answers 500', () => (server.behaves = answers(500)), /answered 500/],
    ['wants a key', () => (server.behaves = answers(401)), /answered 401/],
    [
      'points elsewhere',
      () => (server.behaves = answers(302, { location: 'http://127.0.0.1:1/' })),
      /answered 302/,
    ],
    ['hangs', () => (server.behaves = hangs), /did not answer within 2000 ms/],
  ])('that %s gets all events when it has recovered, and one fault tells of it', async (_, fail, what) => {
    fail();
    track({ batchSize: 2, timeout: '2s' });
    for (let id = 1; id <= 3; id++) tracking.add(completed(id));
    tracking.add(failed(4));
    await asked(4);
    server.behaves = takes;
    // What hangs ends by its timeout.
    clock.advance(60_000);
    await until(() => server.taken.length === 4);
    expect(sentIds()).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(faults).toEqual([expect.stringMatching(what)]);
    expect(faults[0]).not.toMatch(/s3cret|t0ken|ingest|secret words/);
    expect(faults[0]).toContain(new URL(server.url).origin);
  });

  it('that refuses connections gets all events when it listens again', async () => {
    await server.stop();
    track({ batchSize: 2 });
    tracking.add(completed(1));
    tracking.add(failed(2));
    await until(() => faults.length === 1);
    expect(faults[0]).toMatch(/could not be reached \(ECONNREFUSED\)/);
    await server.restart();
    await until(() => server.taken.length === 2);
    expect(sentIds()).toEqual(['e1', 'e2']);
  });

  it('is asked less and less often, and as late as it wants', async () => {
    const instants: number[] = [];
    const fetch = async () => {
      instants.push(clock.monotonic());
      const retryAfter = instants.length === 3 ? '30' : null;
      return { status: 503, headers: { get: () => retryAfter }, text: async () => '' };
    };
    track({ batchSize: 1, fetch });
    tracking.add(completed(1));
    for (let second = 0; second < 100; second++) {
      clock.advance(1_000);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    const pauses = instants.map((at, i) => at - (instants[i - 1] ?? at)).slice(1);
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 30_000, 8_000]);
  });

  it('costs the work nothing but memory that is bounded, and failures are given up last', async () => {
    server.behaves = hangs;
    track({ batchSize: 10, maxBuffered: 50, timeout: '1h' });
    for (let id = 1; id <= 10; id++) tracking.add(completed(id));
    await server.until(() => server.requests.length === 1);
    for (let id = 11; id <= 500; id++) tracking.add(id % 20 === 0 ? failed(id) : completed(id));
    server.behaves = takes;
    clock.advance(3_600_000);
    await until(() => server.taken.length === 50);
    const failures = Array.from({ length: 25 }, (_, i) => `e${(i + 1) * 20}`);
    expect(sentIds()).toEqual(expect.arrayContaining(failures));
    // The first batch was under way; the rest are failures and the newest.
    expect(sentIds().filter((id) => !failures.includes(String(id)))).toHaveLength(25);
    expect(server.requests.find(({ dropped }) => dropped !== undefined)?.dropped).toBe(450);
    expect(server.requests.at(-1)?.dropped).toBeUndefined();
    expect(faults).toEqual([
      expect.stringMatching(/50 events wait/),
      expect.stringMatching(/did not answer/),
    ]);
  });

  it('gives up failures only when it holds nothing else', async () => {
    server.behaves = answers(500);
    track({ batchSize: 5, maxBuffered: 5 });
    for (let id = 1; id <= 8; id++) tracking.add(failed(id));
    server.behaves = takes;
    await until(() => server.taken.length === 5);
    expect(sentIds()).toEqual(['e4', 'e5', 'e6', 'e7', 'e8']);
  });
});

describe('an event that is refused', () => {
  it('is found and given up, and no other is', async () => {
    server.behaves = ({ events }, response) =>
      void response.writeHead(events.some(({ executionId }) => executionId === 'e5') ? 422 : 200).end();
    track({ batchSize: 8 });
    for (let id = 1; id <= 8; id++) tracking.add(id % 2 === 0 ? completed(id) : failed(id));
    await until(() => server.taken.length === 7);
    expect(sentIds()).toEqual(['e1', 'e2', 'e3', 'e4', 'e6', 'e7', 'e8']);
    tracking.add(completed(9));
    await until(() => server.taken.length === 8);
    expect(server.requests.at(-1)?.dropped ?? server.requests.at(-2)?.dropped).toBe(1);
    expect(faults).toEqual([expect.stringMatching(/refuses 1 of the events/)]);
  });

  it('is kept where the endpoint refuses every one', async () => {
    server.behaves = answers(400);
    track({ batchSize: 4 });
    for (let id = 1; id <= 6; id++) tracking.add(failed(id));
    await asked(12);
    server.behaves = takes;
    await until(() => server.taken.length === 6);
    expect(new Set(sentIds())).toEqual(new Set(['e1', 'e2', 'e3', 'e4', 'e5', 'e6']));
    expect(faults).toEqual([expect.stringMatching(/answered 400: 6 events wait/)]);
  });

  it('is sent alone when the batch is too large for the endpoint', async () => {
    server.behaves = ({ events }, response) => void response.writeHead(events.length > 1 ? 413 : 200).end();
    track({ batchSize: 4 });
    for (let id = 1; id <= 4; id++) tracking.add(completed(id));
    await until(() => server.taken.length === 4);
    expect(sentIds()).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(faults).toEqual([]);
  });
});

describe('flush', () => {
  it('sends what waits at once, and holds no timer afterwards', async () => {
    track({ flushInterval: '1h', batchSize: 2 });
    for (let id = 1; id <= 5; id++) tracking.add(completed(id));
    await tracking.flush();
    expect(sentIds()).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
    expect(clock.nextTimerAt()).toBeNull();
    await tracking.flush();
  });

  it('waits no longer than it may, tells what is left, and sends it when work goes on', async () => {
    server.behaves = hangs;
    track({ flushTimeout: '3s', timeout: '1h' });
    tracking.add(failed(1));
    const flushed = tracking.flush();
    await server.until(() => server.requests.length === 1);
    clock.advance(3_000);
    await flushed;
    expect(faults).toEqual([expect.stringMatching(/1 events are not sent yet/)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.nextTimerAt()).toBeNull();
    server.behaves = takes;
    tracking.add(completed(2));
    await until(() => server.taken.length === 2);
    expect(sentIds()).toEqual(['e1', 'e2']);
  });

  it('tries again within its bound', async () => {
    server.behaves = answers(503);
    track({ flushTimeout: '10s' });
    tracking.add(failed(1));
    const flushed = tracking.flush();
    await server.until(() => server.requests.length === 1);
    server.behaves = takes;
    await until(() => server.taken.length === 1);
    await flushed;
    expect(clock.monotonic()).toBeLessThan(10_000);
  });
});

it.each([
  [{ endpoint: 'nowhere' }, 'endpoint: it is no URL'],
  [{ endpoint: 'ftp://x/' }, 'endpoint: it begins with ftp:'],
  [{ endpoint: 'https://me:pass@x/' }, 'endpoint: it holds a user or a password'],
  [{ headers: { 'x y': 'z' } }, 'headers: "x y" cannot be sent'],
  [{ headers: { 'x-key': 's3cret\n' + '\u0001' } }, 'headers: "x-key" cannot be sent'],
  [{ batchSize: 0 }, 'batchSize: 0 is not possible'],
  [{ flushInterval: 'soon' }, 'flushInterval: soon is not possible'],
  [{ timeout: 0 }, 'timeout: 0 is not possible'],
  [{ names: 'other' }, 'names: other is not possible'],
  [{ events: ['execution.done'] }, "events: no lifecycle event is named 'execution.done'"],
  [{ key: 'x' }, 'key: it is no option'],
])('options %j are refused', (options, found) => {
  track();
  expect(() => httpTracker({ endpoint: 'https://x/', ...options } as HttpTrackerOptions)).toThrow(
    `httpTracker(): ${found}`,
  );
  expect(() => httpTracker({ endpoint: 'https://x/', ...options } as HttpTrackerOptions)).not.toThrow(
    /s3cret|pass@/,
  );
});
