import { DriverMissingError } from '../../model/errors-store.js';
import { ConnectFault } from './connect-fault.js';

/**
 * What the store needs of a client: `Redis` and `Cluster` of ioredis (5.4 or later) fit. It is never closed, reconfigured
 * or subscribed on.
 */
export interface RedisClient {
  readonly status: string;
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
  get(key: string): Promise<string | null>;
  set(key: string, value: string, condition: 'NX'): Promise<unknown>;
  info(): Promise<string>;
  config(subcommand: 'GET', parameter: string): Promise<unknown>;
  duplicate(...overrides: never[]): unknown;
}

/** A connection that only listens. */
export interface Subscriber {
  readonly status: string;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: string, listener: (...args: string[]) => void): unknown;
  ping(): Promise<unknown>;
  disconnect(): void;
}

/** What the dispatcher needs of a client besides. */
export interface HintClient extends RedisClient {
  publish(channel: string, message: string): Promise<unknown>;
}

/** A client of the store's own. */
export interface OwnClient extends HintClient {
  connect(): Promise<unknown>;
  quit(): Promise<unknown>;
  disconnect(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** One node of a cluster, to be asked for its settings. */
export type ServerNode = Pick<RedisClient, 'info' | 'config'>;

/** What tells a cluster's client from one of a single server. */
interface ClusterClient {
  readonly isCluster: true;
  nodes(role: 'master'): readonly ServerNode[];
}

const LONGEST_PAUSE_MS = 2_000;
const CONNECT_MS = 5_000;
/** As long as the engine waits for an answer. */
const ANSWER_MS = 10_000;

/**
 * Options of clients that the store makes. A call fails with the first connection that fails, so that publishers hear of it
 * at once: the engine sends writes again, and workers ask again with each sweep. A server that has become a replica is left.
 */
const ownOptions = {
  lazyConnect: true,
  maxRetriesPerRequest: 1,
  connectTimeout: CONNECT_MS,
  commandTimeout: ANSWER_MS,
  // A connection that stays open and brings nothing (a cable, a firewall) is given up, not only the calls on it.
  socketTimeout: ANSWER_MS,
  connectionName: 'holdfast',
  retryStrategy: pauseBefore,
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
};

/**
 * Options of subscribers: they wait for their server for as long as it takes. Their owner subscribes again: the package would, too, and a
 * process dies of that when the connection breaks at once, since nobody takes the fault.
 */
const subscriberOptions = {
  lazyConnect: true,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  maxRetriesPerRequest: null,
  autoResubscribe: false,
  commandTimeout: undefined,
  socketTimeout: ANSWER_MS,
  connectionName: 'holdfast-changes',
  retryStrategy: pauseBefore,
};

const clusterSubscriberOptions = {
  lazyConnect: true,
  enableOfflineQueue: true,
  clusterRetryStrategy: pauseBefore,
};

function pauseBefore(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 6), LONGEST_PAUSE_MS);
}

/**
 * A connected client for the URL; rejects when the package is not installed, which `what` needs, and with `ConnectFault` when the
 * server is not there or does not let it in.
 */
export async function connectTo(
  url: string,
  what: string,
  load: () => Promise<unknown> = () => import('ioredis'),
): Promise<OwnClient> {
  const client = await clientOf(url, what, load);
  let last: Error | null = null;
  client.on('error', (error) => (last = error));
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    // The call only says that the connection was closed.
    throw new ConnectFault(url, last ?? error);
  }
}

/** A client for the URL that connects with its first call; rejects when the package is not installed, which `what` needs. */
export async function clientOf(
  url: string,
  what: string,
  load: () => Promise<unknown> = () => import('ioredis'),
): Promise<OwnClient> {
  const Redis = classIn(await loaded(load, what), what);
  const client = new Redis(url, ownOptions);
  // What fails is told by the calls that fail; without a listener the package prints it.
  client.on('error', () => undefined);
  return client;
}

/** A connection beside the client, with its settings, that is ours to close. */
export function subscriberBeside(client: RedisClient): Subscriber {
  // What both kinds of client take differs, and only they know.
  const overrides = isCluster(client) ? [[], clusterSubscriberOptions] : [subscriberOptions];
  return client.duplicate(...(overrides as never[])) as Subscriber;
}

/** The servers behind a client: each primary of a cluster. */
export function serversOf(client: RedisClient): readonly ServerNode[] {
  if (!isCluster(client)) return [client];
  const nodes = client.nodes('master');
  return nodes.length === 0 ? [client] : nodes;
}

/** Whether it is the client of a cluster. */
export function isCluster(client: RedisClient): client is RedisClient & ClusterClient {
  return (client as Partial<ClusterClient>).isCluster === true;
}

type RedisClass = new (url: string, options: object) => OwnClient;

async function loaded(load: () => Promise<unknown>, what: string): Promise<unknown> {
  try {
    return await load();
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new DriverMissingError(what, 'npm install ioredis', error);
  }
}

function classIn(module: unknown, what: string): RedisClass {
  const { Redis, default: exported } = module as { Redis?: unknown; default?: unknown };
  if (typeof Redis === 'function') return Redis as RedisClass;
  if (typeof exported === 'function') return exported as unknown as RedisClass;
  if (typeof exported === 'object' && exported !== null && exported !== module)
    return classIn(exported, what);
  throw new DriverMissingError(what, 'npm install ioredis');
}
