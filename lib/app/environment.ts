import { memoryStore } from '../adapters/memory/memory-store.js';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.js';
import { ConfigurationError, type ConfigurationMistake } from '../model/errors-boot.js';
import type { Duration } from '../model/duration.js';
import type { Store } from '../ports/store.js';
import type { BootstrapOptions } from './options.js';
import type { Role } from './role.js';

const DEFAULT_FILE = '.holdfast/holdfast.db';

/** Fills options that were left out from `HOLDFAST_…` variables; code wins. */
export function withEnvironment<Options extends BootstrapOptions>(
  options: Options,
  env: NodeJS.ProcessEnv,
): Options {
  const mistakes: ConfigurationMistake[] = [];
  const number = (name: string): number | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    if (!/^\d+$/.test(text))
      mistakes.push({ option: name, found: `'${text}' is no number`, write: 'Write digits only' });
    return Number(text);
  };
  const timeout = env['HOLDFAST_TIMEOUT'];
  const found: BootstrapOptions = definedOf({
    concurrency: number('HOLDFAST_CONCURRENCY'),
    maxCallDepth: number('HOLDFAST_MAX_CALL_DEPTH'),
    timeout: (timeout !== undefined && /^\d+$/.test(timeout) ? Number(timeout) : timeout || undefined) as
      | Duration
      | undefined,
    role: (env['HOLDFAST_ROLE'] || undefined) as Role | undefined,
  });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return { ...found, ...definedOf(options) };
}

/** The store that `HOLDFAST_STORE_URL` names: `memory:`, `sqlite:path`, or a path; a SQLite file in the working directory by default. */
export function storeFromEnvironment(env: NodeJS.ProcessEnv): Store {
  const url = env['HOLDFAST_STORE_URL'] || `sqlite:${DEFAULT_FILE}`;
  if (url === 'memory:') return memoryStore();
  const path = /^(?:sqlite|file):(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (path !== undefined) return sqliteStore(path);
  if (!/^[a-z][a-z0-9+.-]+:/i.test(url)) return sqliteStore(url);
  throw new ConfigurationError([
    {
      option: 'HOLDFAST_STORE_URL',
      found: `the scheme of '${url.slice(0, url.indexOf(':') + 1)}' is not known`,
      write: "Write 'memory:' or 'sqlite:path/to/file.db', or pass { store } in code",
    },
  ]);
}

function definedOf<Value extends object>(options: Value): Value {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Value;
}
