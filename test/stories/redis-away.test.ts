import { bootstrap, defineEvent, OnEvent, silentLogger, StoreUnavailableError, Worker } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { describeRedisServers, startRedis } from '../servers/redis-server.js';

const Counted = defineEvent('counted', z.object({ number: z.number() }));

@Worker('counter')
class Counter {
  @OnEvent(Counted)
  async count({ number }: { number: number }): Promise<number> {
    return number + 1;
  }
}

describeRedisServers('a Redis that goes away', () => {
  test('everyone who publishes meanwhile is told within the same seconds, and hears of it when it is back', async () => {
    const server = await startRedis({ appendonly: 'always' });
    const store = redisStore({ url: server.url });
    const app = await bootstrap({ workers: [Counter], store, logger: silentLogger });
    try {
      await app.start();
      await server.kill();
      const startedAt = performance.now();
      const told = await Promise.all(
        Array.from({ length: 100 }, (_, number) =>
          app.publish(Counted, { number }).then(
            () => null,
            (error: unknown) => ({ error, afterMs: performance.now() - startedAt }),
          ),
        ),
      );
      const times = told.map((each) => each?.afterMs ?? 0);
      for (const each of told) expect(each?.error).toBeInstanceOf(StoreUnavailableError);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThan(1_000);
      expect(Math.max(...times)).toBeLessThan(20_000);
      await server.start();
      await expect(app.execute(Counted, { number: 1 })).resolves.toEqual([2]);
    } finally {
      await app.close();
      await server.stop();
    }
  }, 60_000);
});
