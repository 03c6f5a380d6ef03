import type { ExecutionId, MessageId } from '../../model/ids.js';
import { isApplied } from '../../ports/is-applied.js';
import type { InstanceChange, InstanceWrite, Publishing, Verdict } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import type { Appends } from './appends.js';
import type { Connection, Statement } from './connection.js';
import { gateKind } from './gate-rows.js';
import type { Publishes } from './publishes.js';
import type { Removals } from './removals.js';
import { fromStored, toStored } from './stored-text.js';

const refused: Verdict = Object.freeze({ verdict: 'rejected', reason: 'instance-changed' });

interface InstanceRow {
  readonly version: string;
  readonly state: string;
  readonly due_at: number | null;
  /** Of the execution ahead; null: there is none that has not begun. */
  readonly execution: string | null;
  readonly definition: string | null;
}

interface AheadRow {
  readonly n: number;
  readonly gate: number | null;
  readonly batch: number | null;
}

/** Instances by id. What one has ahead is an execution like any other, until it is first claimed. Call what writes inside a write transaction. */
export class Instances {
  private readonly select: Statement<InstanceRow>;
  private readonly selectVersion: Statement<{ version: string }>;
  private readonly selectAhead: Statement<AheadRow>;
  private readonly insert: Statement<never>;
  private readonly update: Statement<never>;
  private readonly putAhead: Statement<never>;
  private readonly remove: Statement<never>;
  private readonly selectAtGate: Statement<{ id: string }>;

  constructor(
    connection: Connection,
    private readonly publishes: Publishes,
    private readonly appends: Appends,
    private readonly removals: Removals,
  ) {
    this.select = connection.prepare(selectInstance);
    this.selectVersion = connection.prepare('SELECT version FROM holdfast_instance WHERE id = ?');
    this.selectAhead = connection.prepare(selectAhead);
    this.insert = connection.prepare('INSERT INTO holdfast_instance (id, version, state) VALUES (?, ?, ?)');
    this.update = connection.prepare('UPDATE holdfast_instance SET version = ?, state = ? WHERE id = ?');
    this.putAhead = connection.prepare(putAhead);
    this.remove = connection.prepare('DELETE FROM holdfast_instance WHERE id = ?');
    this.selectAtGate = connection.prepare(selectAtGate);
  }

  find(id: string): StoredInstance | null {
    const row = this.select.get([toStored(id)]);
    if (row === undefined) return null;
    const { execution, definition, due_at: dueAt } = row;
    const ahead =
      execution === null || definition === null || dueAt === null
        ? null
        : {
            executionId: fromStored(execution) as ExecutionId,
            definition: fromStored(definition),
            dueAt,
          };
    return { id, version: fromStored(row.version), state: fromStored(row.state), ahead };
  }

  write({ change, event, cancels }: InstanceWrite, now: number): Verdict {
    const publishing: Publishing = { events: event === null ? [] : [event] };
    const stored = this.versionOf(change.id);
    const answer = (verdict: 'ok' | 'already', more: { readonly cancelled?: number } = {}): Verdict =>
      event === null
        ? { verdict, ...more }
        : { verdict, executions: this.publishes.accept(publishing, now).executions, ...more };
    if (stored === change.version) return answer('already');
    // What is to be deleted and is not there may have been deleted by this very write: the rest of it is safe to repeat.
    const isGone = stored === null && change.state === null;
    if (!isGone && stored !== change.expected) return refused;
    const refusal = this.publishes.refusal(publishing, now);
    if (refusal !== null) return refusal;
    this.drop(change, now);
    const cancelled = cancels === null ? null : this.cancel(cancels, { change, event }, now);
    this.put(change, stored !== null, now);
    return answer('ok', cancelled === null ? {} : { cancelled });
  }

  /** Whether an instance is as a delta expects it. */
  isAsExpected({ id, expected }: InstanceChange): boolean {
    return this.versionOf(id) === expected;
  }

  /** Applies the change of a delta that was judged. */
  change(change: InstanceChange, now: number): void {
    this.drop(change, now);
    this.put(change, change.expected !== null, now);
  }

  private versionOf(id: string): string | null {
    const row = this.selectVersion.get([toStored(id)]);
    return row === undefined ? null : fromStored(row.version);
  }

  /** Forgets the execution that an accepted change replaces. */
  private drop({ id, state, ahead }: InstanceChange, now: number): void {
    if (ahead === undefined && state !== null) return;
    const row = this.selectAhead.get([toStored(id)]);
    if (row !== undefined) this.removals.remove(row, now);
  }

  private put({ id, version, state, ahead }: InstanceChange, exists: boolean, now: number): void {
    const name = toStored(id);
    if (state === null) {
      this.remove.run([name]);
      return;
    }
    if (exists) this.update.run([toStored(version), toStored(state), name]);
    else this.insert.run([name, toStored(version), toStored(state)]);
    if (ahead === undefined) return;
    const execution = ahead?.executions[0];
    if (ahead === null || execution === undefined) {
      this.putAhead.run([null, null, name]);
      return;
    }
    this.publishes.accept({ events: [ahead] }, now);
    this.putAhead.run([toStored(execution.id), execution.dueAt ?? now, name]);
  }

  /** Has everybody end who holds a place of the gate or queues for one, but not what the write itself starts, sent again. */
  private cancel(
    gate: string,
    { change, event }: Omit<InstanceWrite, 'kind' | 'cancels'>,
    now: number,
  ): number {
    const id = `cancel:${change.version}` as MessageId;
    const own = new Set(event?.executions.map((execution) => execution.id));
    const kind = gateKind.execution;
    const name = toStored(gate);
    const message = { id, kind: 'cancel', body: null } as const;
    return this.selectAtGate
      .all([kind, name, kind, name])
      .map((row) => fromStored(row.id) as ExecutionId)
      .filter((to) => !own.has(to))
      .map((to) => this.appends.append({ kind: 'append', message: { ...message, to } }, now))
      .filter(isApplied).length;
  }
}

export const selectInstance = `
SELECT i.version AS version, i.state AS state, i.due_at AS due_at, e.id AS execution,
  (SELECT d.id FROM holdfast_definition AS d WHERE d.n = e.definition) AS definition
FROM holdfast_instance AS i LEFT JOIN holdfast_execution AS e ON e.n = i.ahead AND e.fence = 0 WHERE i.id = ?`;

export const selectAhead = `
SELECT e.n AS n, e.gate AS gate, e.batch AS batch FROM holdfast_instance AS i CROSS JOIN holdfast_execution AS e
WHERE i.id = ? AND e.n = i.ahead AND e.fence = 0`;

const putAhead = `
UPDATE holdfast_instance SET ahead = (SELECT e.n FROM holdfast_execution AS e WHERE e.id = ?), due_at = ? WHERE id = ?`;

/** Holders and queue, each by its own index, in the order of asking. */
export const selectAtGate = `
SELECT (SELECT e.id FROM holdfast_execution AS e WHERE e.n = q.n) AS id FROM (
  SELECT p.place AS place, p.n AS n FROM holdfast_place AS p
  WHERE p.taken = 1 AND p.holder = '' AND p.gate = (SELECT g FROM holdfast_gate WHERE kind = ? AND name = ?)
  UNION ALL
  SELECT p.place AS place, p.n AS n FROM holdfast_place AS p
  WHERE p.taken = 0 AND p.gate = (SELECT g FROM holdfast_gate WHERE kind = ? AND name = ?)
) AS q ORDER BY q.place`;
