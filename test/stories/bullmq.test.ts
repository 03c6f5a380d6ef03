import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import {
  Concurrency,
  defineEvent,
  fixed,
  OnEvent,
  Retry,
  sleep,
  Step,
  waitFor,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { z } from 'zod';
import { describeRedisServers, redisForTests, startRedis } from '../servers/redis-server.js';
import { BullmqApps } from './support/bullmq-apps.js';

const redis = redisForTests();
const Order = defineEvent('order', z.object({ n: z.number(), of: z.string().default('a') }));
const Go = defineEvent('go', z.object({ n: z.number() }), { correlate: 'n' });

const began: { readonly n: number; readonly at: number }[] = [];
let running = 0;
let most = 0;
let bodyMs = 0;
let failures = 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

@Worker('orders')
class OrderWorker {
  @OnEvent(Order)
  async fulfil({ n }: { n: number }): Promise<string> {
    began.push({ n, at: Date.now() });
    await this.charge(n);
    await this.book(n);
    return this.ship(n);
  }

  @Step()
  async charge(n: number): Promise<string> {
    most = Math.max(most, ++running);
    await pause(bodyMs);
    running--;
    return `charged ${n}`;
  }

  @Step()
  async book(n: number): Promise<string> {
    return `booked ${n}`;
  }

  @Step()
  async ship(n: number): Promise<string> {
    return `shipped ${n}`;
  }
}

@Worker('patient')
class PatientWorker {
  @OnEvent(Order)
  async run({ n }: { n: number }): Promise<string> {
    await sleep(300);
    await this.tryTwice();
    const told = await waitFor(Go, { key: n, timeout: '1m' });
    return `went ${told?.n}`;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed(200) })
  async tryTwice(): Promise<void> {
    if (failures++ === 0) throw new Error('not yet');
  }
}

@Worker('gated')
class GatedWorker {
  @OnEvent(Order)
  @Concurrency({ limit: 1, key: 'of' })
  async run({ n }: { n: number; of: string }): Promise<number> {
    began.push({ n, at: Date.now() });
    await this.work();
    return n;
  }

  @Step()
  async work(): Promise<void> {
    most = Math.max(most, ++running);
    await pause(20);
    running--;
  }
}

let apps: BullmqApps;

beforeEach(async () => {
  began.length = 0;
  running = most = bodyMs = failures = 0;
  apps = new BullmqApps(await redis.url(), redis.prefix());
});
afterEach(() => apps.close());

async function publishAll(app: WorkerApp, count: number) {
  const published = await app.publishMany(
    Array.from({ length: count }, (_, n) => [Order, { n, of: 'a' }] as const),
  );
  return () => Promise.all(published.map((each) => each.of(OrderWorker).result()));
}

const shipped = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `shipped ${n}`);

async function withQueue<T>(name: string, use: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue(name, { connection: { url: await redis.url() }, prefix: apps.prefix });
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

/** Hints are sent when the publish is stored, and nobody waits for them. */
async function holding(queue: Queue, jobs: number): Promise<void> {
  while ((await queue.getPrioritizedCount()) !== jobs) await pause(10);
}

redis.describe('an app whose work BullMQ carries', () => {
  test('A16 · runs each execution by one job of its queue, steps included', async () => {
    const app = await apps.open([OrderWorker], { bullmq: { removeOnComplete: { count: 1_000 } } });
    const results = await publishAll(app, 50);
    expect(await results()).toEqual(shipped(50));
    await withQueue('orders', async (queue) => {
      const jobs = await queue.getJobs(['completed']);
      const names = jobs.map(({ name }) => name);
      expect(names.filter((name) => name === 'orders.fulfil')).toHaveLength(50);
      expect(names.length).toBeLessThan(60);
      const data = jobs.find(({ name }) => name === 'orders.fulfil')?.data as object;
      expect(Object.keys(data).toSorted()).toEqual(['definition', 'executionId', 'wakeSeq']);
    });
    expect(apps.faults).toEqual([]);
  });

  test('a publisher and two workers: the publisher makes no BullMQ worker, both workers run, each step once', async () => {
    bodyMs = 20;
    const publisher = await apps.open([OrderWorker], { role: 'publisher' });
    const results = await publishAll(publisher, 40);
    await withQueue('orders', async (queue) => {
      expect(await queue.getWorkersCount()).toBe(0);
      await holding(queue, 40);
    });
    await apps.open([OrderWorker], { concurrency: 4 });
    await apps.open([OrderWorker], { concurrency: 4 });
    expect(await results()).toEqual(shipped(40));
    expect(began).toHaveLength(40);
    expect(apps.faults).toEqual([]);
  });

  test('sleeps, retries and awaited events go on when they are due, without a sweep', async () => {
    const app = await apps.open([PatientWorker]);
    const { executions } = await app.publish(Order, { n: 7, of: 'a' });
    const from = Date.now();
    const result = executions[0]?.result();
    while (failures < 2 || (await executions[0]?.status()) !== 'waiting') await pause(20);
    await pause(300);
    expect(failures).toBe(2);
    expect(await executions[0]?.status()).toBe('waiting');
    await app.publish(Go, { n: 7 });
    expect(await result).toBe('went 7');
    expect(Date.now() - from).toBeLessThan(5_000);
    expect(apps.faults).toEqual([]);
  });

  test('a gate lets in one after the other, without a sweep', async () => {
    const app = await apps.open([GatedWorker]);
    const published = await app.publishMany(
      Array.from({ length: 12 }, (_, n) => [Order, { n, of: 'a' }] as const),
    );
    await Promise.all(published.map((each) => each.of(GatedWorker).result()));
    expect(most).toBe(1);
    expect(began).toHaveLength(12);
  });

  test('a delayed event begins when it is due', async () => {
    const app = await apps.open([OrderWorker]);
    const from = Date.now();
    const published = await app.publish(Order, { n: 1, of: 'a' }, { delay: 500 });
    expect(await published.of(OrderWorker).result()).toBe('shipped 1');
    expect((began[0]?.at ?? 0) - from).toBeGreaterThanOrEqual(495);
    expect(Date.now() - from).toBeLessThan(3_000);
  });

  test('higher priorities first', async () => {
    const publisher = await apps.open([OrderWorker], { role: 'publisher' });
    const priorities = [0, -100, 50, 100, -1, 1];
    for (const [n, priority] of priorities.entries())
      await publisher.publish(Order, { n, of: 'a' }, { priority });
    await withQueue('orders', async (queue) => {
      await holding(queue, priorities.length);
    });
    const app = await apps.open([OrderWorker], { concurrency: 1 });
    const done = new Promise<void>((resolve) => {
      let left = priorities.length;
      app.on('execution.completed', () => void (--left === 0 && resolve()));
    });
    await done;
    expect(began.map(({ n }) => priorities[n])).toEqual([100, 50, 1, 0, -1, -100]);
  });
});

redis.describe("BullMQ's own limits hold", () => {
  test('limits of a worker that nobody has are told at the start, with the ids that there are', async () => {
    await apps.open([OrderWorker], { bullmq: { workers: { order: { concurrency: 2 }, orders: {} } } });
    expect(String(apps.faults)).toContain(
      'workers.order: no worker with that id is known to this app and its store. Write orders',
    );
    expect(apps.faults).toHaveLength(1);
    apps.faults.length = 0;
  });

  test('its limiter: so many begin in each window, over two processes', async () => {
    const limited = { bullmq: { limiter: { max: 5, duration: '400ms' } } } as const;
    const publisher = await apps.open([OrderWorker], { role: 'publisher' });
    await apps.open([OrderWorker], limited);
    await apps.open([OrderWorker], limited);
    const results = await publishAll(publisher, 20);
    await results();
    const at = began.map((each) => each.at).toSorted((a, b) => a - b);
    expect(at).toHaveLength(20);
    // Six that begin in a row span more than one window, less what a clock of its own may be late.
    for (let first = 0; first + 10 < at.length; first++)
      expect((at[first + 10] as number) - (at[first] as number)).toBeGreaterThan(350);
  });

  test('its concurrency: no more passes than jobs at once', async () => {
    bodyMs = 15;
    const app = await apps.open([OrderWorker], { bullmq: { workers: { orders: { concurrency: 2 } } } });
    const results = await publishAll(app, 20);
    expect(await results()).toEqual(shipped(20));
    expect(most).toBe(2);
  });

  test('a queue that is paused, as Bull Board does, gives out no work', async () => {
    const app = await apps.open([OrderWorker], { sweep: '100ms' });
    await withQueue('orders', async (queue) => {
      await queue.pause();
      // A look that was given out before goes on, and takes what is due.
      while ((await queue.getActiveCount()) > 0) await pause(10);
      const results = await publishAll(app, 5);
      await pause(600);
      expect(began).toEqual([]);
      await queue.resume();
      expect(await results()).toEqual(shipped(5));
    });
  });
});

redis.describe('whatever happens to the queues', () => {
  async function dropKeys(): Promise<number> {
    const client = new Redis(await redis.url());
    try {
      const keys = await client.keys(`${apps.prefix}:*`);
      return keys.length === 0 ? 0 : await client.del(...keys);
    } finally {
      client.disconnect();
    }
  }

  test('all keys of BullMQ are lost while 200 executions wait: the sweep brings all of them back, each once', async () => {
    const publisher = await apps.open([OrderWorker], { role: 'publisher' });
    const results = await publishAll(publisher, 200);
    await withQueue('orders', async (queue) => {
      await holding(queue, 200);
    });
    expect(await dropKeys()).toBeGreaterThan(200);
    await apps.open([OrderWorker], { sweep: '100ms' });
    await apps.open([OrderWorker], { sweep: '100ms' });
    expect(await results()).toEqual(shipped(200));
    expect(began).toHaveLength(200);
  });

  test('keys are lost again and again while the work is done', async () => {
    bodyMs = 5;
    const publisher = await apps.open([OrderWorker], { role: 'publisher' });
    await apps.open([OrderWorker], { sweep: '100ms', concurrency: 4 });
    await apps.open([OrderWorker], { sweep: '100ms', concurrency: 4 });
    const results = await publishAll(publisher, 200);
    for (let round = 0; round < 5; round++) {
      await pause(60);
      await dropKeys();
    }
    expect(await results()).toEqual(shipped(200));
    expect(began).toHaveLength(200);
  });

  test('a job whose lock is lost is delivered again, and harms nothing', async () => {
    bodyMs = 700;
    const bullmq = {
      worker: { lockDuration: 200, lockRenewTime: 100_000, stalledInterval: 100, maxStalledCount: 5 },
    };
    await apps.open([OrderWorker], { bullmq });
    const app = await apps.open([OrderWorker], { bullmq });
    const results = await publishAll(app, 3);
    expect(await results()).toEqual(shipped(3));
    expect(began).toHaveLength(3);
  });

  test('a process that stops hands its work on, and the job goes to another', async () => {
    bodyMs = 30;
    const first = await apps.open([OrderWorker], { concurrency: 2 });
    const second = await apps.open([OrderWorker], { concurrency: 2, starts: false });
    const results = await publishAll(first, 20);
    await pause(60);
    await second.start();
    await first.stop();
    expect(await results()).toEqual(shipped(20));
  });
});

test.each([
  ['nothing', {}, /connection: it is missing/],
  ['an address of something else', { connection: 'http://x' }, /no address of a Redis/],
  [
    'a key prefix',
    { connection: { host: 'x', keyPrefix: 'a:' } },
    /keyPrefix 'a:', which BullMQ cannot use. Write prefix/,
  ],
  ['an unknown option', { connection: { host: 'x' }, queues: 1 }, /queues: it is no option/],
  ['a cluster without a hash tag', { connection: { isCluster: true } }, /Write a hash tag: '\{holdfast\}'/],
  [
    'a limiter without a window',
    { connection: { host: 'x' }, limiter: { max: 5 } },
    /limiter: duration is missing. Write \{ max: 10, duration: '1s' \}/,
  ],
  [
    'a window that is none',
    { connection: { host: 'x' }, limiter: { max: 5, duration: 'soon' } },
    /limiter\.duration: 'soon' is not possible/,
  ],
  [
    'a limit of a worker that is none',
    { connection: { host: 'x' }, workers: { orders: { concurrency: 0 } } },
    /workers\.orders\.concurrency: 0 is not possible/,
  ],
  [
    'an unknown option of a worker',
    { connection: { host: 'x' }, workers: { orders: { limit: 1 } } },
    /workers\.orders\.limit: it is no option. Write limiter/,
  ],
])('bullmqDispatcher() given %s says what to write', (_, options, message) => {
  expect(() => bullmqDispatcher(options as never)).toThrow(message);
});

redis.describe('a connection of the user', () => {
  test('that gives up requests is refused where it serves workers', async () => {
    const connection = new Redis(await redis.url());
    connection.on('error', () => undefined);
    const opened = apps.open([OrderWorker], { bullmq: { connection } });
    await expect(opened).rejects.toThrow(/maxRetriesPerRequest is 20 .*Write new Redis/s);
    connection.disconnect();
  });

  test('stays open when the app is closed', async () => {
    const connection = new Redis(await redis.url(), { maxRetriesPerRequest: null });
    const app = await apps.open([OrderWorker], { bullmq: { connection } });
    const results = await publishAll(app, 3);
    expect(await results()).toEqual(shipped(3));
    await app.close();
    expect(await connection.ping()).toBe('PONG');
    await connection.quit();
  });
});

describeRedisServers('a Redis of BullMQ that is killed', () => {
  test('the work goes on when it is back, though it has forgotten all queues', async () => {
    const server = await startRedis();
    const own = new BullmqApps(server.url, 'killed');
    bodyMs = 5;
    const publisher = await own.open([OrderWorker], { role: 'publisher' });
    await own.open([OrderWorker], { sweep: '200ms', concurrency: 4 });
    const results = await publishAll(publisher, 100);
    await pause(100);
    await server.restart();
    expect(await results()).toEqual(shipped(100));
    await own.close();
    await server.stop();
  }, 30_000);

  test('an app closes while it is away', async () => {
    const server = await startRedis();
    const own = new BullmqApps(server.url, 'away');
    const app = await own.open([OrderWorker], { drainTimeout: '200ms' });
    await server.kill();
    const from = Date.now();
    await app.close();
    expect(Date.now() - from).toBeLessThan(10_000);
    await own.close();
    await server.stop();
  }, 30_000);
});
