import type { ExecutionId } from '../../model/ids.js';
import type { ClaimAnswer, ClaimedExecution, ClaimRequest, OwnExecution } from '../../ports/store.js';
import type { Batches } from './batches.js';
import { fenceOfMark, statusCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import { executionColumns, type ExecutionRow, toRecord } from './execution-row.js';
import type { Gates } from './gates.js';
import type { HeldLeases } from './held-leases.js';
import type { Journals } from './journals.js';
import type { Numbers, ProcessNumbers } from './numbers.js';
import { ReadyLanes } from './ready-lanes.js';
import { toStored } from './stored-text.js';

/** Messages of one inbox that a claim answers at most. */
const INBOX_PAGE = 1_000;
/** Timers that one claim moves to the ready lanes at most, beyond those it can serve. */
const PROMOTED_AT_ONCE = 1_000;

interface Due {
  readonly n: number;
  readonly since: number;
}

/** What a claim may take: numbers of definitions as a JSON list, for one statement over all of them. */
interface Wanted {
  readonly numbers: readonly number[];
  readonly json: string;
}

/** An execution named by the caller. */
interface NamedRow {
  readonly n: number;
  readonly status: number;
  readonly definition: number;
  readonly owner: number | null;
  readonly fence: number;
  readonly wake_at: number | null;
  readonly due_at: number | null;
  readonly gate: number | null;
  /** When its owner's lease ends; null: no such process. */
  readonly expires_at: number | null;
}

interface Owner {
  readonly n: number;
  readonly expires_at: number;
}

const nothing: ClaimAnswer = { claimed: [], nextAt: null, more: false };

/** Finds what is due for one process and leases it: expired work first, then ready lanes in rotation. */
export class Claims {
  private readonly lanes: ReadyLanes;
  private readonly selectPaused: Statement<{ definition: string }>;
  private readonly selectOutlook: Statement<{ ready: number; wake_at: number | null }>;
  private readonly selectOwners: Statement<Owner>;
  private readonly selectRunning: Statement<{ n: number }>;
  private readonly promote: Statement<never>;
  private readonly selectRow: Statement<ExecutionRow>;
  private readonly selectById: Statement<NamedRow>;
  private readonly take: Statement<never>;

  constructor(
    connection: Connection,
    private readonly numbers: Numbers,
    private readonly processes: ProcessNumbers,
    private readonly journals: Journals,
    private readonly held: HeldLeases,
    private readonly gates: Gates,
    private readonly batches: Batches,
  ) {
    this.lanes = new ReadyLanes(connection);
    this.selectPaused = connection.prepare('SELECT definition FROM holdfast_paused');
    this.selectOutlook = connection.prepare(selectOutlook);
    this.selectOwners = connection.prepare(selectOwners);
    this.selectRunning = connection.prepare(selectRunningOf);
    this.promote = connection.prepare(promoteTimers);
    this.selectRow = connection.prepare(
      `SELECT ${executionColumns} FROM holdfast_execution AS e WHERE e.n = ?`,
    );
    this.selectById = connection.prepare(selectDueById);
    this.take = connection.prepare(
      'UPDATE holdfast_execution SET status = 1, fence = ?, owner = ?, strikes = ?, waited = coalesce(waited, ? - created_at), reason = NULL, wake_at = NULL WHERE n = ?',
    );
  }

  /** What needs no write lock: the answer when nothing is due, or nothing shall be taken of what is ready; else null. */
  look(request: ClaimRequest, now: number): ClaimAnswer | null {
    if (request.own !== undefined) return this.lost(request.own, request, now).length === 0 ? nothing : null;
    const wanted = this.wanted(request);
    if (wanted.numbers.length === 0) return nothing;
    if (request.ids !== undefined) {
      const { due, nextAt } = this.dueOf(request.ids, wanted, now);
      return due.length === 0 ? { claimed: [], nextAt, more: false } : null;
    }
    const outlook = this.selectOutlook.get([wanted.json, wanted.json]);
    if ((outlook?.wake_at ?? Number.POSITIVE_INFINITY) <= now) return null;
    const more = outlook?.ready === 1 || this.expired(wanted, 1, now).length > 0;
    if (more && request.limit > 0) return null;
    return { claimed: [], nextAt: this.nextAt(request, wanted, now), more };
  }

  /** Call it inside a write transaction. */
  claim(request: ClaimRequest, now: number): ClaimAnswer {
    this.held.begin();
    const owner = this.processes.of(request.owner);
    const lease = (due: Due): ClaimedExecution => this.lease(due, request, owner, now);
    if (request.own !== undefined) {
      const lost = this.lost(request.own, request, now);
      return {
        claimed: lost.slice(0, request.limit).map(lease),
        nextAt: null,
        more: lost.length > request.limit,
      };
    }
    const wanted = this.wanted(request);
    if (wanted.numbers.length === 0) return nothing;
    if (request.ids !== undefined) {
      const { due, nextAt } = this.dueOf(request.ids, wanted, now, true);
      return { claimed: due.slice(0, request.limit).map(lease), nextAt, more: due.length > request.limit };
    }
    const expired = this.expired(wanted, request.limit + 1, now);
    const claimed = expired.slice(0, request.limit).map(lease);
    const page = Math.max(PROMOTED_AT_ONCE, request.limit);
    const promoted = this.promote.run([wanted.json, now, page]);
    if (promoted > 0) this.gates.fired(wanted.json);
    const morePromoted = promoted === page;
    const left = request.limit - claimed.length;
    const { found, more } =
      left > 0 ? this.lanes.next(wanted.numbers, left) : { found: [], more: this.isAnyReady(wanted) };
    for (const n of found) claimed.push(lease({ n, since: now }));
    return {
      claimed,
      nextAt: this.nextAt(request, wanted, now),
      more: expired.length > request.limit || more || morePromoted,
    };
  }

  private wanted({ runnable }: ClaimRequest): Wanted {
    const paused = this.paused();
    const numbers: number[] = [];
    for (const ref of runnable) {
      const n = paused.has(toStored(ref.id)) ? null : this.numbers.definitions.find(ref);
      if (n !== null) numbers.push(n);
    }
    return { numbers, json: JSON.stringify(numbers) };
  }

  /** As they are stored. */
  private paused(): ReadonlySet<string> {
    return new Set(this.selectPaused.all([]).map(({ definition }) => definition));
  }

  /** At most `limit` running executions whose owner's lease has expired. */
  private expired(wanted: Wanted, limit: number, now: number): Due[] {
    const found: Due[] = [];
    for (const owner of this.selectOwners.all([])) {
      if (owner.expires_at > now || found.length >= limit) continue;
      const since = owner.expires_at === 0 ? now : owner.expires_at;
      for (const { n } of this.selectRunning.all([wanted.json, owner.n, limit - found.length]))
        found.push({ n, since });
    }
    return found;
  }

  /** What the process runs at the fence it names. */
  private lost(own: readonly OwnExecution[], { owner }: ClaimRequest, now: number): readonly Due[] {
    const paused = this.paused();
    const n = this.processes.find(owner);
    const named = new Map(own.map(({ id, fence }) => [id, fence]));
    return Array.from(named).flatMap(([id, fence]) => {
      const row = this.selectById.get([toStored(id)]);
      if (row === undefined || paused.has(toStored(this.numbers.definitions.refOf(row.definition).id)))
        return [];
      const isOwn = row.status === statusCode.running && row.owner === n && row.fence === fence;
      return isOwn ? [{ n: row.n, since: now }] : [];
    });
  }

  private dueOf(
    ids: readonly ExecutionId[],
    wanted: Wanted,
    now: number,
    fires = false,
  ): { due: Due[]; nextAt: number | null } {
    const due: Due[] = [];
    let nextAt = Number.POSITIVE_INFINITY;
    for (const id of new Set(ids)) {
      const row = this.selectById.get([toStored(id)]);
      if (row === undefined || !wanted.numbers.includes(row.definition)) continue;
      let since: number | null = row.wake_at;
      if (row.status === statusCode.pending) since = row.due_at ?? now;
      else if (row.status === statusCode.running) since = row.expires_at || now;
      if (since === null) continue;
      // A timer that is due only leads to the gate.
      const atGate = row.gate !== null && row.gate > 0 && row.wake_at !== null;
      if (fires && atGate && since <= now && !this.gates.ready(row.n, since)) continue;
      if (since <= now) due.push({ n: row.n, since });
      else nextAt = Math.min(nextAt, since);
    }
    return { due, nextAt: Number.isFinite(nextAt) ? nextAt : null };
  }

  private lease(
    { n, since }: Due,
    { owner }: ClaimRequest,
    ownerNumber: number,
    now: number,
  ): ClaimedExecution {
    const row = this.selectRow.get([n]);
    if (row === undefined) throw new RangeError(`execution ${n} vanished inside a transaction`);
    const before = toRecord(row, this.numbers);
    const fence = row.fence + 1;
    const { checkpoints, progressed } = this.journals.load(n, row.turn, row.epoch, row.fence);
    const strikes = progressed ? 0 : strikesOf(row);
    this.take.run([fence, ownerNumber, strikes, now, n]);
    const inbox = this.journals.unseen(row, before.id, INBOX_PAGE);
    const batch = row.batch === null ? null : this.batches.begin(n);
    this.held.hold(n, fence, row.seen > 0 || inbox.length > 0);
    return {
      lease: { executionId: before.id, key: n, owner, fence },
      record: {
        ...before,
        status: 'running',
        waitReason: null,
        owner,
        fence,
        startedAt: before.startedAt ?? now,
      },
      journal: checkpoints,
      inbox,
      ...(batch === null ? {} : { batch }),
      strikes,
      dueSince: row.status === statusCode.pending ? (row.due_at ?? since) : since,
    };
  }

  private isAnyReady({ json }: Wanted): boolean {
    return this.selectOutlook.get([json, json])?.ready === 1;
  }

  private nextAt({ owner }: ClaimRequest, wanted: Wanted, now: number): number | null {
    let next = this.selectOutlook.get([wanted.json, wanted.json])?.wake_at ?? Number.POSITIVE_INFINITY;
    const own = this.processes.find(owner);
    for (const other of this.selectOwners.all([])) {
      if (other.n === own || other.expires_at <= now || other.expires_at >= next) continue;
      if (this.selectRunning.get([wanted.json, other.n, 1]) !== undefined) next = other.expires_at;
    }
    return Number.isFinite(next) ? next : null;
  }
}

/** Of one of which the last claim has stored no row. Where that one was handed back as it was found, the row holds the complement: the sign tells it, and no column more. */
function strikesOf({ fence, committed, strikes }: ExecutionRow): number {
  if (strikes < 0) return ~strikes;
  return fence === 0 || fenceOfMark(committed) === fence ? 0 : strikes + 1;
}

/** Whether anything is ready, and the earliest timer. */
export const selectOutlook = `
SELECT
  EXISTS (SELECT 1 FROM json_each(?) AS d CROSS JOIN holdfast_execution AS e
    WHERE e.status = 0 AND e.definition = d.value) AS ready,
  (SELECT min((SELECT e.wake_at FROM holdfast_execution AS e
    WHERE e.status >= 6 AND e.definition = d.value AND e.wake_at IS NOT NULL ORDER BY e.wake_at LIMIT 1))
    FROM json_each(?) AS d) AS wake_at`;

/** Processes that run something, found by jumping from one owner to the next. */
export const selectOwners = `
WITH RECURSIVE owners (n) AS (
  SELECT min(owner) FROM holdfast_execution WHERE status = 1
  UNION ALL
  SELECT (SELECT min(e.owner) FROM holdfast_execution AS e WHERE e.status = 1 AND e.owner > owners.n)
  FROM owners WHERE owners.n IS NOT NULL
)
SELECT owners.n AS n, coalesce((SELECT p.expires_at FROM holdfast_process AS p WHERE p.n = owners.n), 0) AS expires_at
FROM owners WHERE owners.n IS NOT NULL`;

export const selectRunningOf = `
SELECT e.n AS n FROM json_each(?) AS d CROSS JOIN holdfast_execution AS e
WHERE e.status = 1 AND e.owner = ? AND e.definition = d.value LIMIT ?`;

/** What has a gate is marked by a `wake_at` of −1, for the gates to decide in the same transaction. */
export const promoteTimers = `
UPDATE holdfast_execution SET status = CASE WHEN gate > 0 THEN 9 ELSE 0 END, reason = NULL, due_at = wake_at,
  wake_at = CASE WHEN gate > 0 THEN -1 END WHERE n IN (
  SELECT e.n FROM json_each(?) AS d CROSS JOIN holdfast_execution AS e
  WHERE e.status >= 6 AND e.definition = d.value AND e.wake_at <= ? LIMIT ?)`;

export const selectDueById = `
SELECT e.n, e.status, e.definition, e.owner, e.fence, e.wake_at, e.due_at, e.gate,
  (SELECT p.expires_at FROM holdfast_process AS p WHERE p.n = e.owner) AS expires_at
FROM holdfast_execution AS e WHERE e.id = ?`;
