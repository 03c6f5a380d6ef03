import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { sqliteStore, type SqliteStore } from '../adapters/sqlite/sqlite-store.js';
import { systemClock } from '../adapters/system/system-clock.js';
import { systemRandom } from '../adapters/system/system-random.js';
import { HoldfastError } from '../model/errors.js';
import { UsageError } from './usage-error.js';

const DEFAULT_STORE = '.holdfast/holdfast.db';

interface Place {
  /** Where the name of the store was written, for messages. */
  readonly from: string;
  readonly url: string;
}

/** Opens the store to read only: nothing is registered, taken or made. Throws `UsageError`. */
export async function openStore(
  given: string | null,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<SqliteStore> {
  const path = pathOf(placeOf(given, env), folder);
  if (!existsSync(path))
    throw new UsageError(
      `there is no store '${path}': give the SQLite file that the workers use, --store <file>`,
    );
  const store = sqliteStore({ path, readOnly: true });
  try {
    await store.open({ clock: systemClock, random: systemRandom, warn: () => {} });
  } catch (error) {
    if (error instanceof HoldfastError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  return store;
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
      `${from} is '${url}': only SQLite files can be read by this version; stores on ${scheme} cannot. Write --store ./.holdfast/holdfast.db`,
    );
  return resolve(folder, file);
}
