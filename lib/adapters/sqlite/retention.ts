import type { PruneAnswer, PruneRequest } from '../../ports/store.js';
import type { Connection, Statement } from './connection.js';
import { executionColumns, type ExecutionRow, toRecord } from './execution-row.js';
import { isNobodysChild } from './families.js';
import type { Numbers } from './numbers.js';
import { dedupScope, executionsOf } from './publishes.js';
import type { Removals } from './removals.js';
import { toStored } from './stored-text.js';

/** Executions that one call looks at, at most. */
const LOOKED = 20_000;
/** How long a process that died is remembered. */
const PROCESS_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** Removes what retention allows, a bounded piece per call, going on where the last call stopped. */
export class Retention {
  private readonly selectEnded: Statement<ExecutionRow>;
  private readonly selectNext: Statement<{ n: number; created_at: number }>;
  private readonly selectFirst: Statement<{ until: number; executions: string }>;
  private readonly keepOutcome: Statement<never>;
  private readonly expirations: readonly Statement<never>[];
  private readonly selectExpired: Statement<{ found: number }>;
  private readonly removeProcesses: Statement<never>;
  private cursor = 0;

  constructor(
    connection: Connection,
    private readonly numbers: Numbers,
    private readonly removals: Removals,
  ) {
    this.selectEnded = connection.prepare(selectEnded);
    this.selectNext = connection.prepare(
      'SELECT n, created_at FROM holdfast_execution WHERE n > ? ORDER BY n LIMIT 1',
    );
    this.selectFirst = connection.prepare(
      'SELECT until, executions FROM holdfast_dedup WHERE scope = ? AND event_id = ? AND until > ?',
    );
    this.keepOutcome = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_outcome (id, until, record) VALUES (?, ?, ?)',
    );
    this.expirations = [
      connection.prepare(
        'DELETE FROM holdfast_dedup WHERE (scope, event_id) IN (SELECT scope, event_id FROM holdfast_dedup WHERE until <= ? LIMIT ?)',
      ),
      connection.prepare(
        'DELETE FROM holdfast_outcome WHERE id IN (SELECT id FROM holdfast_outcome WHERE until <= ? LIMIT ?)',
      ),
      connection.prepare(
        'DELETE FROM holdfast_rate WHERE bucket IN (SELECT bucket FROM holdfast_rate WHERE idle_from <= ? LIMIT ?)',
      ),
      connection.prepare(
        'DELETE FROM holdfast_mail WHERE mail IN (SELECT mail FROM holdfast_mail WHERE until <= ? LIMIT ?)',
      ),
    ];
    this.selectExpired = connection.prepare(
      'SELECT EXISTS (SELECT 1 FROM holdfast_dedup WHERE until <= ?) OR EXISTS (SELECT 1 FROM holdfast_outcome WHERE until <= ?) OR EXISTS (SELECT 1 FROM holdfast_rate WHERE idle_from <= ?) OR EXISTS (SELECT 1 FROM holdfast_mail WHERE until <= ?) AS found',
    );
    this.removeProcesses = connection.prepare(removeProcesses);
  }

  /** What needs no write lock: the answer when there is nothing to remove, else null. */
  look(request: PruneRequest, now: number): PruneAnswer | null {
    if (this.anyExpired(now)) return null;
    const { rows, more } = this.ended(request, 1);
    return rows.length > 0 ? null : { removed: 0, more };
  }

  /** Call it inside a write transaction. */
  prune(request: PruneRequest, now: number): PruneAnswer {
    const { rows, more } = this.ended(request, request.limit + 1);
    const removed = rows.slice(0, request.limit);
    for (const row of removed) this.keep(row, now);
    this.removals.removeAll(removed, now, this.removals.last());
    this.cursor = removed.length < rows.length ? (removed.at(-1)?.n ?? this.cursor) : this.cursor;
    let left = request.limit - removed.length;
    for (const statement of this.expirations) left -= left > 0 ? statement.run([now, left]) : 0;
    this.removeProcesses.run([now - PROCESS_KEPT_MS]);
    return { removed: request.limit - left, more: more || this.anyExpired(now) };
  }

  private anyExpired(now: number): boolean {
    return this.selectExpired.get([now, now, now, now])?.found === 1;
  }

  /** The next ended executions beyond the cursor, which moves past what holds none. */
  private ended(request: PruneRequest, limit: number): { rows: readonly ExecutionRow[]; more: boolean } {
    const { completedBefore, failedBefore } = request;
    const rows = this.selectEnded.all([
      this.cursor,
      this.cursor + LOOKED,
      completedBefore,
      failedBefore,
      limit,
    ]);
    if (rows.length === limit) return { rows, more: true };
    const next = this.selectNext.get([this.cursor + LOOKED]);
    const done = next === undefined || next.created_at >= Math.max(completedBefore, failedBefore);
    this.cursor = done ? 0 : next.n - 1;
    return { rows, more: !done };
  }

  /** The outcome of what has an explicit id, for as long as that is remembered. */
  private keep(row: ExecutionRow, now: number): void {
    const record = toRecord(row, this.numbers);
    const first = this.selectFirst.get([dedupScope(record.session), toStored(record.eventId), now]);
    // An id that was forgotten may be remembered anew, for other executions.
    if (first === undefined || !executionsOf(first).some(([id]) => id === record.id)) return;
    const outcome = JSON.stringify({
      ...record,
      input: '',
      timers: {},
      listening: [],
      owner: null,
      gate: null,
    });
    this.keepOutcome.run([row.id, first.until, toStored(outcome)]);
  }
}

const selectEnded = `
SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.n > ? AND e.n <= ?
  AND ((e.status IN (2, 4, 5) AND e.ended_at < ?) OR (e.status = 3 AND e.ended_at < ?))
  AND (e.gate IS NULL OR ${isNobodysChild})
ORDER BY e.n LIMIT ?`;

/** A process that runs nothing and is long dead; its number is never used again. */
const removeProcesses = `
DELETE FROM holdfast_process WHERE expires_at <= ? AND NOT EXISTS (
  SELECT 1 FROM holdfast_execution AS e WHERE e.status = 1 AND e.owner = holdfast_process.n)`;
