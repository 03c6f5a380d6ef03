import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';

const SLOTS = 16_384;
const NODES = 3;
/** The bus of a node listens on its port plus this. */
const BUS_OFFSET = 10_000;
const LIMIT_MS = 20_000;

/** Three primaries that share the slots, on this host. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** What a client begins with. */
  readonly startupNodes: readonly { readonly host: string; readonly port: number }[];
  readonly stop: () => Promise<void>;
}

export async function startRedisCluster(
  options: Omit<RedisServerOptions, 'port' | 'dir' | 'args'> = {},
): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    for (const node of nodes) await node.stop();
  };
  try {
    while (nodes.length < NODES) nodes.push(await startNode(options));
    await join(nodes);
    return { nodes, startupNodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(options: RedisServerOptions): Promise<RedisServer> {
  let port = await freePort();
  while (port + BUS_OFFSET > 65_535) port = await freePort();
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000'];
  return startRedis({ ...options, port, args });
}

/** Shares the slots out, makes the nodes known to each other, and waits until each says that all slots are served. */
async function join(nodes: readonly RedisServer[]): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    for (const [at, client] of clients.entries()) {
      const from = Math.floor((at * SLOTS) / NODES);
      const to = Math.floor(((at + 1) * SLOTS) / NODES) - 1;
      await client
        .call('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
        .catch(() => addEach(client, from, to));
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', `${at + 1}`);
    }
    for (const { port } of nodes.slice(1)) await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', `${port}`);
    const until = Date.now() + LIMIT_MS;
    for (const client of clients)
      while (!isWhole(String(await client.call('CLUSTER', 'INFO')))) {
        if (Date.now() > until) throw new Error('the nodes of the cluster did not find each other');
        await pause(20);
      }
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** Redis before 7 knows no ranges. */
async function addEach(client: Redis, from: number, to: number): Promise<void> {
  const slots = Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);
  await client.call('CLUSTER', 'ADDSLOTS', ...slots);
}

function isWhole(info: string): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`);
}
