import { Redis } from 'ioredis';
import { Concurrency, defineEvent, OnEvent, Step, waitFor, Worker, type WorkerApp } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';
import { BullmqApps } from './support/bullmq-apps.js';

const redis = redisForTests();
const Order = defineEvent('order', z.object({ n: z.number(), of: z.string().default('a') }));
const Go = defineEvent('go', z.object({ n: z.number() }), { correlate: 'n' });

const began: number[] = [];
let running = 0;
let most = 0;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

@Worker('orders')
class OrderWorker {
  @OnEvent(Order)
  async fulfil({ n }: { n: number }): Promise<string> {
    began.push(n);
    return this.ship(n);
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
    const told = await waitFor(Go, { key: n, timeout: '1m' });
    return `went ${told?.n}`;
  }
}

@Worker('gated')
class GatedWorker {
  @OnEvent(Order)
  @Concurrency({ limit: 1, key: 'of' })
  async run({ n }: { n: number; of: string }): Promise<number> {
    most = Math.max(most, ++running);
    await this.work();
    running--;
    return n;
  }

  @Step()
  async work(): Promise<void> {
    await pause(5);
  }
}

type Workers = Parameters<BullmqApps['open']>[0];

redis.describe('several apps with the work at BullMQ and the store on Redis', () => {
  let apps: BullmqApps;
  let prefix: string;

  beforeEach(async () => {
    began.length = 0;
    running = most = 0;
    prefix = redis.prefix();
    apps = new BullmqApps(await redis.url(), redis.prefix());
  });
  afterEach(() => apps.close());

  async function open(workers: Workers, role: 'worker' | 'publisher' = 'worker'): Promise<WorkerApp> {
    const store = redisStore({ url: await redis.url(), prefix, durability: 'none' });
    return apps.open(workers, { store, ...(role === 'publisher' ? { role } : null) });
  }

  /** Every job that BullMQ adds takes the next number of its queue. */
  async function jobsOf(name: string): Promise<number> {
    const client = new Redis(await redis.url());
    try {
      return Number(await client.get(`${apps.prefix}:${name}:id`));
    } finally {
      client.disconnect();
    }
  }

  /** What an app looks for as it starts is over. */
  async function settledJobsOf(name: string): Promise<number> {
    for (let jobs = await jobsOf(name); ; ) {
      await pause(500);
      const now = await jobsOf(name);
      if (now === jobs) return now;
      jobs = now;
    }
  }

  test('one job for each execution: what others publish, commit and end makes nobody look', async () => {
    const [app] = [await open([OrderWorker]), await open([OrderWorker]), await open([OrderWorker])];
    const before = await settledJobsOf('orders');
    for (let n = 0; n < 100; n += 5) {
      const published = await app.publishMany(
        Array.from({ length: 5 }, (_, at) => [Order, { n: n + at }] as const),
      );
      await Promise.all(published.map((each) => each.of(OrderWorker).result()));
    }
    expect(began).toHaveLength(100);
    expect((await jobsOf('orders')) - before).toBe(100);
    expect(apps.faults).toEqual([]);
  });

  test('what an app publishes that runs nothing wakes an execution that waits elsewhere, without a sweep', async () => {
    await open([PatientWorker]);
    await open([PatientWorker]);
    const publisher = await open([PatientWorker], 'publisher');
    const published = await publisher.publishMany(
      Array.from({ length: 5 }, (_, n) => [Order, { n }] as const),
    );
    const results = published.map((each) => each.of(PatientWorker).result());
    await pause(300);
    for (let n = 0; n < 5; n++) await publisher.publish(Go, { n });
    expect(await Promise.all(results)).toEqual(Array.from({ length: 5 }, (_, n) => `went ${n}`));
    expect(apps.faults).toEqual([]);
  });

  test('a gate lets in one after the other over two apps, and what is cancelled ends, without a sweep', async () => {
    await open([GatedWorker, PatientWorker]);
    await open([GatedWorker, PatientWorker]);
    const publisher = await open([GatedWorker, PatientWorker], 'publisher');
    const published = await publisher.publishMany(
      Array.from({ length: 12 }, (_, n) => [Order, { n }] as const),
    );
    await Promise.all(published.map((each) => each.of(GatedWorker).result()));
    expect(most).toBe(1);
    for (const each of published) await each.of(PatientWorker).cancel();
    const ends = await Promise.allSettled(published.map((each) => each.of(PatientWorker).result()));
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    expect(apps.faults).toEqual([]);
  });
});
