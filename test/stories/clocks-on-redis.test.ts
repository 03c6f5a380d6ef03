import { bootstrap, type Clock, defineEvent, fixed, OnEvent, Retry, sleep, Step, Worker } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

/** The time of a machine that is off by so much. */
function machineClock(aheadMs: number): Clock {
  return {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now(),
    setTimer: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    soon: (callback) => void setImmediate(callback),
  };
}

/** Two waits of 400 ms each: one by code, one before the second attempt. */
@Worker('waiter')
class Waiter {
  private tries = 0;

  @OnEvent(Start)
  async go(): Promise<string> {
    await sleep('400ms');
    return this.flaky();
  }

  @Retry({ maxAttempts: 2, backoff: fixed('400ms'), jitter: false })
  @Step()
  async flaky(): Promise<string> {
    if (this.tries++ === 0) throw new Error('not yet');
    return 'done';
  }
}

const redis = redisForTests();

redis.describe('machines whose clocks differ from the Redis server’s', () => {
  test.each([
    { is: '20 s behind', aheadMs: -20_000 },
    { is: '20 s ahead', aheadMs: 20_000 },
    { is: 'right', aheadMs: 0 },
  ])('waits last as long as they should on a machine whose clock is $is', async ({ aheadMs }) => {
    const warnings: string[] = [];
    const logger = {
      debug: () => {},
      info: () => {},
      error: () => {},
      warn: (text: string) => void warnings.push(text),
    };
    await using app = await bootstrap({
      workers: [Waiter],
      store: redisStore({ url: await redis.url(), prefix: redis.prefix(), durability: 'none' }),
      clock: machineClock(aheadMs),
      logger,
      sweep: '5s',
    });
    await app.start();
    const began = performance.now();
    const [execution] = (await app.publish(Start, { n: 1 }, { delay: '400ms' })).executions;
    await expect(execution?.result()).resolves.toBe('done');
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(1_100);
    expect(tookMs).toBeLessThan(4_000);
    expect(warnings.filter((text) => text.includes('clock'))).toHaveLength(aheadMs === 0 ? 0 : 1);
  });
});
