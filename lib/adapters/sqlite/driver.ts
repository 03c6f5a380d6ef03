import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { DriverMissingError, StoreIncompatibleError } from '../../model/errors-store.js';
import type { Connection, SqlValue, Statement } from './connection.js';

/**
 * A synchronous SQLite driver: the module or its class. `node:sqlite`, `libsql` and `better-sqlite3` fit
 * (better-sqlite3 13 and later only on Node 22 and later: on older ones it crashes the process).
 */
export type SqliteDriver =
  | DatabaseClass
  | { readonly DatabaseSync: DatabaseClass }
  | { readonly default: DatabaseClass };

type DatabaseClass = new (path: string) => Database;

interface Database {
  prepare(sql: string): DatabaseStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

interface DatabaseStatement {
  run(...values: never[]): { readonly changes: number | bigint };
  get(...values: never[]): unknown;
  all(...values: never[]): unknown[];
  /** Of `node:sqlite` from Node 22.16 on: rows are arrays then. */
  setReturnArrays?(enabled: boolean): void;
}

/** Opens databases by one driver. */
export interface ChosenDriver {
  readonly name: string;
  connect(path: string): Connection;
}

/** The surroundings that decide which driver is used; the running process unless a test says otherwise. */
export interface DriverHost {
  readonly nodeVersion: string;
  builtin(): unknown;
  libsql(): Promise<unknown>;
  /** Name and version of the package that exports the driver, when that can be known. */
  packageOf(driver: object): { readonly name: string; readonly version: string } | null;
}

/** The driver passed in, else `node:sqlite` (Node ≥ 22.13), else the optional peer `libsql`. */
export async function chooseDriver(
  passed: SqliteDriver | undefined,
  host: DriverHost = thisProcess,
): Promise<ChosenDriver> {
  if (passed !== undefined) {
    refuseKnownCrash(passed, host);
    const found = databaseClass(passed);
    if (found === null)
      throw new StoreIncompatibleError(
        'option `driver` has no database class: pass the module `node:sqlite`, `libsql` or `better-sqlite3`',
      );
    return chosen(isOfNode(found) ? 'node:sqlite' : (host.packageOf(passed)?.name ?? found.name), found);
  }
  const builtin = databaseClass(host.builtin());
  if (builtin !== null) return chosen('node:sqlite', builtin);
  let loaded: unknown;
  try {
    loaded = await host.libsql();
  } catch (cause) {
    throw new DriverMissingError(
      `the SQLite store on Node ${host.nodeVersion} (Node 22.13 and later bring a driver; for several processes on one file give better-sqlite3 12 as option \`driver\` instead)`,
      'npm install libsql',
      cause,
    );
  }
  const libsql = databaseClass(loaded);
  if (libsql === null) throw new DriverMissingError('the SQLite store', 'npm install libsql');
  return chosen('libsql', libsql);
}

const thisProcess: DriverHost = {
  nodeVersion: process.versions.node,
  builtin: () => process.getBuiltinModule?.('node:sqlite'),
  libsql: () => import('libsql'),
  packageOf: packageOfLoaded,
};

function refuseKnownCrash(driver: object, host: DriverHost): void {
  const found = host.packageOf(driver);
  if (found?.name !== 'better-sqlite3') return;
  if (major(found.version) >= 13 && major(host.nodeVersion) < 22)
    throw new StoreIncompatibleError(
      `better-sqlite3 ${found.version} crashes the process on Node ${host.nodeVersion}: use better-sqlite3 12, libsql, or Node 22`,
    );
}

function major(version: string): number {
  return Number.parseInt(version, 10);
}

/** `DatabaseSync`, or a class that extends it. */
function isOfNode(driver: DatabaseClass): boolean {
  for (let each: unknown = driver; typeof each === 'function'; each = Object.getPrototypeOf(each))
    if (each.name === 'DatabaseSync') return true;
  return false;
}

function databaseClass(candidate: unknown): DatabaseClass | null {
  if (typeof candidate === 'function') return candidate as DatabaseClass;
  if (typeof candidate !== 'object' || candidate === null) return null;
  const { DatabaseSync, default: exported } = candidate as { DatabaseSync?: unknown; default?: unknown };
  return databaseClass(DatabaseSync) ?? databaseClass(exported);
}

/** CommonJS drivers are in the loader's cache with their file, `import`ed ones too. */
function packageOfLoaded(driver: object): { name: string; version: string } | null {
  const exported = databaseClass(driver);
  const { cache } = createRequire(join(process.cwd(), 'any.js'));
  for (const file in cache) {
    const exports: unknown = cache[file]?.exports;
    if (exports !== driver && exports !== exported) continue;
    for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
      const found = readPackage(join(folder, 'package.json'));
      if (found !== null) return found;
    }
  }
  return null;
}

function readPackage(file: string): { name: string; version: string } | null {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    return typeof name === 'string' && typeof version === 'string' ? { name, version } : null;
  } catch {
    return null;
  }
}

function chosen(name: string, driver: DatabaseClass): ChosenDriver {
  const isNodes = name === 'node:sqlite';
  return {
    name,
    connect(path) {
      const database = new driver(path);
      return {
        driver: name,
        prepare: <Row>(sql: string) => {
          return isNodes
            ? new SpreadStatement<Row>(database.prepare(sql))
            : new ArrayStatement<Row>(database, sql);
        },
        prepareCommand: (sql) => (isNodes ? commandByGet : commandByRun)(database.prepare(sql)),
        prepareNumber: (sql) => numberOf(database.prepare(sql)),
        exec: (sql) => void database.exec(sql),
        close: () => void database.close(),
      };
    },
  };
}

/** Of `node:sqlite`: what its `run` answers costs more than most commands do; its `get` answers nothing where there is no row. */
function commandByGet(statement: DatabaseStatement): () => void {
  return () => void statement.get();
}

function commandByRun(statement: DatabaseStatement): () => void {
  return () => void statement.run();
}

/** By arrays where the driver has them: an object needs a shape and the names of its columns, each time anew. */
function numberOf(statement: DatabaseStatement): () => number | null {
  statement.setReturnArrays?.(true);
  return () => {
    const row = statement.get() ?? [];
    const first: unknown = Array.isArray(row) ? row[0] : Object.values(row)[0];
    return typeof first === 'number' ? first : null;
  };
}

/** `node:sqlite` takes parameters one by one. */
class SpreadStatement<Row> implements Statement<Row> {
  constructor(private readonly statement: DatabaseStatement) {}

  run(values: readonly SqlValue[]): number {
    return Number(this.statement.run(...(values as readonly never[])).changes);
  }

  get(values: readonly SqlValue[]): Row | undefined {
    return this.statement.get(...(values as readonly never[])) as Row | undefined;
  }

  all(values: readonly SqlValue[]): readonly Row[] {
    // A plain array: node:sqlite makes its own in the realm of Node, which under Jest is not that of the caller.
    return Array.from(this.statement.all(...(values as readonly never[])) as Row[]);
  }
}

/**
 * `libsql` and `better-sqlite3` take them as one array; a single `null` passed alone would be read as named parameters.
 *
 * In libsql, `get` answers what an `all` or `run` of the same statement left (0.5.29): it has a statement of its own.
 */
class ArrayStatement<Row> implements Statement<Row> {
  private readonly statement: DatabaseStatement;
  private getting: DatabaseStatement | null = null;

  constructor(
    private readonly database: Database,
    private readonly sql: string,
  ) {
    this.statement = database.prepare(sql);
  }

  run(values: readonly SqlValue[]): number {
    return Number(this.statement.run(values as never).changes);
  }

  get(values: readonly SqlValue[]): Row | undefined {
    this.getting ??= this.database.prepare(this.sql);
    return this.getting.get(values as never) as Row | undefined;
  }

  all(values: readonly SqlValue[]): readonly Row[] {
    return this.statement.all(values as never) as Row[];
  }
}
