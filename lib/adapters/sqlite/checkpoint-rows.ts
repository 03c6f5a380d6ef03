import type { Checkpoint } from '../../model/checkpoint.js';
import type { Lease } from '../../model/lease.js';
import type { Verdict } from '../../ports/store-write.js';
import { CheckpointTable, type Found, isUsual } from './checkpoint-table.js';
import type { Connection, Statement } from './connection.js';
import type { HeldLeases } from './held-leases.js';
import { TOGETHER } from './insert-together.js';
import { checkpointTables, tableOf, placesOfExecutions } from './checkpoint-place.js';

/**
 * Checkpoints in the tables of their steps; executions older than these have all of theirs in the first.
 *
 * The usual row under a lease that is surely held cannot be refused but for its key: such rows wait for each other and go
 * in together. Whatever looks at rows calls `flush` first.
 */
export class CheckpointRows {
  private readonly tables: readonly CheckpointTable[];
  private readonly deletions: readonly Statement<never>[];
  /** The last execution whose checkpoints are all in the first table. */
  private readonly lastInOneTable: number;

  constructor(
    connection: Connection,
    private readonly held: HeldLeases,
  ) {
    this.tables = checkpointTables.map((table) => new CheckpointTable(connection, held, table));
    this.deletions = deleteCheckpoints.map((sql) => connection.prepare(sql));
    this.lastInOneTable = connection.prepareNumber(selectLastInOneTable)() ?? 0;
  }

  /** Call it first in a group; `verdicts` receives the refusals of queued rows. */
  begin(verdicts: Verdict[]): void {
    for (const table of this.tables) table.begin(verdicts);
  }

  /** Whether rows of one commit may be queued: all of the usual kind, and none can be refused without the others. */
  takes(lease: Lease, commitNo: number, rows: readonly Checkpoint[]): boolean {
    if (!this.held.has(lease)) return false;
    for (let at = 0; at < rows.length; at++) if (!isUsual(rows[at] as Checkpoint)) return false;
    if (rows.length < 2) return true;
    // Nothing was there before the first commit of an execution but that commit.
    return lease.fence === 1 && commitNo === 1 && rows.length <= TOGETHER && areDistinct(rows);
  }

  /** Takes the rows of the group's next commit, which counts as `ok` until told otherwise. */
  queue(lease: Lease, commitNo: number, rows: readonly Checkpoint[]): void {
    const { length } = rows;
    for (let at = 0; at < length; at++) {
      const row = rows[at] as Checkpoint;
      this.tableOf(lease.key, row).queue(lease, commitNo, row, length - at);
    }
  }

  /** Writes what is queued. */
  flush(): void {
    for (const table of this.tables) table.flush();
  }

  /** The row of that key. */
  find(n: number, row: Checkpoint): Found | undefined {
    return this.tableOf(n, row).find(n, row);
  }

  /** Inserts one row; false: its key exists, or the lease is not current. */
  insert(lease: Lease, commitNo: number, row: Checkpoint): boolean {
    return this.tableOf(lease.key, row).insert(lease, commitNo, row);
  }

  /** Inserts one row by one statement; false: it is not in, for whatever reason. */
  insertAlone(lease: Lease, commitNo: number, row: Checkpoint): boolean {
    return this.tableOf(lease.key, row).insertAlone(lease, commitNo, row);
  }

  /** Nothing may be queued. */
  removeAll(n: number): void {
    for (const deletion of this.deletions) deletion.run([n, n]);
  }

  private tableOf(n: number, { key }: Checkpoint): CheckpointTable {
    return this.tables[n <= this.lastInOneTable ? 0 : tableOf(key)] as CheckpointTable;
  }
}

function areDistinct(rows: readonly Checkpoint[]): boolean {
  return new Set(rows.map(({ key }) => key)).size === rows.length;
}

/** For each table. */
export const deleteCheckpoints = checkpointTables.map(
  (table) => `DELETE FROM holdfast_checkpoint_${table} WHERE ${placesOfExecutions}`,
);

const selectLastInOneTable = "SELECT value FROM holdfast_meta WHERE name = 'last-in-one-table'";
