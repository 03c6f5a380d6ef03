import { Redis } from 'ioredis';
import { defineEvent, OnEvent, Step, Worker } from 'holdfast';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';
import { BullmqApps } from './support/bullmq-apps.js';

const redis = redisForTests();
const Row = defineEvent('row', z.object({ n: z.number() }));
const lane = { queue: 'lane', laneIdle: 200 } as const;

const began: string[] = [];
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

@Worker('rows')
class RowWorker {
  @OnEvent(Row)
  async load({ n }: { n: number }, { session }: { session: string | null }): Promise<number> {
    began.push(`${session}`);
    await this.write();
    return n;
  }

  @Step()
  async write(): Promise<void> {
    await pause(15);
  }
}

let apps: BullmqApps;
let client: Redis;
beforeEach(async () => {
  began.length = 0;
  apps = new BullmqApps(await redis.url(), redis.prefix());
  client = new Redis(await redis.url());
});
afterEach(async () => {
  await apps.close();
  client.disconnect();
});

async function keysOf(queue: string): Promise<readonly string[]> {
  return client.keys(`${apps.prefix}:${queue}:*`);
}

redis.describe('sessions that have queues of their own', () => {
  test('A19 · each session of a worker has its queue: a long one does not stand before a short one', async () => {
    const publisher = await apps.open([RowWorker], { role: 'publisher', bullmq: lane });
    const big = await publisher
      .session('big')
      .publishMany(Array.from({ length: 200 }, (_, n) => [Row, { n }] as const));
    const small = await publisher.session('small').publishMany([
      [Row, { n: 1 }],
      [Row, { n: 2 }],
    ]);
    const queued = async (): Promise<number> => {
      const queues = (await apps.dispatchers[0]?.queues()) ?? {};
      return Object.values(queues).reduce((sum, { waiting }) => sum + waiting, 0);
    };
    while ((await queued()) < 202) await pause(10);
    await apps.open([RowWorker], { concurrency: 4, bullmq: lane });
    await Promise.all(small.map((each) => each.of(RowWorker).result()));
    await Promise.all(big.map((each) => each.of(RowWorker).result()));
    expect(began).toHaveLength(202);
    expect(began.lastIndexOf('small')).toBeLessThan(150);
    const names = (await apps.dispatchers[1]?.getQueues())?.map(({ name }) => name) ?? [];
    expect(names.every((name) => /^rows(@(big|small))?$/.test(name))).toBe(true);
    expect(apps.faults).toEqual([]);
  });

  test('A20 · a queue that was empty for a while is removed with all its keys, and comes back with new work', async () => {
    const app = await apps.open([RowWorker], { bullmq: lane });
    const run = async (n: number): Promise<unknown> => {
      const published = await app.session('one').publish(Row, { n });
      return published.of(RowWorker).result();
    };
    expect(await run(1)).toBe(1);
    // The look that its own write gave rise to may have been faster than its hint.
    for (let tries = 0; tries < 300 && (await keysOf('rows@one')).length === 0; tries++) await pause(1);
    expect((await keysOf('rows@one')).length).toBeGreaterThan(0);
    for (let tries = 0; tries < 300 && (await keysOf('rows@one')).length > 0; tries++) await pause(20);
    expect(await keysOf('rows@one')).toEqual([]);
    expect(await client.exists(`${apps.prefix}:#lanes:rows@one`)).toBe(0);
    expect(await run(2)).toBe(2);
    expect(apps.faults).toEqual([]);
  });

  test('ids that contain one another, or have the characters of queues and keys, never meet', async () => {
    const ids = ['a', 'a@b', 'a:b', 'b', '#lanes', 'rows@a', 'é', '😀', '{x}', 'k'.repeat(2_000)];
    const app = await apps.open([RowWorker], { bullmq: lane });
    const published = await Promise.all(ids.map((id, n) => app.session(id).publish(Row, { n })));
    expect(await Promise.all(published.map((each) => each.of(RowWorker).result()))).toEqual(
      ids.map((_, n) => n),
    );
    expect(began.toSorted()).toEqual(ids.toSorted());
    expect(apps.faults).toEqual([]);
  });

  test('there are never more than `lanes`: sessions beyond share the queue of their worker', async () => {
    const bullmq = { ...lane, lanes: 3, laneIdle: '1m' };
    const publisher = await apps.open([RowWorker], { role: 'publisher', bullmq });
    const all = [];
    for (let at = 0; at < 12; at++) all.push(await publisher.session(`s${at}`).publish(Row, { n: at }));
    await apps.open([RowWorker], { bullmq });
    await Promise.all(all.map((each) => each.of(RowWorker).result()));
    const names = new Set((await client.keys(`${apps.prefix}:rows@*`)).map((key) => key.split(':')[1]));
    expect(names.size).toBeLessThanOrEqual(3);
  });
});
