import type { Checkpoint } from '../../model/checkpoint.js';
import type { Lease } from '../../model/lease.js';
import type { Verdict } from '../../ports/store-write.js';
import { checkpointKindCode, commitMark } from './codes.js';
import type { Connection, SqlValue, Statement } from './connection.js';
import type { HeldLeases } from './held-leases.js';
import { InsertTogether, TOGETHER } from './insert-together.js';
import { executionAt, keyHash, placeOf, placesOf } from './checkpoint-place.js';
import { toStored, toStoredOrNull } from './stored-text.js';

/** Parameters of a usual row. */
const WIDTH = 7;

const already: Verdict = Object.freeze({ verdict: 'already' });
const checkpointExists: Verdict = Object.freeze({ verdict: 'rejected', reason: 'checkpoint-exists' });

/** A stored row at one place. */
export interface Found {
  readonly mark: number;
  readonly turn: number;
  readonly epoch: number;
  readonly key: string;
}

/**
 * Inserts checkpoints into one table. Keys are unique by the hash of (turn, epoch, key) within the execution; of two keys with
 * one hash the later takes the next free place, so rows are only ever removed with all others of their execution.
 */
export class CheckpointTable {
  private readonly insertUsuals: InsertTogether;
  private readonly insertHeld: Statement<never>;
  private readonly insertGuarded: Statement<never>;
  private readonly selectAt: Statement<Found>;
  /** Queued rows, their indexes in the group and their parameters: used again and again, since garbage is a tenth of the cost. */
  private readonly rows: Checkpoint[] = [];
  private readonly indexes: number[] = [];
  private readonly values: SqlValue[] = Array.from({ length: TOGETHER * WIDTH }, () => null);
  private queued = 0;
  private verdicts: Verdict[] = [];

  constructor(
    connection: Connection,
    private readonly held: HeldLeases,
    table: number,
  ) {
    const insertUsual: Statement<never> = connection.prepare(insertUsualCheckpoints(table, 'IGNORE', 1));
    const several = insertUsualCheckpoints(table, 'FAIL', TOGETHER);
    this.insertUsuals = new InsertTogether(connection, insertUsual, several, WIDTH);
    this.insertHeld = connection.prepare(insertHeldCheckpoint(table));
    this.insertGuarded = connection.prepare(insertGuardedCheckpoint(table));
    this.selectAt = connection.prepare(selectCheckpointAt(table));
  }

  /** Call it first in a group; `verdicts` receives the refusals of queued rows. */
  begin(verdicts: Verdict[]): void {
    this.verdicts = verdicts;
    this.queued = 0;
  }

  /**
   * Takes a usual row of the group's next commit, whose lease is held. `left`: rows of that commit which are still to come, this one included;
   * what is queued is not written in the midst of them, since the commit has no verdict yet that could be taken back.
   */
  queue(lease: Lease, commitNo: number, row: Checkpoint, left: number): void {
    if (this.queued + left > TOGETHER) this.flush();
    const { values } = this;
    const at = this.queued++;
    this.rows[at] = row;
    this.indexes[at] = this.verdicts.length;
    const first = at * WIDTH;
    values[first] = placeOf(lease.key, keyHash(0, 0, row.key));
    values[first + 1] = row.seq;
    values[first + 2] = commitMark(lease.fence, commitNo);
    values[first + 3] = row.endedAt;
    values[first + 4] = row.endedAt - row.startedAt;
    values[first + 5] = toStored(row.key);
    values[first + 6] = toStoredOrNull(row.value);
  }

  /** Writes what is queued. */
  flush(): void {
    const { queued } = this;
    this.queued = 0;
    this.insertUsuals.run(this.values, queued, this.settle);
  }

  /** The row of that key. */
  find(n: number, row: Checkpoint): Found | undefined {
    const stored = toStored(row.key);
    for (const place of placesOf(n, row)) {
      const found = this.selectAt.get([place]);
      if (found === undefined || isOf(found, row.turn, row.epoch, stored)) return found;
    }
    return undefined;
  }

  /** Inserts one row; false: its key exists, or the lease is not current. */
  insert(lease: Lease, commitNo: number, row: Checkpoint): boolean {
    const { key, fence } = lease;
    const values = valuesOf(commitMark(fence, commitNo), row);
    if (this.held.has(lease)) return this.insertAt(this.insertHeld, values, key, row);
    values.push(key, fence);
    const inserted = this.insertAt(this.insertGuarded, values, key, row);
    if (inserted) this.held.hold(lease.key, lease.fence, true);
    return inserted;
  }

  /** Inserts one row by one statement, outside of a transaction; false: it is not in, for whatever reason, be it that its place is taken. */
  insertAlone({ key, fence }: Lease, commitNo: number, row: Checkpoint): boolean {
    const values = valuesOf(commitMark(fence, commitNo), row);
    values[0] = placeOf(key, keyHash(row.turn, row.epoch, row.key));
    values.push(key, fence);
    return this.insertGuarded.run(values) === 1;
  }

  /**
   * Tries one place after the other until the row is in, its key is found, or no row at all is in the way. The place is the first
   * of the parameters, set for each try.
   */
  private insertAt(statement: Statement<never>, values: SqlValue[], n: number, row: Checkpoint): boolean {
    const key = toStored(row.key);
    for (const place of placesOf(n, row)) {
      values[0] = place;
      if (statement.run(values) === 1) return true;
      const found = this.selectAt.get([place]);
      if (found === undefined || isOf(found, row.turn, row.epoch, key)) return false;
    }
    return false;
  }

  /** A queued row that met another: of its own key, or of another key with its hash. */
  private readonly settle = (at: number): void => {
    const row = this.rows[at] as Checkpoint;
    const n = executionAt(this.values[at * WIDTH] as number);
    const mark = this.values[at * WIDTH + 2] as number;
    const found = this.find(n, row);
    if (found === undefined) this.insertAt(this.insertHeld, valuesOf(mark, row), n, row);
    else this.verdicts[this.indexes[at] as number] = found.mark === mark ? already : checkpointExists;
  };
}

/** Of a step that succeeded at its first attempt. */
export function isUsual(row: Checkpoint): boolean {
  return (
    row.kind === 'completed' &&
    row.turn === 0 &&
    row.epoch === 0 &&
    row.attempt === 1 &&
    row.wakeAt === null &&
    row.error === null &&
    row.path === row.key
  );
}

function isOf(found: Found, turn: number, epoch: number, storedKey: string): boolean {
  return found.turn === turn && found.epoch === epoch && found.key === storedKey;
}

/** What the statements for a single row bind; the place is set by `insertAt`. */
function valuesOf(mark: number, row: Checkpoint): SqlValue[] {
  return [
    0,
    row.seq,
    mark,
    checkpointKindCode(row.kind),
    row.attempt,
    row.turn,
    row.epoch,
    row.endedAt,
    row.endedAt - row.startedAt,
    row.wakeAt,
    toStored(row.key),
    row.path === row.key ? null : toStored(row.path),
    toStoredOrNull(row.value),
    toStoredOrNull(row.error),
  ];
}

/** Rows of a step that succeeded at its first attempt: what is alike in all of them is in the text, which is cheaper than binding it. */
function insertUsualCheckpoints(table: number, otherwise: 'IGNORE' | 'FAIL', rows: number): string {
  const row = '(?, ?, ?, ?, ?, ?, ?, 0, 1, 0, 0)';
  return `
INSERT OR ${otherwise} INTO holdfast_checkpoint_${table} (place, seq, mark, ended_at, took, key, value, kind, attempt, turn, epoch)
VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}

const columns = 'seq, mark, kind, attempt, turn, epoch, ended_at, took, wake_at, key, path, value, error';

function insertHeldCheckpoint(table: number): string {
  return `
INSERT INTO holdfast_checkpoint_${table} (place, ${columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
}

export function insertGuardedCheckpoint(table: number): string {
  return `
INSERT INTO holdfast_checkpoint_${table} (place, ${columns})
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM holdfast_execution WHERE n = ? AND fence = ? AND status = 1
ON CONFLICT DO NOTHING`;
}

export function selectCheckpointAt(table: number): string {
  return `
SELECT mark, turn, epoch, key FROM holdfast_checkpoint_${table} WHERE place = ?`;
}
