import type { Batches } from './batches.js';
import { deleteCheckpoints } from './checkpoint-rows.js';
import type { Connection, Statement } from './connection.js';
import type { Families } from './families.js';
import type { Gates } from './gates.js';
import type { Mailboxes } from './mailboxes.js';

/** What a removal needs to know of an execution. */
interface Removed {
  readonly n: number;
  readonly gate: number | null;
  readonly batch: number | null;
}

/** Takes executions away with all that is theirs. Call it inside a write transaction. */
export class Removals {
  private readonly selectLast: () => number | null;
  private readonly keepNumber: Statement<never>;
  private readonly statements: readonly Statement<never>[];

  constructor(
    connection: Connection,
    private readonly gates: Gates,
    private readonly mailboxes: Mailboxes,
    private readonly batches: Batches,
    private readonly families: Families,
  ) {
    this.selectLast = connection.prepareNumber('SELECT max(n) FROM holdfast_execution');
    this.keepNumber = connection.prepare(keepNumber);
    this.statements = [
      ...deleteCheckpoints,
      'DELETE FROM holdfast_message WHERE n BETWEEN ? AND ?',
      'DELETE FROM holdfast_execution WHERE n BETWEEN ? AND ?',
    ].map((sql) => connection.prepare(sql));
  }

  /** The number of the newest execution: when that goes, it is written down, so that no other ever gets it. */
  last(): number {
    return this.selectLast() ?? 0;
  }

  remove(row: Removed, now: number, last = this.last()): void {
    const { n, gate, batch } = row;
    if (gate !== null && gate > 0) this.gates.quit(n, gate, now);
    if (gate !== null) {
      this.mailboxes.forget(n);
      this.families.forget(n);
    }
    if (batch !== null) this.batches.forget(n);
    this.erase(n, n, last);
  }

  /** Of ascending numbers; those that follow each other and have nothing beside them go at once. */
  removeAll(rows: readonly Removed[], now: number, last: number): void {
    let first = 0;
    for (const [at, row] of rows.entries()) {
      const next = rows[at + 1];
      if (isPlain(row) && next?.n === row.n + 1 && isPlain(next)) continue;
      if (first === at) this.remove(row, now, last);
      else this.erase((rows[first] as Removed).n, row.n, last);
      first = at + 1;
    }
  }

  /** The rows of all from `first` to `to`. */
  private erase(first: number, to: number, last: number): void {
    if (to === last) this.keepNumber.run([last]);
    for (const statement of this.statements) statement.run([first, to]);
  }
}

/** It stands behind no gate, in no mailbox and family, and collects nothing. */
function isPlain({ gate, batch }: Removed): boolean {
  return gate === null && batch === null;
}

/** It only grows: the newest one left may be older than one that was removed before. */
const keepNumber = `
INSERT INTO holdfast_meta (name, value) VALUES ('last-number', ?)
ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`;
