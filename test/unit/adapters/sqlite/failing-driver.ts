import type { SqliteDriver } from '../../../../lib/adapters/sqlite/driver.js';
import { databaseClass, driverOf } from './file-store.js';

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
}

type DatabaseClass = new (path: string) => { prepare(sql: string): Statement; exec(sql: string): unknown };

/** The next error of a driver. */
export interface Fault {
  /** It comes with that statement from now on. */
  in: number;
  /** The statement was done all the same. */
  isDone: boolean;
  /** The disk is full, and SQLite has rolled back by itself; else it could not be read or written. */
  isFull: boolean;
}

export const noFault: Fault = { in: Number.POSITIVE_INFINITY, isDone: false, isFull: false };

/** Of what SQLite reports itself, whichever driver tells it. */
function sqliteError(isFull: boolean): Error {
  const code = isFull ? 13 : 10;
  const name = isFull ? 'SQLITE_FULL' : 'SQLITE_IOERR';
  return Object.assign(new Error('injected'), { code: name, rawCode: code, errcode: code });
}

/**
 * This Node's driver, with `fault` in what it runs. `committed` is told where a commit was done and failed all the same: a `COMMIT`, or a
 * statement that is a transaction by itself.
 */
export async function failingDriver(fault: Fault, committed: () => void): Promise<SqliteDriver> {
  const Real = (await databaseClass()) as unknown as DatabaseClass;
  class Failing extends Real {
    private isInTransaction = false;

    override prepare(sql: string): Statement {
      const statement = super.prepare(sql);
      if (sql === 'ROLLBACK') return this.watchRollback(statement);
      this.spoil(statement, 'run', sql);
      this.spoil(statement, 'get', sql);
      return statement;
    }

    private spoil(statement: Statement, name: 'run' | 'get', sql: string): void {
      const call = statement[name].bind(statement);
      statement[name] = (...values) => {
        const isHit = --fault.in === 0;
        const commits = sql === 'COMMIT' || (name === 'run' && !this.isInTransaction);
        if (!isHit || fault.isDone) {
          const answer = call(...values);
          if (/^(BEGIN|COMMIT)/.test(sql)) this.isInTransaction = sql !== 'COMMIT';
          if (!isHit) return answer;
        }
        if (fault.isDone && commits) committed();
        else if (fault.isFull) this.rollBack();
        throw sqliteError(fault.isFull);
      };
    }

    private watchRollback(statement: Statement): Statement {
      for (const name of ['run', 'get'] as const) {
        const call = statement[name].bind(statement);
        statement[name] = (...values) => {
          this.isInTransaction = false;
          return call(...values);
        };
      }
      return statement;
    }

    private rollBack(): void {
      this.isInTransaction = false;
      try {
        this.exec('ROLLBACK');
      } catch {
        // No transaction had begun.
      }
    }
  }
  return driverOf(Failing);
}
