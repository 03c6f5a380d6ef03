import { StoreIncompatibleError } from '../../model/errors-store.js';
import { type Durability, isWeaker, survives } from './durability.js';
import { type RedisClient, serversOf } from './redis-client.js';
import { factsOf, type ServerFacts } from './server-facts.js';

/** The layout of what is stored: a store of a later one is not touched. */
const LAYOUT = 1;

/** The oldest Redis whose commands the scripts use. */
const OLDEST = [6, 2] as const;

/** What is known of a server that passed. */
export interface CheckedServer {
  /** A sentence on what survives what. */
  readonly durability: string;
  /** For the operator; null: nothing. */
  readonly warning: string | null;
}

/**
 * Asks every primary behind the client. Throws `StoreIncompatibleError` for a server that cannot keep what Holdfast
 * promises, or keeps less than `wanted`.
 */
export async function checkServers(
  client: RedisClient,
  wanted: Durability | undefined,
): Promise<CheckedServer> {
  const all = await Promise.all(serversOf(client).map(factsOf));
  for (const facts of all) refuseUnfit(facts);
  const weakest = all.reduce((a, b) => (isWeaker(b.durability, a.durability) ? b : a));
  const { name, version, durability: found } = weakest;
  if (wanted !== undefined && isWeaker(found, wanted))
    throw new StoreIncompatibleError(
      `the store was asked for durability '${wanted}', and ${name} ${version} has ${survives(found)}: ${remedyFor(wanted)}`,
    );
  return {
    durability: `${name} ${version}, ${survives(found)}`,
    warning: wanted === undefined && found !== 'always' ? warningOf(weakest) : null,
  };
}

/** Sets the layout of a new store, and refuses one that another version wrote. */
export async function checkLayout(client: RedisClient, root: string): Promise<void> {
  const key = `${root}:version`;
  const isNew = (await client.set(key, String(LAYOUT), 'NX')) !== null;
  const found = isNew ? String(LAYOUT) : await client.get(key);
  if (found === String(LAYOUT)) return;
  throw new StoreIncompatibleError(
    Number(found) > LAYOUT
      ? `what is stored under '${root}' has layout ${found}, and this version of Holdfast knows ${LAYOUT}: install the newer version, or choose another prefix`
      : `the key '${key}' is not one of Holdfast's: choose another prefix`,
  );
}

function refuseUnfit({ name, version, isReplica, maxMemory, evictionPolicy }: ServerFacts): void {
  if (name === 'Redis' && !isAtLeast(version, OLDEST))
    throw new StoreIncompatibleError(
      `Redis ${version || 'of an unknown version'} is too old: use Redis 6.2 or later, or Valkey`,
    );
  if (isReplica)
    throw new StoreIncompatibleError(
      'the server is a replica, which takes no writes: connect to its primary, or give a client that follows it (Sentinel, Cluster)',
    );
  if (maxMemory > 0 && evictionPolicy !== '' && evictionPolicy !== 'noeviction')
    throw new StoreIncompatibleError(
      `the server has maxmemory-policy ${evictionPolicy}, by which it may drop stored executions without a word: set maxmemory-policy noeviction`,
    );
}

function warningOf({ name, version, durability }: ServerFacts): string {
  return `${name} ${version} has ${survives(durability)}. For executions that survive it, ${remedyFor('always')}; to accept it, write redisStore({ durability: '${durability}' })`;
}

function remedyFor(wanted: Durability): string {
  return `set appendonly yes and appendfsync ${wanted === 'none' ? 'everysec' : wanted}`;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
