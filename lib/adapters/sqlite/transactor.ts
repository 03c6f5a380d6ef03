import { ConfigurationError } from '../../model/errors-boot.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import { messageOf } from '../../model/message-of.js';
import type { Clock } from '../../ports/clock.js';
import type { Random } from '../../ports/random.js';
import { type Connection, SQLITE_BUSY, sqliteCode } from './connection.js';

/** How long a call waits for another process's transaction before its outcome is called unknown. */
const PATIENCE_MS = 5_000;
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

const busy = Symbol('busy');

/**
 * Runs synchronous bodies against the database: writing ones in one `BEGIN IMMEDIATE … COMMIT` each, or by one statement that is a
 * transaction by itself. While another process holds the write lock it tries again after a jittered pause, without ever blocking the event loop; whoever comes
 * meanwhile waits in line.
 */
export class Transactor {
  private readonly begin: () => void;
  private readonly commit: () => void;
  private readonly rollback: () => void;
  private line: Promise<void> = Promise.resolve();
  private inLine = 0;
  private closed = false;
  /** A rollback failed: a transaction may be open, and nothing commits by itself inside it. */
  private mayBeInside = false;

  constructor(
    connection: Connection,
    private readonly clock: Clock,
    private readonly random: Random,
    /** Called after a rollback, and where the outcome of a statement is unknown: what was remembered of the database may not be true. */
    private readonly onRollback: () => void,
  ) {
    this.begin = connection.prepareCommand('BEGIN IMMEDIATE');
    this.commit = connection.prepareCommand('COMMIT');
    this.rollback = connection.prepareCommand('ROLLBACK');
  }

  /** Rejects with `StoreUnavailableError` for whatever SQLite reports; nothing of the body is kept then. */
  write<T>(body: () => T): Promise<T> {
    return this.run(() => this.transact(body));
  }

  /**
   * As `write`, but first tries `alone`: at most one statement that writes, which SQLite commits by itself, without `BEGIN` and `COMMIT`.
   * Where that answers null, having changed nothing, `body` runs in a transaction.
   */
  writeAlone<T>(alone: () => T | null, body: () => T): Promise<T> {
    return this.run(() => (this.mayBeInside ? null : this.autocommit(alone)) ?? this.transact(body));
  }

  /** The same without a transaction: each statement sees the newest commit. */
  read<T>(body: () => T): Promise<T> {
    return this.run(() => {
      try {
        return body();
      } catch (error) {
        throw storeError(error);
      }
    });
  }

  /** Whoever still waits for the lock is told that the store is closed. */
  close(): void {
    this.closed = true;
  }

  private async run<T>(attempt: () => T): Promise<T> {
    if (this.inLine === 0) {
      const answer = this.unlessBusy(attempt);
      if (answer !== busy) return answer;
    }
    const before = this.line;
    let leave = (): void => undefined;
    this.line = new Promise((resolve) => (leave = resolve));
    this.inLine++;
    try {
      await before;
      return await this.insist(attempt);
    } finally {
      this.inLine--;
      leave();
    }
  }

  private async insist<T>(attempt: () => T): Promise<T> {
    const since = this.clock.monotonic();
    for (;;) {
      if (this.closed)
        throw new StoreUnavailableError(
          'the SQLite store was closed while the call waited for another process',
        );
      const answer = this.unlessBusy(attempt);
      if (answer !== busy) return answer;
      if (this.clock.monotonic() - since >= PATIENCE_MS)
        throw new StoreUnavailableError(`another process held the SQLite write lock for ${PATIENCE_MS} ms`);
      await this.pause();
    }
  }

  private unlessBusy<T>(attempt: () => T): T | typeof busy {
    try {
      return attempt();
    } catch (error) {
      if (error instanceof StoreUnavailableError && sqliteCode(error.cause) === SQLITE_BUSY) return busy;
      throw error;
    }
  }

  private transact<T>(body: () => T): T {
    try {
      this.begin();
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_BUSY) this.undo();
      throw storeError(error);
    }
    try {
      const answer = body();
      this.commit();
      this.mayBeInside = false;
      return answer;
    } catch (error) {
      this.undo();
      throw storeError(error);
    }
  }

  private autocommit<T>(statement: () => T): T {
    try {
      return statement();
    } catch (error) {
      // Busy: it did not get the lock. After any other error nobody knows whether something has changed.
      if (sqliteCode(error) !== SQLITE_BUSY) this.onRollback();
      throw storeError(error);
    }
  }

  private undo(): void {
    try {
      this.rollback();
      this.mayBeInside = false;
    } catch {
      // Most often SQLite has rolled back by itself, as it does after SQLITE_FULL.
      this.mayBeInside = true;
    }
    this.onRollback();
  }

  private pause(): Promise<void> {
    const ms = SHORTEST_PAUSE_MS + this.random.next() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    return new Promise((resolve) => void this.clock.setTimer(ms, resolve));
  }
}

/** Of a store that was opened with `readOnly`: whatever writes is refused. */
export class ReadingTransactor extends Transactor {
  override writeAlone<T>(): Promise<T> {
    return this.write();
  }

  override write<T>(): Promise<T> {
    const mistake = {
      option: 'sqliteStore(): readOnly',
      found: 'true, and something is to be written',
      write: 'Leave it out where work is published, retried, cancelled or run',
    };
    return Promise.reject(new ConfigurationError([mistake]));
  }
}

/** A driver's error as the port's; anything else is a fault of ours and stays what it is. */
function storeError(error: unknown): unknown {
  if (sqliteCode(error) === null) return error;
  return new StoreUnavailableError(`SQLite: ${messageOf(error)}`, error);
}
