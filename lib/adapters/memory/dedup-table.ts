import type { ExecutionRecord } from '../../model/execution.js';
import type { EventId, ExecutionId } from '../../model/ids.js';
import type { Entry } from './entry.js';
import { Heap, type Heaped } from './heap.js';

/** What is remembered of one explicit event id. */
export class DedupRow implements Heaped {
  heapIndex = -1;
  /** Records of its executions that retention has removed: value and error, without input. */
  readonly outcomes: ExecutionRecord[] = [];

  constructor(
    readonly session: string | null,
    readonly eventId: EventId,
    readonly hash: string,
    readonly until: number,
    readonly createdAt: number,
    readonly executions: readonly { readonly id: ExecutionId; readonly definition: string }[],
  ) {}
}

/** Expired rows that one publish removes at most. */
const FORGOTTEN_AT_ONCE = 4;

/** Explicit event ids by session; a row past its `until` is forgotten. */
export class DedupTable {
  private readonly sessions = new Map<string | null, Map<EventId, DedupRow>>();
  private readonly byUntil = new Heap<DedupRow>((a, b) => a.until - b.until);
  private readonly outcomes = new Map<ExecutionId, DedupRow>();

  find(session: string | null, eventId: EventId, now: number): DedupRow | undefined {
    const row = this.sessions.get(session)?.get(eventId);
    return row !== undefined && row.until > now ? row : undefined;
  }

  add(row: DedupRow, now: number): void {
    this.forgetExpired(now, FORGOTTEN_AT_ONCE);
    let rows = this.sessions.get(row.session);
    if (rows === undefined) this.sessions.set(row.session, (rows = new Map()));
    const expired = rows.get(row.eventId);
    if (expired !== undefined) {
      this.remove(expired);
      this.sessions.set(row.session, rows);
    }
    rows.set(row.eventId, row);
    this.byUntil.push(row);
    for (const outcome of row.outcomes) this.outcomes.set(outcome.id, row);
  }

  /** Keeps how an execution ended when its record is removed, if its event id is remembered. */
  keepOutcome(entry: Entry, now: number): void {
    const row = this.find(entry.session, entry.eventId, now);
    if (row === undefined || !row.executions.some((execution) => execution.id === entry.id)) return;
    row.outcomes.push({ ...entry.toRecord(), input: '', timers: {}, listening: [], owner: null });
    this.outcomes.set(entry.id, row);
  }

  outcome(id: ExecutionId, now: number): ExecutionRecord | null {
    const row = this.outcomes.get(id);
    if (row === undefined || row.until <= now) return null;
    const record = row.outcomes.find((outcome) => outcome.id === id);
    return record === undefined ? null : { ...record };
  }

  /** Removes at most `limit` expired rows; answers how many. */
  forgetExpired(now: number, limit: number): number {
    let removed = 0;
    for (
      let row = this.byUntil.peek();
      row !== undefined && row.until <= now && removed < limit;
      row = this.byUntil.peek()
    ) {
      this.remove(row);
      removed++;
    }
    return removed;
  }

  hasExpired(now: number): boolean {
    const row = this.byUntil.peek();
    return row !== undefined && row.until <= now;
  }

  *all(): Generator<DedupRow> {
    for (const rows of this.sessions.values()) yield* rows.values();
  }

  private remove(row: DedupRow): void {
    this.byUntil.remove(row);
    for (const outcome of row.outcomes) this.outcomes.delete(outcome.id);
    const rows = this.sessions.get(row.session);
    rows?.delete(row.eventId);
    if (rows?.size === 0) this.sessions.delete(row.session);
  }
}
