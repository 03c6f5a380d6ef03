import type { ConnectionOptions } from 'bullmq';
import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';

/** What we read of a connection: an ioredis client, a cluster of it, or options. */
interface Read {
  readonly keyPrefix?: unknown;
  readonly maxRetriesPerRequest?: unknown;
  readonly redisOptions?: Read;
  readonly options?: Read;
  readonly isCluster?: unknown;
}

/** What is wrong with a connection, whatever it is used for. */
export function connectionMistakes(connection: unknown, prefix: string): readonly ConfigurationMistake[] {
  if (connection === undefined || connection === null)
    return [wrong('connection', 'it is missing', "Write { host, port }, 'redis://…', or an ioredis client")];
  if (typeof connection === 'string') {
    const isUrl = URL.canParse(connection) && /^rediss?:$/.test(new URL(connection).protocol);
    return isUrl ? [] : [wrong('connection', 'it is no address of a Redis', "Write 'redis://host:6379'")];
  }
  if (typeof connection !== 'object')
    return [wrong('connection', `a ${typeof connection} is not possible`, 'Write { host, port }')];
  const read = connection as Read;
  const { keyPrefix } = read.options?.redisOptions ?? read.options ?? read.redisOptions ?? read;
  const mistakes: ConfigurationMistake[] = [];
  if (typeof keyPrefix === 'string' && keyPrefix !== '')
    mistakes.push(
      wrong('connection', `it has keyPrefix '${keyPrefix}', which BullMQ cannot use`, 'Write prefix instead'),
    );
  if (read.isCluster === true && !/\{.+\}/.test(prefix))
    mistakes.push(
      wrong('prefix', `'${prefix}' spreads a queue over a cluster`, `Write a hash tag: '{${prefix}}'`),
    );
  return mistakes;
}

/** Throws `ConfigurationError` when BullMQ's workers cannot block on that connection. */
export function refuseForWorkers(connection: ConnectionOptions): void {
  const read = connection as Read;
  const isClient = typeof (connection as { duplicate?: unknown }).duplicate === 'function';
  const options = isClient ? (read.options?.redisOptions ?? read.options) : (read.redisOptions ?? read);
  const tries = options?.maxRetriesPerRequest;
  if (tries === null || tries === undefined || (tries as number) === 0) return;
  throw new ConfigurationError([
    wrong(
      'connection',
      `its maxRetriesPerRequest is ${JSON.stringify(tries)}${isClient ? " (20 is ioredis' default)" : ''}: BullMQ's workers wait for jobs on it for ever`,
      isClient ? 'Write new Redis({ …, maxRetriesPerRequest: null })' : 'Leave it out, or write null',
    ),
  ]);
}

function wrong(option: string, found: string, write: string): ConfigurationMistake {
  return { option: `bullmqDispatcher(): ${option}`, found, write };
}
