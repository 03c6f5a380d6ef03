/** What a parameter or a column may be: no blobs, no integers beyond 2^53. */
export type SqlValue = string | number | null;

/** One open database, the same for every driver. Synchronous; throws the driver's own errors. */
export interface Connection {
  /** For messages: `node:sqlite`, `libsql`, or what the caller passed in. */
  readonly driver: string;
  /** `Row` is what the statement's columns are declared to hold. */
  prepare<Row = never>(sql: string): Statement<Row>;
  /** Prepares a statement that takes and gives nothing. */
  prepareCommand(sql: string): () => void;
  /** Prepares one that takes nothing and gives a number: the first column of the first row, null where there is none. */
  prepareNumber(sql: string): () => number | null;
  /** Runs statements without parameters. */
  exec(sql: string): void;
  close(): void;
}

/** A prepared statement; parameters are always bound, in order. */
export interface Statement<Row> {
  /** Answers how many rows changed. */
  run(values: readonly SqlValue[]): number;
  get(values: readonly SqlValue[]): Row | undefined;
  all(values: readonly SqlValue[]): readonly Row[];
}

/** The primary result code of a driver's error (5 is `SQLITE_BUSY`), or null when SQLite did not raise it. */
export function sqliteCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, errcode, rawCode } = error as { code?: unknown; errcode?: unknown; rawCode?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return null;
  if (typeof rawCode === 'number') return rawCode & 0xff;
  const name = /^SQLITE_([A-Z]+)/.exec(code)?.[1] ?? '';
  return primaryCodes.get(name) ?? UNKNOWN_CODE;
}

export const SQLITE_BUSY = 5;
const SQLITE_IO_ERROR = 10;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_NOT_A_DATABASE = 26;
const UNKNOWN_CODE = 1;

const primaryCodes = new Map<string, number>([
  ['ERROR', 1],
  ['PERM', 3],
  ['ABORT', 4],
  ['BUSY', SQLITE_BUSY],
  ['LOCKED', 6],
  ['NOMEM', 7],
  ['READONLY', 8],
  ['INTERRUPT', 9],
  ['IOERR', SQLITE_IO_ERROR],
  ['CORRUPT', 11],
  ['FULL', 13],
  ['CANTOPEN', 14],
  ['CONSTRAINT', SQLITE_CONSTRAINT],
  ['MISUSE', 21],
  ['NOTADB', SQLITE_NOT_A_DATABASE],
]);
