import { memoryStore } from '../adapters/memory/memory-store.js';
import { redisStore } from '../adapters/redis/redis-store.js';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.js';
import type { ConfigurationMistake } from '../model/errors-boot.js';
import type { Store } from '../ports/store.js';
import type { BootstrapOptions } from './options/options.js';
import { durationFrom, oneOf, refuse, wholeFrom, type OptionCheck } from './options/option-checks.js';
import { provides } from './injection/provides.js';
import { redisAddress } from '../adapters/redis/redis-address.js';
import { STORE } from './tokens.js';

const DEFAULT_FILE = '.holdfast/holdfast.db';

/** Options, and what is wrong with the variables that filled them. */
export interface FilledOptions {
  readonly options: BootstrapOptions;
  readonly mistakes: readonly ConfigurationMistake[];
}

/**
 * Fills options that were left out from `HOLDFAST_…` variables; code wins. Tells of each variable that is impossible, that
 * of the store too where code names none.
 */
export function withEnvironment(given: BootstrapOptions, env: NodeJS.ProcessEnv): FilledOptions {
  const options = definedOf(given);
  const mistakes: ConfigurationMistake[] = [];
  const read = (option: keyof BootstrapOptions, name: string, check: OptionCheck): unknown => {
    const written = env[name];
    if (written === undefined || written === '' || Object.hasOwn(options, option)) return undefined;
    const value = /^\d+$/.test(written) ? Number(written) : written;
    const found = check(name, value);
    mistakes.push(...found);
    return found.length === 0 ? value : undefined;
  };
  const filled = {
    concurrency: read('concurrency', 'HOLDFAST_CONCURRENCY', wholeFrom(1)),
    maxCallDepth: read('maxCallDepth', 'HOLDFAST_MAX_CALL_DEPTH', wholeFrom(1)),
    timeout: read('timeout', 'HOLDFAST_TIMEOUT', durationFrom(1)),
    role: read('role', 'HOLDFAST_ROLE', oneOf('publisher', 'worker', 'both')),
  } as BootstrapOptions;
  if (!namesStore(options)) mistakes.push(...urlMistakes(env));
  return { options: { ...definedOf(filled), ...options }, mistakes };
}

/**
 * The store that `HOLDFAST_STORE_URL` names: `memory:`, `sqlite:path`, a path, or `redis://host:6379`; `redis:` is the one that
 * `REDIS_HOST`, `REDIS_PORT` and `REDIS_PASSWORD` name. A SQLite file in the working directory by default.
 */
export function storeFromEnvironment(env: NodeJS.ProcessEnv): Store {
  refuse(urlMistakes(env));
  const url = urlOf(env);
  if (url === 'memory:') return memoryStore();
  const address = redisAddress(url, env);
  return address === null ? sqliteStore(pathOf(url) ?? url) : redisStore({ url: address });
}

function namesStore({ store, providers }: BootstrapOptions): boolean {
  return store !== undefined || provides(providers, STORE);
}

function urlOf(env: NodeJS.ProcessEnv): string {
  return env['HOLDFAST_STORE_URL'] || `sqlite:${DEFAULT_FILE}`;
}

function pathOf(url: string): string | undefined {
  return /^(?:sqlite|file):(?:\/\/)?(?!\/\/$)(.+)$/.exec(url)?.[1];
}

function urlMistakes(env: NodeJS.ProcessEnv): readonly ConfigurationMistake[] {
  const url = urlOf(env);
  const address = redisAddress(url, env);
  if (address !== null && (!/^rediss?:\/\/./i.test(address) || !URL.canParse(address)))
    return [
      {
        option: 'HOLDFAST_STORE_URL',
        found: 'it is no address of a Redis, with what REDIS_HOST and REDIS_PORT say',
        write: "Write 'redis://host:6379', or 'redis:' with REDIS_HOST=host and REDIS_PORT=6379",
      },
    ];
  const found = address === null ? noAddress(url) : null;
  if (found === null) return [];
  return [
    {
      option: 'HOLDFAST_STORE_URL',
      found,
      write: "Write 'memory:', 'sqlite:path/to/file.db' or 'redis://host:6379', or pass { store } in code",
    },
  ];
}

/** What keeps it from being an address or a path; null: nothing. */
function noAddress(url: string): string | null {
  if (url === 'memory:' || pathOf(url) !== undefined) return null;
  if (/^(?:memory|sqlite|file|rediss?)$/i.test(url))
    return `'${url}' is the scheme of an address without its colon`;
  if (/^(?:sqlite|file):/.test(url)) return `'${url}' is followed by no path`;
  return /^[a-z][a-z0-9+.-]+:/i.test(url)
    ? `the scheme of '${url.slice(0, url.indexOf(':') + 1)}' is not known`
    : null;
}

function definedOf<Value extends object>(options: Value): Value {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Value;
}
