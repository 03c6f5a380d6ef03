import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { type Dispatcher, localDispatcher, sqliteStore, type Store } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { redisStore } from 'holdfast/redis';
import { withMethods } from './watched-store.js';

/** Which store and dispatcher the processes of one folder share. Read by each of them when it starts. */
export type World =
  | { readonly store: 'sqlite' }
  | {
      readonly store: 'redis';
      /** As the processes reach it: through a bad network. */
      readonly url: string;
      /** As the driver reaches it. */
      readonly directUrl: string;
      readonly prefix: string;
      /** How processes learn of work: by what the store tells them, or by jobs of BullMQ. */
      readonly dispatcher: 'local' | 'bullmq';
    }
  /** Nodes of a Redis Cluster on this host. */
  | { readonly store: 'cluster'; readonly ports: readonly number[]; readonly prefix: string };

const sqlite: World = { store: 'sqlite' };

export function saveWorld(folder: string, world: World): void {
  writeFileSync(join(folder, 'world.json'), JSON.stringify(world));
}

/** SQLite, where nothing else was saved. */
function worldOf(folder: string): World {
  const file = join(folder, 'world.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as World) : sqlite;
}

/** The store of that folder; `direct`: past the bad network. */
export function storeOf(folder: string, way: 'shared' | 'direct' = 'shared'): Store {
  const world = worldOf(folder);
  if (world.store === 'sqlite') return sqliteStore(join(folder, 'torture.db'));
  if (world.store === 'cluster') return clusterStore(world.ports, world.prefix);
  return redisStore({ url: way === 'direct' ? world.directUrl : world.url, prefix: world.prefix });
}

/** With a client of its own, which ends with the store. */
function clusterStore(ports: readonly number[], prefix: string): Store {
  const client = new Cluster(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { redisOptions: { maxRetriesPerRequest: 1 } },
  );
  const store = redisStore({ client, prefix });
  return withMethods(store, {
    close: async () => {
      await store.close();
      client.disconnect();
    },
  });
}

export function dispatcherOf(folder: string): Dispatcher {
  const world = worldOf(folder);
  if (world.store !== 'redis' || world.dispatcher === 'local') return localDispatcher();
  return bullmqDispatcher({ connection: world.url, prefix: `${world.prefix}-jobs` });
}
