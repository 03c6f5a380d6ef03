import { StoreIncompatibleError } from '../../model/errors-store.js';
import { type Connection, sqliteCode, SQLITE_NOT_A_DATABASE } from './connection.js';
import { migrations } from './schema.js';

/**
 * Brings the database to the version of this code. Call it inside a write transaction: of two processes that boot at
 * once, the second finds the work done.
 */
export function migrate(connection: Connection, steps: readonly string[] = migrations): void {
  connection.exec('CREATE TABLE IF NOT EXISTS holdfast_schema (version INTEGER NOT NULL)');
  const version = connection
    .prepare<{ version: number }>('SELECT version FROM holdfast_schema')
    .get([])?.version;
  if (version === undefined) connection.exec('INSERT INTO holdfast_schema (version) VALUES (0)');
  const from = version ?? 0;
  if (from > steps.length)
    throw new StoreIncompatibleError(
      `the database has schema version ${from}, this version of Holdfast knows ${steps.length}: upgrade Holdfast in this process`,
    );
  for (const step of steps.slice(from)) connection.exec(step);
  // Written at every open: what `synchronous` really is shows only after a write.
  connection.prepare('UPDATE holdfast_schema SET version = ?').run([steps.length]);
}

/** Throws `StoreIncompatibleError` for a database that is not of the version of this code; changes nothing. */
export function checkVersion(connection: Connection, path: string): void {
  const version = versionOf(connection, path);
  if (version === migrations.length) return;
  throw new StoreIncompatibleError(
    version === 0
      ? `'${path}' is no database of Holdfast`
      : `'${path}' has schema version ${version}, this version of Holdfast knows ${migrations.length}: ${
          version < migrations.length
            ? 'start a worker with this version on it once'
            : 'upgrade Holdfast in this process'
        }`,
  );
}

function versionOf(connection: Connection, path: string): number {
  try {
    const tables = connection
      .prepare<{ name: string }>("SELECT name FROM sqlite_master WHERE name = 'holdfast_schema'")
      .all([]);
    if (tables.length === 0) return 0;
    return (
      connection.prepare<{ version: number }>('SELECT version FROM holdfast_schema').get([])?.version ?? 0
    );
  } catch (error) {
    if (sqliteCode(error) === SQLITE_NOT_A_DATABASE)
      throw new StoreIncompatibleError(`'${path}' is not a SQLite database`);
    throw error;
  }
}
