import type { ExecutionRecord } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { ExecutionCount, ExecutionFilter } from '../../ports/store.js';
import { isStatus, statusCode, statusOf } from './codes.js';
import type { Connection, Statement } from './connection.js';
import { executionColumns, type ExecutionRow, toRecord } from './execution-row.js';
import type { Numbers } from './numbers.js';
import { fromStored, toStored, toStoredOrNull } from './stored-text.js';

/** Executions that one slice of a long reading looks at; between slices the event loop runs. */
const SLICE = 20_000;

/** A position in a reading that goes on in slices. */
export interface Page {
  readonly records: readonly ExecutionRecord[];
  /** Where the next slice begins; null: all was read. */
  readonly next: number | null;
}

/** What people and dashboards ask. */
export class Queries {
  private readonly selectById: Statement<ExecutionRow>;
  private readonly selectOutcome: Statement<{ record: string }>;
  private readonly selectPlace: Statement<{ n: number }>;
  private readonly selectLast: Statement<{ n: number | null }>;
  private readonly selectSlice: Statement<ExecutionRow>;
  private readonly countSlice: Statement<{ definition: number; status: number; count: number }>;
  private readonly selectSession: Statement<ExecutionRow>;
  private readonly selectReach: Statement<{ n: number }>;
  private readonly countSession: Statement<{ definition: number; status: number; count: number }>;

  constructor(
    connection: Connection,
    private readonly numbers: Numbers,
  ) {
    this.selectById = connection.prepare(
      `SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.id = ?`,
    );
    this.selectOutcome = connection.prepare('SELECT record FROM holdfast_outcome WHERE id = ? AND until > ?');
    this.selectPlace = connection.prepare(
      'SELECT n FROM holdfast_execution WHERE id <= ? ORDER BY id DESC LIMIT 1',
    );
    this.selectLast = connection.prepare('SELECT max(n) AS n FROM holdfast_execution');
    this.selectSlice = connection.prepare(selectSlice);
    this.countSlice = connection.prepare(
      'SELECT definition, status, count(*) AS count FROM holdfast_execution WHERE n > ? AND n <= ? GROUP BY definition, status',
    );
    this.selectSession = connection.prepare(selectSessionSlice);
    this.selectReach = connection.prepare(selectSessionReach);
    this.countSession = connection.prepare(countSessionSlice);
  }

  read(id: ExecutionId, now: number): ExecutionRecord | null {
    const row = this.selectById.get([toStored(id)]);
    if (row !== undefined) return toRecord(row, this.numbers);
    const outcome = this.selectOutcome.get([toStored(id), now]);
    return outcome === undefined ? null : (JSON.parse(fromStored(outcome.record)) as ExecutionRecord);
  }

  find(id: ExecutionId): ExecutionRow | undefined {
    return this.selectById.get([toStored(id)]);
  }

  /** Where a page after `after` begins. An id that is gone is placed by its order: ids sort by time of making. */
  placeOf(after: ExecutionId | undefined): number {
    return after === undefined ? 0 : (this.selectPlace.get([toStored(after)])?.n ?? 0);
  }

  page(filter: ExecutionFilter, from: number, limit: number): Page {
    const { status, worker, session, event } = filter;
    const reach = this.reach(session, from);
    if (reach === null || limit <= 0) return { records: [], next: null };
    const definitions = worker === undefined ? null : JSON.stringify(this.definitionsOf(worker));
    const [code, other] = status === undefined ? [null, null] : codesOf(status);
    const name = toStoredOrNull(event ?? null);
    const filters = [from, reach.to, code, code, other, definitions, definitions, name, name, limit];
    const rows =
      session === undefined
        ? this.selectSlice.all(filters)
        : this.selectSession.all([toStored(session), ...filters]);
    const records = rows.map((row) => toRecord(row, this.numbers));
    return { records, next: rows.length === limit || !reach.more ? null : reach.to };
  }

  /** Adds the counts of one slice, of all or of a session, to `sums`; answers where the next begins. */
  count(
    sums: Map<string, Map<ExecutionCount['status'], number>>,
    session: string | undefined,
    from: number,
  ): number | null {
    const reach = this.reach(session, from);
    if (reach === null) return null;
    const counts =
      session === undefined
        ? this.countSlice.all([from, reach.to])
        : this.countSession.all([toStored(session), from, reach.to]);
    for (const row of counts) {
      const { id } = this.numbers.definitions.refOf(row.definition);
      let byStatus = sums.get(id);
      if (byStatus === undefined) sums.set(id, (byStatus = new Map()));
      const status = statusOf(row.status);
      byStatus.set(status, (byStatus.get(status) ?? 0) + row.count);
    }
    return reach.more ? reach.to : null;
  }

  /** How far a slice from there reaches; null: there is nothing beyond. */
  private reach(session: string | undefined, from: number): { to: number; more: boolean } | null {
    if (session !== undefined) {
      const far = this.selectReach.get([toStored(session), from])?.n;
      return far === undefined ? { to: Number.MAX_SAFE_INTEGER, more: false } : { to: far, more: true };
    }
    const last = this.selectLast.get([])?.n ?? 0;
    return from >= last ? null : { to: from + SLICE, more: from + SLICE < last };
  }

  /** `order-worker.fulfil` is of `order-worker`; a worker's id may hold dots, a method's name does not. */
  private definitionsOf(worker: string): number[] {
    const found: number[] = [];
    for (const [n, { id }] of this.numbers.definitions.all())
      if (id.slice(0, id.lastIndexOf('.')) === worker) found.push(n);
    return found;
  }
}

/** Codes that no row has for a status that there is not: a filter comes from outside. */
function codesOf(status: ExecutionRecord['status']): readonly [number, number] {
  if (!isStatus(status)) return [-1, -1];
  if (status === 'pending') return [statusCode.pending, statusCode.delayed];
  return [statusCode[status], status === 'waiting' ? statusCode.queued : statusCode[status]];
}

const filters = `
  AND (? IS NULL OR e.status IN (?, ?))
  AND (? IS NULL OR e.definition IN (SELECT value FROM json_each(?)))
  AND (? IS NULL OR e.event IN (SELECT k.n FROM holdfast_event AS k WHERE k.name = ?))
ORDER BY e.n LIMIT ?`;

const selectSlice = `
SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.n > ? AND e.n <= ?${filters}`;

export const selectSessionSlice = `
SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.session = ? AND e.n > ? AND e.n <= ?${filters}`;

export const selectSessionReach = `
SELECT n FROM holdfast_execution WHERE session = ? AND n > ? ORDER BY n LIMIT 1 OFFSET ${SLICE}`;

export const countSessionSlice = `
SELECT definition, status, count(*) AS count FROM holdfast_execution WHERE session = ? AND n > ? AND n <= ?
GROUP BY definition, status`;
