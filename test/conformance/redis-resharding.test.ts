import { Cluster, Redis } from 'ioredis';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import { p1, StoreDriver } from '../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { startRedisCluster, type RedisCluster } from '../servers/redis-cluster.js';
import { describeRedisServers } from '../servers/redis-server.js';

const PREFIX = 'moved';
const EXECUTIONS = 40;

/** One slot on its way from one primary to another, key by key, as `redis-cli --cluster reshard` moves it. */
class Move {
  private constructor(
    readonly slot: number,
    private readonly from: Redis,
    private readonly to: Redis,
    private readonly others: readonly Redis[],
    private readonly toId: string,
    private readonly toPort: number,
  ) {}

  static async begin({ nodes }: RedisCluster): Promise<Move> {
    const clients = nodes.map(({ url }) => new Redis(url));
    const [first] = clients as [Redis];
    const slot = Number(await first.call('CLUSTER', 'KEYSLOT', `{${PREFIX}}`));
    const at = Math.floor((slot * nodes.length) / 16_384);
    const next = (at + 1) % nodes.length;
    const [from, to] = [clients[at] as Redis, clients[next] as Redis];
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await to.call('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', fromId);
    await from.call('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', toId);
    const others = clients.filter((client) => client !== from && client !== to);
    return new Move(slot, from, to, others, toId, nodes[next]?.port ?? 0);
  }

  /** Moves some of the keys; answers how many. */
  async keys(count: number): Promise<number> {
    const keys = (await this.from.call('CLUSTER', 'GETKEYSINSLOT', `${this.slot}`, `${count}`)) as string[];
    if (keys.length > 0)
      await this.from.call('MIGRATE', '127.0.0.1', `${this.toPort}`, '', '0', '5000', 'KEYS', ...keys);
    return keys.length;
  }

  async end(): Promise<void> {
    while ((await this.keys(50)) > 0);
    for (const node of [this.to, this.from, ...this.others])
      await node.call('CLUSTER', 'SETSLOT', `${this.slot}`, 'NODE', this.toId);
  }

  close(): void {
    for (const node of [this.to, this.from, ...this.others]) node.disconnect();
  }
}

async function idOf(node: Redis): Promise<string> {
  return String(await node.call('CLUSTER', 'MYID'));
}

describeRedisServers('a store whose slot moves to another primary of its cluster', () => {
  it('refuses meanwhile, and has lost and doubled nothing afterwards', async () => {
    const cluster = await startRedisCluster();
    const client = new Cluster([...cluster.startupNodes], { maxRedirections: 2, retryDelayOnTryAgain: 1 });
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
    let move: Move | null = null;
    const store = redisStore({ client, prefix: PREFIX, time: 'app' });
    try {
      await store.open(context);
      const d = await StoreDriver.start({ store, clock, context, second: () => Promise.resolve(store) });
      const ids: string[] = [];
      for (let i = 0; i < EXECUTIONS; i++) ids.push(await d.publish({ lane: `lane-${i % 7}` }));
      const taken: string[] = [];
      let refused = 0;
      const take = async () => {
        for (const { lease } of (await d.claim({ limit: 2 })).claimed) taken.push(lease.executionId);
      };
      await take();
      move = await Move.begin(cluster);
      for (let step = 0; step < 12; step++) {
        await move.keys(4);
        await take().catch(() => refused++);
        const execution = d.execution();
        await d
          .publishEvents(d.event([execution]))
          .then(() => ids.push(execution.id))
          .catch(() => refused++);
      }
      await move.end();
      expect(refused).toBeGreaterThan(0);
      for (;;) {
        const before = taken.length;
        await take();
        if (taken.length === before) break;
      }
      const owned = (await store.heartbeat(d.process(p1), 30_000)).owned;
      expect(owned.map(({ id }) => id).sort()).toEqual([...ids].sort());
      const stored = (await store.list({ limit: 1_000 })).map(({ id }) => id);
      expect([...stored].sort()).toEqual([...ids].sort());
    } finally {
      move?.close();
      await store.close();
      client.disconnect();
      await cluster.stop();
    }
  }, 60_000);
});
