import type { Durability } from './durability.js';
import type { ServerNode } from './redis-client.js';

/** What the store has to know of a server before it trusts it. */
export interface ServerFacts {
  readonly name: 'Redis' | 'Valkey';
  readonly version: string;
  readonly isReplica: boolean;
  /** Bytes; 0: no bound. */
  readonly maxMemory: number;
  /** Empty: the server does not tell. */
  readonly evictionPolicy: string;
  readonly durability: Durability;
}

/** Asks the server. CONFIG may be forbidden: what only it tells is then taken as the server's default. */
export async function factsOf(node: ServerNode): Promise<ServerFacts> {
  const info = linesOf(await node.info());
  const isAppending = info.get('aof_enabled') === '1';
  return {
    name: info.has('valkey_version') || info.get('server_name') === 'valkey' ? 'Valkey' : 'Redis',
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '',
    isReplica: info.get('role') === 'slave',
    maxMemory: Number(info.get('maxmemory') ?? 0),
    evictionPolicy: info.get('maxmemory_policy') ?? '',
    durability: isAppending ? durabilityOf(await setting(node, 'appendfsync')) : 'none',
  };
}

function durabilityOf(appendfsync: string | null): Durability {
  if (appendfsync === 'always') return 'always';
  return appendfsync === 'no' ? 'none' : 'everysec';
}

/** Null: the server does not tell. */
async function setting(node: ServerNode, name: string): Promise<string | null> {
  const answer = await node.config('GET', name).catch(() => null);
  if (Array.isArray(answer)) return typeof answer[1] === 'string' ? answer[1] : null;
  const value = (answer as Readonly<Record<string, unknown>> | null)?.[name];
  return typeof value === 'string' ? value : null;
}

function linesOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
