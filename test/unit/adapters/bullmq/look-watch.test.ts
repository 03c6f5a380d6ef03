import { Queue, Worker as BullmqWorker } from 'bullmq';
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

redis.describe('a look of a process that died with it', () => {
  it('keeps no other look out: what no job told of is begun by the next sweeps', async () => {
    const { hostname: host, port } = new URL(await redis.url());
    const connection = { host, port: Number(port) };
    const prefix = redis.prefix();
    const queue = new Queue('left-looks', { connection, prefix });
    await queue.add('look', { executionId: '', wakeSeq: 0 }, { deduplication: { id: 'look-0' } });
    const dead = new BullmqWorker('left-looks', null, { connection, prefix, autorun: false });
    expect(await dead.getNextJob('dead')).toBeDefined();

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
      expect(await published.of(LeftLooks, 'answer').result({ timeout: '10s' })).toBe(42);
    } finally {
      await publisher.close();
      await app.close();
      await dead.close(true);
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });
});
