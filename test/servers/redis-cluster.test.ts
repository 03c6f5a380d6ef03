import { Cluster } from 'ioredis';
import { startRedisCluster } from './redis-cluster.js';
import { describeRedisServers } from './redis-server.js';

describeRedisServers('a Redis Cluster of one test', () => {
  it('spreads keys over three nodes, and refuses a script over two slots', async () => {
    const { nodes, startupNodes, stop } = await startRedisCluster();
    const client = new Cluster([...startupNodes]);
    try {
      for (let n = 0; n < 30; n++) await client.set(`key-${n}`, `${n}`);
      expect(await client.get('key-7')).toBe('7');
      const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()));
      expect(sizes).toHaveLength(nodes.length);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      await expect(client.eval('return 1', 2, 'key-1', 'key-2')).rejects.toThrow(/slot/i);
    } finally {
      client.disconnect();
      await stop();
    }
  });
});
