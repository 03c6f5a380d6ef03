import {
  Actor,
  type ActorContext,
  bootstrap,
  Debounce,
  defineEvent,
  Every,
  type Fetch,
  fixed,
  httpTracker,
  type HttpTrackerOptions,
  memoryStore,
  NonRetryableError,
  OnAlarm,
  OnEvent,
  type RecurringContext,
  Retry,
  silentLogger,
  Step,
  Worker,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { hangs, RecordingServer, takes } from '../unit/adapters/http-tracker/recording-server.js';

const Ordered = defineEvent('ordered', z.object({ id: z.string() }));

@Worker('orders')
class OrderWorker {
  @OnEvent(Ordered)
  @Retry({ maxAttempts: 2, backoff: fixed('10s') })
  async fulfil({ id }: { id: string }): Promise<string> {
    if (id === 'bad') throw new Error('no stock');
    if (id === 'declined') throw new NonRetryableError('declined');
    return this.charge(id);
  }

  @Step() async charge(id: string): Promise<string> {
    return id;
  }
}

@Worker('reports')
class ReportWorker {
  @Every('1 hour') async hourly(): Promise<string> {
    return 'done';
  }
}

@Worker('tokens')
class TokenWorker {
  @Every('1 hour', { keyed: true, state: z.object({}) })
  async refresh(times: number, ctx: RecurringContext<object>): Promise<void> {
    if (ctx.runCount >= times) await ctx.terminate({ reason: 'enough' });
  }
}

@Actor({ id: 'reminder', key: 'id', state: z.object({ by: z.string() }) })
class Reminder {
  @OnEvent(Ordered) ordered(_: { id: string }, ctx: ActorContext<{ by: string }>): void {
    ctx.setState({ by: 'mail' });
    ctx.schedule('1 hour');
  }

  @OnAlarm() async remind(ctx: ActorContext<{ by: string }>): Promise<void> {
    await ctx.terminate({ reason: 'reminded' });
  }
}

type Sent = Readonly<Record<string, unknown>>;

/** An endpoint in this process. */
function endpoint(): { readonly sent: Sent[]; fails: boolean; readonly fetch: Fetch } {
  const made = {
    sent: [] as Sent[],
    fails: false,
    fetch: async (_: string, { body }: { readonly body: string }) => {
      if (made.fails) throw new TypeError('fetch failed');
      made.sent.push(...(JSON.parse(body) as { readonly events: Sent[] }).events);
      return { status: 202, headers: { get: () => null }, text: async () => '' };
    },
  };
  return made;
}

function tracked(options: Partial<HttpTrackerOptions>): { readonly tracker: ReturnType<typeof httpTracker> } {
  return { tracker: httpTracker({ endpoint: 'https://events.example.com/', ...options }) };
}

test('every lifecycle event but those of the store is posted, under its own name', async () => {
  const { sent, fetch } = endpoint();
  const app = await TestApp.create({ workers: [OrderWorker], ...tracked({ fetch, serviceKey: 'shop' }) });
  await (await app.publish(Ordered, { id: 'a' })).of(OrderWorker, 'fulfil').result();
  await app.advance('5s');
  await app.close();
  expect(sent.map(({ name }) => name)).toEqual([
    'app.started',
    'execution.accepted',
    'execution.started',
    'step.started',
    'step.completed',
    'execution.completed',
    'app.draining',
    'app.stopped',
  ]);
  expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
  expect(sent[5]).toMatchObject({ worker: 'orders', handler: 'fulfil', attempt: 1, serviceKey: 'shop' });
});

test("D31 · D32 · durable-effect's receivers get the names and fields that they know", async () => {
  const { sent, fetch } = endpoint();
  const app = await TestApp.create({
    workers: [OrderWorker, ReportWorker],
    ...tracked({ fetch, names: 'durable-effect', env: 'test', serviceKey: 'shop' }),
  });
  const [good, bad, declined] = await app.publishMany([
    [Ordered, { id: 'good' }],
    [Ordered, { id: 'bad' }],
    [Ordered, { id: 'declined' }],
  ]);
  await app.advance('1 hour');
  await app.close();
  const idOf = (publication: typeof good) => publication?.of(OrderWorker, 'fulfil').id;
  const typesOf = (id: string | undefined) => sent.filter(({ instanceId }) => instanceId === id);
  expect(typesOf(idOf(good))).toEqual([
    {
      eventId: expect.any(String),
      type: 'job.executed',
      timestamp: '2026-01-01T00:00:00.000Z',
      instanceId: idOf(good),
      jobType: 'handler',
      jobName: 'orders.fulfil',
      durationMs: 0,
      attempt: 1,
      env: 'test',
      serviceKey: 'shop',
    },
  ]);
  expect(typesOf(idOf(bad))).toMatchObject([
    { type: 'job.failed', attempt: 1, willRetry: true, error: { message: 'no stock' } },
    { type: 'job.failed', attempt: 2, willRetry: false, error: { message: 'no stock' } },
    { type: 'job.retryExhausted', attempts: 2 },
  ]);
  expect(typesOf(idOf(declined))).toMatchObject([{ type: 'job.failed', attempt: 1, willRetry: false }]);
  expect(sent.filter(({ jobType }) => jobType === 'continuous')).toMatchObject([
    { type: 'job.executed', jobName: 'reports.hourly' },
  ]);
});

test("D32 · the life of a keyed schedule's job is told under durable-effect's names", async () => {
  const { sent, fetch } = endpoint();
  const app = await TestApp.create({
    workers: [TokenWorker],
    ...tracked({ fetch, names: 'durable-effect' }),
  });
  const jobs = app.recurring(TokenWorker, 'refresh');
  await jobs.start({ id: 'u-1', input: 2 });
  await jobs.start({ id: 'u-2', input: 5 });
  await app.advance('90 minutes');
  await jobs.terminate('u-2', { reason: 'left' });
  await app.advance('1 hour');
  await app.close();
  const of = (id: string) =>
    sent
      .filter(({ instanceId }) => instanceId === `recurring:tokens:${id}`)
      .map(({ type, jobType, jobName, reason, runCount }) => [type, jobType, jobName, reason, runCount]);
  const ran = ['job.executed', 'continuous', 'tokens.refresh', undefined, undefined];
  const started = ['job.started', ...ran.slice(1)];
  const ended = ['job.terminated', 'continuous', 'tokens.refresh', 'enough', 2];
  expect(of('u-1')).toEqual([started, ran, ran, ended]);
  expect(of('u-2')).toEqual([
    started,
    ran,
    ran,
    ['job.terminated', 'continuous', 'tokens.refresh', 'left', 2],
  ]);
});

test("D32 · batches are told under durable-effect's names", async () => {
  @Worker('sums')
  class Sums {
    @Debounce(Ordered, { key: 'id', flushAfter: '5s', maxEvents: 2 })
    async sum(events: { id: string }[]): Promise<number> {
      return events.length;
    }
  }
  const { sent, fetch } = endpoint();
  const app = await TestApp.create({ workers: [Sums], ...tracked({ fetch, names: 'durable-effect' }) });
  for (const id of ['a', 'b', 'a']) await app.publish(Ordered, { id });
  await app.advance('1 minute');
  await app.close();
  const of = (key: string) =>
    sent
      .filter(({ instanceId, type }) => instanceId === `debounce:sums:${key}` && type !== 'job.executed')
      .map(({ type, jobType, jobName, flushAt, eventCount, reason }) => [
        type,
        jobType,
        jobName,
        flushAt ?? eventCount,
        reason,
      ]);
  const common = ['debounce', 'sums.sum'];
  const started = ['debounce.started', ...common, '2026-01-01T00:00:05.000Z', undefined];
  expect(of('a')).toEqual([started, ['debounce.flushed', ...common, 2, 'maxEvents']]);
  expect(of('b')).toEqual([started, ['debounce.flushed', ...common, 1, 'timeout']]);
});

test("D32 · an actor's life is told under durable-effect's names, with its instance", async () => {
  const { sent, fetch } = endpoint();
  const app = await TestApp.create({ workers: [Reminder], ...tracked({ fetch, names: 'durable-effect' }) });
  await app.publish(Ordered, { id: 'o-1' });
  await app.advance('2 hours');
  await app.close();
  const instanceId = 'actor:reminder:o-1';
  expect(sent.map(({ type, jobType, jobName }) => [type, jobType, jobName])).toEqual(
    ['job.executed', 'job.started', 'task.scheduled', 'job.executed', 'job.terminated'].map((type) => [
      type,
      'task',
      'reminder',
    ]),
  );
  expect(new Set(sent.map((each) => each['instanceId']))).toEqual(new Set([instanceId]));
  expect(sent[2]).toMatchObject({ scheduledAt: '2026-01-01T01:00:00.000Z', trigger: 'event' });
  expect(sent[4]).toMatchObject({ reason: 'reminded' });
});

test('case 23 · with the endpoint away work goes on as ever, one fault tells, and what failed is told after it recovers', async () => {
  const there = endpoint();
  there.fails = true;
  const faults: unknown[] = [];
  const app = await TestApp.create({
    workers: [OrderWorker],
    onError: (error, { task }) => (task === undefined ? undefined : faults.push(String(error))),
    ...tracked({ fetch: there.fetch, maxBuffered: 100 }),
  });
  const bad = await app.publish(Ordered, { id: 'bad' });
  for (let i = 0; i < 100; i++) await app.execute(Ordered, { id: String(i) });
  expect(app.clock.now()).toBe(Date.UTC(2026, 0, 1));
  await app.advance('1 hour');
  there.fails = false;
  await app.advance('2 minutes');
  const [failed] = there.sent.filter(({ name }) => name === 'execution.failed');
  expect(failed).toMatchObject({
    executionId: bad.of(OrderWorker, 'fulfil').id,
    error: { message: 'no stock' },
  });
  expect(faults).toEqual([
    expect.stringMatching(/oldest are given up/),
    expect.stringMatching(/could not be reached/),
  ]);
  await app.close();
});

describe('with a server that hangs', () => {
  let server: RecordingServer;
  beforeEach(async () => {
    server = await RecordingServer.start();
    server.behaves = hangs;
  });
  afterEach(() => server.stop());

  const boot = (flushTimeout: '100ms' | '1s') =>
    bootstrap({
      workers: [OrderWorker],
      store: memoryStore(),
      logger: silentLogger,
      tracker: httpTracker({ endpoint: server.url, flushInterval: 0, timeout: '1h', flushTimeout }),
    });

  test('case 23 · an execution waits for nothing, and close only as long as it was told', async () => {
    const app = await boot('100ms');
    await app.start();
    await app.execute(Ordered, { id: 'a' });
    await server.until(() => server.requests.length === 1);
    await app.execute(Ordered, { id: 'b' });
    await app.close();
    expect(server.requests).toHaveLength(1);
  });

  test('what was held is sent after stop() and start()', async () => {
    const app = await boot('1s');
    await app.start();
    await app.execute(Ordered, { id: 'a' });
    await app.stop();
    server.behaves = takes;
    await app.start();
    await app.close();
    const names = server.taken.map(({ name }) => name);
    expect(names.filter((name) => name === 'execution.completed')).toHaveLength(1);
    expect(names.at(-1)).toBe('app.stopped');
  });
});
