import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { impossibleOption, shownOption } from '../../model/impossible-option.js';
import { writeOneOf } from '../../model/near-names.js';
import type { SqliteDriver } from './driver.js';
import type { Synchronous } from './open-database.js';

export interface SqliteStoreOptions {
  /** The database file; its folder is made if need be. `:memory:` keeps everything in this process. */
  readonly path: string;
  /**
   * `'FULL'` (default): an acknowledged commit survives a power cut. `'NORMAL'`: it survives a crash of the process, and a
   * power cut may take the newest commits; about six times as fast for one execution at a time.
   */
  readonly synchronous?: Synchronous;
  /**
   * Opens a database that is there and changes nothing in it, not even to bring it to this version; every write fails.
   * For reports beside running workers: no app can start on it. Default false.
   */
  readonly readOnly?: boolean;
  /** The driver's module or class. Default: `node:sqlite` (Node ≥ 22.13), else the installed `libsql`. */
  readonly driver?: SqliteDriver;
}

const OPTION_NAMES = [
  'path',
  'synchronous',
  'readOnly',
  'driver',
] as const satisfies (keyof SqliteStoreOptions)[];

/** Throws `ConfigurationError` for what is no option. */
export function refuseUnknown(options: unknown): void {
  if (typeof options === 'string') return;
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError([
      {
        option: 'sqliteStore()',
        found: `${shownOption(options)} is no object of options`,
        write: "Write sqliteStore('./.holdfast/holdfast.db') or sqliteStore({ path })",
      },
    ]);
  const unknown = Object.keys(options).filter((name) => !(OPTION_NAMES as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new ConfigurationError(
      unknown.map((name) => ({
        option: `sqliteStore(): ${name}`,
        found: 'it is no option',
        write: writeOneOf(name, OPTION_NAMES),
      })),
    );
}

/** Throws `ConfigurationError` for options that cannot be. */
export function checkOptions(path: unknown, synchronous: unknown, readOnly: unknown): void {
  const mistakes: ConfigurationMistake[] = [];
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    mistakes.push(impossibleOption('sqliteStore(): path', path, "Write a file's path, or ':memory:'"));
  else mistakes.push(...addressAsPath(path));
  if (synchronous !== 'FULL' && synchronous !== 'NORMAL')
    mistakes.push(impossibleOption('sqliteStore(): synchronous', synchronous, "Write 'FULL' or 'NORMAL'"));
  if (typeof readOnly !== 'boolean' || (readOnly && path === ':memory:'))
    mistakes.push({
      option: 'sqliteStore(): readOnly',
      found: `${shownOption(readOnly)} is not possible${readOnly === true ? " for ':memory:'" : ''}`,
      write: 'Write true for a file that is there, or leave it out',
    });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What other options and libraries take. As a path it would be a new file of that name, empty, beside the real one. */
const ADDRESS = /^(sqlite|file|memory|rediss?|postgres(?:ql)?|mysql|libsql|https?):(?:\/\/)?/i;

/** The address is not shown: it may hold a password. */
function addressAsPath(path: string): ConfigurationMistake[] {
  const [start, name] = ADDRESS.exec(path) ?? [];
  if (start === undefined || name === undefined) return [];
  const scheme = name.toLowerCase();
  const found = `an address of '${scheme}:' is no path`;
  return [{ option: 'sqliteStore(): path', found, write: insteadOf(scheme, path.slice(start.length)) }];
}

function insteadOf(scheme: string, rest: string): string {
  if (scheme === 'memory') return "Write ':memory:', or memoryStore() instead";
  if (scheme.startsWith('redis')) return "Write redisStore({ url }) of 'holdfast/redis' instead";
  if (scheme !== 'sqlite' && scheme !== 'file') return "Write the path of a file, or ':memory:'";
  return rest === '' ? 'Write the path alone' : `Write the path alone: ${shownOption(rest)}`;
}
