import {
  type Connection,
  sqliteCode,
  SQLITE_CONSTRAINT,
  type SqlValue,
  type Statement,
} from './connection.js';

/**
 * Several rows by one statement with `OR FAIL`, which keeps what went in before the row that met another: SQLite copies no page to
 * be able to take it back.
 */
export class InsertTogether {
  private readonly insert: Statement<never>;
  private readonly selectChanges: () => number | null;

  constructor(connection: Connection, sql: string) {
    this.insert = connection.prepare(sql);
    this.selectChanges = connection.prepareNumber('SELECT changes()');
  }

  /** Answers how many rows went in: those before the first that met another. */
  run(values: readonly SqlValue[]): number {
    try {
      return this.insert.run(values);
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_CONSTRAINT) throw error;
      return this.selectChanges() ?? 0;
    }
  }
}
