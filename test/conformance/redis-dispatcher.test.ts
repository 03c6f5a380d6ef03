import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { redisDispatcher } from 'holdfast/redis';
import { bootstrap, type Hint, memoryStore } from 'holdfast';
import { describeDispatcher } from '../../lib/testing/conformance/describe-dispatcher.js';
import { freePort } from '../servers/free-port.js';
import { describeRedisServers, redisForTests, startRedis } from '../servers/redis-server.js';

const redis = redisForTests();

redis.describe('on a server', () => {
  describeDispatcher('the dispatcher over Redis', async () => {
    const dispatcher = redisDispatcher({ url: await redis.url(), prefix: redis.prefix() });
    return { dispatcher, dispose: () => dispatcher.close() };
  });

  describeDispatcher('the dispatcher over Redis, on a client of ioredis 5 that is the user’s', async () => {
    const client = new Redis5(await redis.url());
    const dispatcher = redisDispatcher({ client, prefix: redis.prefix() });
    return {
      dispatcher,
      dispose: async () => {
        await dispatcher.close();
        await client.quit();
      },
    };
  });

  test('all processes of a prefix hear of it, those of another do not', async () => {
    const prefix = redis.prefix();
    const url = await redis.url();
    const all = [prefix, prefix, redis.prefix()].map((each) => redisDispatcher({ url, prefix: each }));
    const heard = all.map(() => [] as string[]);
    for (const [at, each] of all.entries())
      await each.start(({ executionId }) => void heard[at]?.push(executionId));
    await all[0]?.send([{ executionId: 'x1', wakeSeq: 1 } as Hint]);
    for (let tries = 0; tries < 200 && heard[1]?.length === 0; tries++) await pause(10);
    await pause(50);
    expect(heard).toEqual([['x1'], ['x1'], []]);
    await Promise.all(all.map((each) => each.close()));
  });

  test('one that runs refuses a second app, which leaves it as it is', async () => {
    const own = redisDispatcher({ url: await redis.url(), prefix: redis.prefix() });
    const options = { workers: [], store: memoryStore(), dispatcher: own };
    const heard: string[] = [];
    await own.start(({ executionId }) => void heard.push(executionId));
    const second = await bootstrap(options);
    await expect(second.start()).rejects.toThrow(/redisDispatcher\(\).*another/s);
    await second.close();
    const neverStarted = await bootstrap({ ...options, store: memoryStore() });
    await neverStarted.close();
    await own.send([{ executionId: 'x1', wakeSeq: 1 } as Hint]);
    for (let tries = 0; tries < 200 && heard.length === 0; tries++) await pause(10);
    expect(heard).toEqual(['x1']);
    await own.stop();
    await own.start(() => undefined);
    await own.close();
  });
});

describeRedisServers('a server that is killed', () => {
  test('is listened to again when it is back', async () => {
    const server = await startRedis();
    const client = new Redis(server.url, { retryStrategy: () => 50 });
    client.on('error', () => undefined);
    const dispatcher = redisDispatcher({ client });
    const heard: string[] = [];
    await dispatcher.start(({ executionId }) => void heard.push(executionId));
    await server.restart();
    for (let n = 0; n < 200 && heard.length === 0; n++) {
      await dispatcher.send([{ executionId: `x${n}`, wakeSeq: 1 } as Hint]).catch(() => undefined);
      await pause(25);
    }
    expect(heard.length).toBeGreaterThan(0);
    await dispatcher.close();
    client.disconnect();
    await server.stop();
  }, 20_000);

  test('that was not there at the start is a fault, and is listened to when it comes', async () => {
    const server = await startRedis();
    await server.kill();
    const dispatcher = redisDispatcher({ url: server.url });
    const heard: string[] = [];
    const faults: unknown[] = [];
    const context = {
      runs: () => [],
      known: () => [],
      concurrency: () => 1,
      fault: (...told: unknown[]) => void faults.push(told),
    };
    await dispatcher.start(({ executionId }) => void heard.push(executionId), context);
    expect(faults).toHaveLength(1);
    expect(String(faults[0])).toMatch(/^subscribe to hints,.*127\.0\.0\.1:\d+ said: connect ECONNREFUSED/);
    await server.start();
    for (let n = 0; n < 400 && heard.length === 0; n++) {
      await dispatcher.send([{ executionId: `x${n}`, wakeSeq: 1 } as Hint]).catch(() => undefined);
      await pause(25);
    }
    expect(heard.length).toBeGreaterThan(0);
    expect(faults).toHaveLength(1);
    await dispatcher.close();
    await server.stop();
  }, 20_000);

  test('that was never there keeps nobody from closing', async () => {
    const dispatcher = redisDispatcher({ url: `redis://127.0.0.1:${await freePort()}` });
    await dispatcher.start(() => undefined);
    await expect(dispatcher.close()).resolves.toBeUndefined();
  });

  test('that lets nobody in without a password is told of in its words', async () => {
    const server = await startRedis({ args: ['--requirepass', 's3cret'] });
    const faults: unknown[] = [];
    const dispatcher = redisDispatcher({ url: server.url.replace('//', '//:wr0ng@') });
    await dispatcher.start(() => undefined, {
      runs: () => [],
      known: () => [],
      concurrency: () => 1,
      fault: (_, error) => void faults.push(error),
    });
    expect(String(faults)).toMatch(/said: WRONGPASS .* Look at the user and the password in the url/);
    expect(String(faults)).not.toContain('wr0ng');
    await dispatcher.close();
    await server.stop();
  });
});

test.each([
  ['nothing', undefined, /Write \{ client, url/],
  ['neither', {}, /neither client nor url is there/],
  ['both', { client: { publish() {}, duplicate() {} }, url: 'redis://x' }, /both there/],
  ['another address', { url: 'http://x' }, /no redis:\/\/ URL/],
  ['an unknown option', { url: 'redis://x', channel: 'y' }, /channel: it is no option/],
])('redisDispatcher() given %s says what to write', (_, options, message) => {
  expect(() => redisDispatcher(options as never)).toThrow(message);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
