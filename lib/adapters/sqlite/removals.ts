import type { Batches } from './batches.js';
import type { Connection, Statement } from './connection.js';
import type { Families } from './families.js';
import type { Gates } from './gates.js';
import { placesOfExecution } from './key-hash.js';
import type { Mailboxes } from './mailboxes.js';

/** Takes executions away with all that is theirs. Call it inside a write transaction. */
export class Removals {
  private readonly selectLast: Statement<{ n: number | null }>;
  private readonly keepNumber: Statement<never>;
  private readonly removeCheckpoints: Statement<never>;
  private readonly statements: readonly Statement<never>[];

  constructor(
    connection: Connection,
    private readonly gates: Gates,
    private readonly mailboxes: Mailboxes,
    private readonly batches: Batches,
    private readonly families: Families,
  ) {
    this.selectLast = connection.prepare('SELECT max(n) AS n FROM holdfast_execution');
    this.keepNumber = connection.prepare(
      "INSERT OR REPLACE INTO holdfast_meta (name, value) VALUES ('last-number', ?)",
    );
    this.removeCheckpoints = connection.prepare(`DELETE FROM holdfast_checkpoint WHERE ${placesOfExecution}`);
    this.statements = [
      connection.prepare('DELETE FROM holdfast_message WHERE n = ?'),
      connection.prepare('DELETE FROM holdfast_execution WHERE n = ?'),
    ];
  }

  /** The number of the newest execution: when that goes, it is written down, so that no other ever gets it. */
  last(): number {
    return this.selectLast.get([])?.n ?? 0;
  }

  remove(
    { n, gate, batch }: { readonly n: number; readonly gate: number | null; readonly batch: number | null },
    now: number,
    last = this.last(),
  ): void {
    if (n === last) this.keepNumber.run([last]);
    if (gate !== null && gate > 0) this.gates.quit(n, gate, now);
    if (gate !== null) {
      this.mailboxes.forget(n);
      this.families.forget(n);
    }
    if (batch !== null) this.batches.forget(n);
    this.removeCheckpoints.run([n, n]);
    for (const statement of this.statements) statement.run([n]);
  }
}
