import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { redisAddress } from '../adapters/redis/redis-address.js';
import { connectTo } from '../adapters/redis/redis-client.js';
import { redisStore } from '../adapters/redis/redis-store.js';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.js';
import { systemClock } from '../adapters/system/system-clock.js';
import { systemRandom } from '../adapters/system/system-random.js';
import { HoldfastError } from '../model/errors.js';
import { messageOf } from '../model/message-of.js';
import type { Store } from '../ports/store.js';
import { UsageError } from './usage-error.js';

const DEFAULT_STORE = '.holdfast/holdfast.db';
const DEFAULT_PREFIX = 'holdfast';

/** Where the store is, as the command line says; null: it does not. */
export interface GivenStore {
  readonly store: string | null;
  /** Of a store in Redis. */
  readonly prefix: string | null;
}

interface Place {
  /** Where the name of the store was written, for messages. */
  readonly from: string;
  readonly url: string;
}

/** Opens the store to read only: nothing is registered, taken or made. Throws `UsageError`. */
export async function openStore(
  { store: given, prefix }: GivenStore,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<Store> {
  const place = placeOf(given, env);
  const address = redisAddress(place.url, env);
  try {
    const store = address === null ? fileAt(place, folder) : await redisAt(address, prefix ?? DEFAULT_PREFIX);
    await store.open({ clock: systemClock, random: systemRandom, warn: () => {} });
    return store;
  } catch (error) {
    if (error instanceof HoldfastError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function fileAt(place: Place, folder: string): Store {
  const path = pathOf(place, folder);
  if (!existsSync(path))
    throw new UsageError(
      `there is no store '${path}': give the SQLite file that the workers use, --store <file>, or the address of their Redis, --store redis://…`,
    );
  return sqliteStore({ path, readOnly: true });
}

/** Opening a store would make one where there is none: so it is looked for first. */
async function redisAt(url: string, prefix: string): Promise<Store> {
  const store = redisStore({ url, prefix });
  if (!(await isThere(url, `{${prefix}}:version`)))
    throw new UsageError(
      `that Redis has no store with the prefix '${prefix}': give the one that the workers use, --prefix <name>`,
    );
  return store;
}

async function isThere(url: string, key: string): Promise<boolean> {
  try {
    const client = await connectTo(url, 'redisStore()');
    try {
      return (await client.get(key)) !== null;
    } finally {
      client.disconnect();
    }
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new UsageError(`the Redis store could not be opened: ${messageOf(error)}`, { cause: error });
  }
}

function placeOf(given: string | null, env: NodeJS.ProcessEnv): Place {
  if (given !== null) return { from: '--store', url: given };
  const named = env['HOLDFAST_STORE_URL'];
  return { from: 'HOLDFAST_STORE_URL', url: named === undefined || named === '' ? DEFAULT_STORE : named };
}

function pathOf({ from, url }: Place, folder: string): string {
  const file = /^(?:sqlite|file):(?:\/\/)?(.+)$/.exec(url)?.[1] ?? url;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(file)?.[1];
  if (scheme === 'memory' || file === ':memory:')
    throw new UsageError(
      `${from} is '${url}': nothing of a store in memory can be seen from another process`,
    );
  if (scheme !== undefined)
    throw new UsageError(
      `${from} is an address of ${scheme}: stores in SQLite and Redis can be read. Write --store ./.holdfast/holdfast.db, or --store redis://host:6379`,
    );
  return resolve(folder, file);
}
