import { Redis } from 'ioredis';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { describeDispatcher } from '../../lib/testing/conformance/describe-dispatcher.js';
import { redisForTests } from '../servers/redis-server.js';

const redis = redisForTests();

redis.describe('on a server', () => {
  describeDispatcher('the dispatcher over BullMQ', async () => {
    const dispatcher = bullmqDispatcher({ connection: await redis.url(), prefix: redis.prefix() });
    return { dispatcher, dispose: () => dispatcher.close() };
  });

  describeDispatcher('the dispatcher over BullMQ, on the client of the user', async () => {
    const connection = new Redis(await redis.url(), { maxRetriesPerRequest: null });
    const dispatcher = bullmqDispatcher({ connection, prefix: redis.prefix() });
    return {
      dispatcher,
      dispose: async () => {
        await dispatcher.close();
        await connection.quit();
      },
    };
  });
});
