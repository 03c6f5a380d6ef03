import { Redis } from 'ioredis';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import { redisForTests } from '../servers/redis-server.js';
import { batchesAgree } from './batch-twins.js';
import { commitsAgree } from './commit-twins.js';
import { gatesAgree } from './gate-twins.js';

const redis = redisForTests();
const seeds = Array.from({ length: 12 }, (_, seed) => seed);

redis.describe('in memory and in Redis', () => {
  let client: Redis;
  beforeAll(async () => void (client = new Redis(await redis.url())));
  afterAll(() => client.quit());

  it.each(seeds)('gates, permits and instances are the same after any calls (%i)', (seed) =>
    expect(
      gatesAgree(seed, redisStore({ client, prefix: redis.prefix(), time: 'app' })),
    ).resolves.toBeUndefined(),
  );

  it.each(seeds)('commits, claims, messages and what is removed are the same after any calls (%i)', (seed) =>
    expect(
      commitsAgree(seed, redisStore({ client, prefix: redis.prefix(), time: 'app' })),
    ).resolves.toBeUndefined(),
  );

  it.each(seeds)(
    'executions that collect events are the same after any calls, and have each accepted event once (%i)',
    (seed) =>
      expect(
        batchesAgree(seed, redisStore({ client, prefix: redis.prefix(), time: 'app' })),
      ).resolves.toBeUndefined(),
  );
});
