import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import type { RedisClient } from '../../lib/adapters/redis/redis-client.js';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import { describeStore } from '../../lib/testing/conformance/describe-store.js';
import type { StoreFactory } from '../../lib/testing/conformance/store-harness.js';
import { redisForTests } from '../servers/redis-server.js';
import { sharedHarness } from './shared-harness.js';

const redis = redisForTests();

/** One client for all cases of a suite, each of which has a prefix of its own. */
function harness(client: () => RedisClient): StoreFactory {
  return () => {
    const prefix = redis.prefix();
    return sharedHarness(() => redisStore({ client: client(), prefix, time: 'app' }));
  };
}

redis.describe('on ioredis 6', () => {
  let client: Redis;
  beforeAll(async () => void (client = new Redis(await redis.url())));
  afterAll(() => client.quit());

  describeStore(
    'redis store',
    harness(() => client),
    { durable: true, shared: true },
  );
});

redis.describe('on ioredis 5', () => {
  let client: Redis5;
  beforeAll(async () => void (client = new Redis5(await redis.url())));
  afterAll(() => client.quit());

  /** What depends on the client: every script, every kind of reply, and what others tell. */
  const some = /^(publish|claim|inbox|hostile names|several processes|durability|registry)\b/;
  const register = it;
  const runner = {
    describe,
    it: (name: string, run: () => Promise<void>) => void (some.test(name) && register(name, run)),
  };
  describeStore(
    'redis store',
    harness(() => client),
    { durable: true, shared: true, runner },
  );
});
