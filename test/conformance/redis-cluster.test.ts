import { Cluster } from 'ioredis';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import { describeStore } from '../../lib/testing/conformance/describe-store.js';
import { type RedisCluster, startRedisCluster } from '../servers/redis-cluster.js';
import { describeRedisServers } from '../servers/redis-server.js';
import { sharedHarness } from './shared-harness.js';

describeRedisServers('on a Redis Cluster of three nodes', () => {
  let nodes: RedisCluster;
  let client: Cluster;
  let stores = 0;
  beforeAll(async () => {
    nodes = await startRedisCluster();
    client = new Cluster([...nodes.startupNodes]);
  }, 60_000);
  afterAll(async () => {
    await client.quit();
    await nodes.stop();
  });

  /** Each case has a store of its own, wherever in the cluster its prefix puts it. */
  describeStore(
    'redis store',
    () => {
      const prefix = `case-${++stores}`;
      return sharedHarness(() => redisStore({ client, prefix, time: 'app' }));
    },
    { durable: true, shared: true },
  );
});
