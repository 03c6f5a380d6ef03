import { Queue, Worker as BullmqWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { bootstrap, defineEvent, memoryStore, OnEvent, silentLogger, Worker } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { z } from 'zod';
import { redisForTests } from '../../../servers/redis-server.js';

const redis = redisForTests();
const Asked = defineEvent('asked', z.object({ n: z.number() }));

@Worker({ id: 'left-looks' })
class LeftLooks {
  @OnEvent(Asked)
  async answer({ n }: { n: number }): Promise<number> {
    return 2 * n;
  }
}

interface Scene {
  readonly queue: Queue;
  readonly connection: { readonly host: string; readonly port: number };
  readonly prefix: string;
}

/** A look stands in the queue, `leave` makes of it one that nobody begins; then work comes that no job tells of. */
async function answerBehind(leave: (scene: Scene) => Promise<() => Promise<unknown>>): Promise<number> {
  const { hostname: host, port } = new URL(await redis.url());
  const connection = { host, port: Number(port) };
  const prefix = redis.prefix();
  const queue = new Queue('left-looks', { connection, prefix });
  const opts = { priority: 101, deduplication: { id: 'look-0' } };
  await queue.add('look', { executionId: '', wakeSeq: 0 }, opts);
  const clean = await leave({ queue, connection, prefix });

  const store = memoryStore();
  const app = await bootstrap({
    workers: [LeftLooks],
    store,
    dispatcher: bullmqDispatcher({ connection, prefix }),
    sweep: '300ms',
    logger: silentLogger,
  });
  const publisher = await bootstrap({ role: 'publisher', store, logger: silentLogger });
  try {
    await app.start();
    const published = await publisher.publish(Asked, { n: 21 });
    return await published.of(LeftLooks, 'answer').result({ timeout: '10s' });
  } finally {
    await publisher.close();
    await app.close();
    await clean();
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

redis.describe(
  'a look that nobody begins keeps no other out: what no job told of is begun by the next sweeps',
  () => {
    it('when the process that took it has died', async () => {
      const answer = await answerBehind(async ({ connection, prefix }) => {
        const dead = new BullmqWorker('left-looks', null, { connection, prefix, autorun: false });
        expect(await dead.getNextJob('dead')).toBeDefined();
        return () => dead.close(true);
      });
      expect(answer).toBe(42);
    });

    it('when Redis has lost the list that it stood in, and kept the look', async () => {
      const answer = await answerBehind(async ({ queue, connection }) => {
        const client = new Redis(connection);
        await client.del(queue.toKey('prioritized'), queue.toKey('marker'));
        expect(await client.exists(queue.toKey('de:look-0'))).toBe(1);
        client.disconnect();
        return async () => undefined;
      });
      expect(answer).toBe(42);
    });
  },
);
