import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { impossibleOption, shownOption } from '../../model/impossible-option.js';
import { writeOneOf } from '../../model/near-names.js';
import type { Durability } from './durability.js';
import type { RedisClient } from './redis-client.js';

export interface RedisStoreOptions {
  /**
   * A client of the application's: `Redis` or `Cluster` of ioredis 5.4 or later, without `keyPrefix`. The store never closes
   * it, changes its options or subscribes on it: what other processes change it hears on a connection of its own
   * (`client.duplicate()`). Set `maxRetriesPerRequest` to a small number (1): with `null` or the default of 20, publishers
   * wait for a server that is gone instead of hearing of it. Either this or `url`.
   */
  readonly client?: RedisClient;
  /**
   * `redis://user:password@host:6379/0`, or `rediss://…` for TLS: the store makes and closes its own clients with ioredis,
   * which must be installed. Either this or `client`.
   */
  readonly url?: string;
  /**
   * Begins every key, in braces: `{holdfast}:…`. Stores with different prefixes share a server without meeting. 1 to 64 of
   * `a-z 0-9 : _ -`; default `'holdfast'`.
   */
  readonly prefix?: string;
  /**
   * The least that the server must promise, or `open` rejects with `StoreIncompatibleError`. `'always'`: what was answered
   * survives a power cut of the server. `'everysec'`: it may lose what it wrote in the last two seconds. `'none'`: all since
   * its last snapshot. Left out: whatever the server promises will do, and less than `'always'` is warned of once.
   */
  readonly durability?: Durability;
  /**
   * Whose clock tells what is due. `'server'` (default): the server's, so that clocks of machines that differ do no harm.
   * `'app'`: that of the app, which is the virtual one in tests; all processes on the store must then agree on the time.
   */
  readonly time?: 'server' | 'app';
}

const OPTION_NAMES = [
  'client',
  'url',
  'prefix',
  'durability',
  'time',
] as const satisfies (keyof RedisStoreOptions)[];

const DURABILITIES: readonly unknown[] = ['always', 'everysec', 'none'] satisfies Durability[];

/** Throws `ConfigurationError` for what cannot be. */
export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError([
      {
        option: 'redisStore()',
        found: `${shownOption(options)} is no object of options`,
        write: "Write redisStore({ client: new Redis() }) or redisStore({ url: 'redis://localhost:6379' })",
      },
    ]);
  const mistakes = [...unknownOptions(options), ...impossibleOptions(options as RedisStoreOptions)];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

function unknownOptions(options: object): readonly ConfigurationMistake[] {
  return Object.keys(options)
    .filter((name) => !(OPTION_NAMES as readonly string[]).includes(name))
    .map((name) => ({
      option: `redisStore(): ${name}`,
      found: 'it is no option',
      write: writeOneOf(name, OPTION_NAMES),
    }));
}

function impossibleOptions(options: RedisStoreOptions): readonly ConfigurationMistake[] {
  const { prefix = 'holdfast', durability = 'none', time = 'server' } = options;
  const mistakes = [
    ...connectionMistakes('redisStore()', options, clientMistakes),
    ...prefixMistakes('redisStore()', prefix),
  ];
  if (!DURABILITIES.includes(durability))
    mistakes.push(
      impossibleOption('redisStore(): durability', durability, "Write 'always', 'everysec' or 'none'"),
    );
  if (time !== 'server' && time !== 'app')
    mistakes.push(impossibleOption('redisStore(): time', time, "Write 'server' or 'app'"));
  return mistakes;
}

/** What is wrong with the prefix of `call`'s keys or channels, which is put in braces. */
export function prefixMistakes(call: string, prefix: unknown): readonly ConfigurationMistake[] {
  if (typeof prefix === 'string' && /^[a-z0-9:_-]{1,64}$/.test(prefix)) return [];
  const write = "Write 1 to 64 of a-z 0-9 : _ - (it is put in braces), such as 'shop' or 'shop:test'";
  return [impossibleOption(`${call}: prefix`, prefix, write)];
}

/** Whether one of both is there, and what is wrong with it. */
export function connectionMistakes(
  call: string,
  { client, url }: { readonly client?: unknown; readonly url?: unknown },
  clientMistakes: (client: unknown) => readonly ConfigurationMistake[],
): readonly ConfigurationMistake[] {
  if ((client === undefined) === (url === undefined))
    return [
      {
        option: `${call}: client`,
        found: client === undefined ? 'neither client nor url is there' : 'client and url are both there',
        write: "Write one of them: { client: new Redis() } or { url: 'redis://localhost:6379' }",
      },
    ];
  return client === undefined ? urlMistakes(`${call}: url`, url) : clientMistakes(client);
}

function urlMistakes(option: string, url: unknown): readonly ConfigurationMistake[] {
  const write = "Write 'redis://host:6379', or 'rediss://…' for TLS";
  if (typeof url !== 'string') return [impossibleOption(option, url, write)];
  if (/^rediss?:\/\/./i.test(url) && URL.canParse(url)) return [];
  // Not the text itself: it may hold a password.
  return [{ option, found: 'it is no redis:// URL', write }];
}

const METHODS = ['evalsha', 'eval', 'get', 'set', 'info', 'config', 'duplicate'] as const;

function clientMistakes(client: unknown): readonly ConfigurationMistake[] {
  const option = 'redisStore(): client';
  const isObject = typeof client === 'object' && client !== null;
  const given = (isObject ? client : {}) as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((method) => typeof given[method] !== 'function');
  if (missing.length > 0)
    return [
      {
        option,
        found: isObject
          ? `${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`
          : `${shownOption(client)} is not possible`,
        write:
          typeof given['evalSha'] === 'function'
            ? "This is a client of the package 'redis'. Write new Redis(…) of the package ioredis, or { url }"
            : 'Write new Redis(…) or new Cluster(…) of the package ioredis',
      },
    ];
  const prefix = keyPrefixOf(given['options']);
  if (prefix === '') return [];
  return [
    {
      option,
      found: `it has keyPrefix '${prefix}', which would be put before some keys of the store and not before others`,
      write: "Give a client without keyPrefix, and write redisStore({ client, prefix: 'shop' })",
    },
  ];
}

function keyPrefixOf(options: unknown): string {
  const { keyPrefix, redisOptions } = (options ?? {}) as {
    readonly keyPrefix?: unknown;
    readonly redisOptions?: unknown;
  };
  if (typeof keyPrefix === 'string' && keyPrefix !== '') return keyPrefix;
  return redisOptions === undefined ? '' : keyPrefixOf(redisOptions);
}
