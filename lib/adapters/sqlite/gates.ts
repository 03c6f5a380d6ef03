import type { MessageKind } from '../../model/execution.js';
import type { Lease } from '../../model/lease.js';
import type { AcquireWrite, Gate, RecordChange, Verdict } from '../../ports/store-write.js';
import { messageKindCode, statusCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import { gateKind, GateRows, type PlaceRow } from './gate-rows.js';
import type { HeldLeases } from './held-leases.js';
import { toStored } from './stored-text.js';

const stale: Verdict = Object.freeze({ verdict: 'stale' });
const granted: Verdict = Object.freeze({ verdict: 'ok', granted: true });
const queued: Verdict = Object.freeze({ verdict: 'ok', granted: false });

/** An execution's own place; its permits are `=` and the holder. */
const ITSELF = '';
/** Its own gate is none: it has had permits, or waits. */
const NO_GATE = 0;

interface Row {
  readonly status: number;
  readonly fence: number;
  readonly listening: number;
  readonly seen: number;
  readonly priority: number;
  readonly gate: number | null;
}

/**
 * What gates do to executions. In an execution's row, `gate` is null until it has to do with any: statements for all
 * others are guarded by that and need no look into these tables.
 */
export class Gates {
  private readonly rows: GateRows;
  private readonly selectRow: Statement<Row>;
  private readonly putGate: Statement<never>;
  private readonly markUsed: Statement<never>;
  private readonly putReady: Statement<never>;
  private readonly putQueued: Statement<never>;
  private readonly putLeased: Statement<never>;
  private readonly selectCancel: Statement<{ found: number }>;
  private readonly selectLastMessage: Statement<{ seq: number }>;
  private readonly insertMessage: Statement<never>;
  private readonly selectFired: Statement<{ n: number; due_at: number }>;
  /** A gate admitted an execution or granted a permit, or an event came for one that waits, of which no verdict tells, since this was last reset. */
  served = false;

  constructor(
    connection: Connection,
    private readonly held: HeldLeases,
  ) {
    this.rows = new GateRows(connection);
    this.selectRow = connection.prepare(
      'SELECT status, fence, listening, seen, priority, gate FROM holdfast_execution WHERE n = ?',
    );
    this.putGate = connection.prepare('UPDATE holdfast_execution SET gate = ? WHERE n = ?');
    this.markUsed = connection.prepare('UPDATE holdfast_execution SET gate = 0 WHERE n = ? AND gate IS NULL');
    this.putReady = connection.prepare(
      'UPDATE holdfast_execution SET status = 0, reason = NULL, wake_at = NULL, due_at = ? WHERE n = ?',
    );
    this.putQueued = connection.prepare(
      'UPDATE holdfast_execution SET status = 9, reason = 2, wake_at = NULL, due_at = NULL WHERE n = ?',
    );
    this.putLeased = connection.prepare(
      'UPDATE holdfast_execution SET status = 1, fence = 1, owner = ?, waited = 0 WHERE n = ?',
    );
    this.selectCancel = connection.prepare(selectUnseenCancel);
    this.selectLastMessage = connection.prepare(
      'SELECT seq FROM holdfast_message WHERE n = ? ORDER BY seq DESC LIMIT 1',
    );
    this.insertMessage = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_message (n, seq, id, kind, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.selectFired = connection.prepare(selectFiredBehindGates);
  }

  /** Puts a stored execution behind a gate, instead of the one it had. */
  join(n: number, gate: Gate, now: number): void {
    const { g, resized } = this.rows.of(gateKind.execution, gate);
    const before = this.selectRow.get([n])?.gate ?? NO_GATE;
    if (before !== g) {
      this.rows.use(g);
      if (before !== NO_GATE) this.quit(n, before, now);
      this.putGate.run([g, n]);
    }
    if (resized) this.serve(g, now);
  }

  /** The execution goes from its gate. */
  quit(n: number, g: number, now: number): void {
    this.leave(n, now);
    this.rows.unuse(g);
  }

  /** A new execution that is ready, or leased to `owner` at once: whether its gate lets it. */
  begin(n: number, owner: number | null, now: number): boolean {
    if (owner === null) return this.ready(n, now);
    const row = this.selectRow.get([n]);
    if (row === undefined || !this.enters(n, row)) {
      this.putQueued.run([n]);
      return false;
    }
    this.putLeased.run([owner, n]);
    return true;
  }

  /** Makes a resting or queued execution due since then, if its gate lets it; else it queues. */
  ready(n: number, since: number): boolean {
    const row = this.selectRow.get([n]);
    if (row === undefined) return false;
    if ((row.gate ?? NO_GATE) === NO_GATE || this.enters(n, row)) {
      this.putReady.run([since, n]);
      return true;
    }
    this.putQueued.run([n]);
    return false;
  }

  /** The execution rests, ends or is past its gate: its place is the next one's. One that `waits` keeps it if the gate says so. */
  leave(n: number, now: number, waits = false): void {
    const place = this.rows.find(n, ITSELF);
    if (place === undefined || (waits && this.rows.isUntilEnd(place.gate))) return;
    this.rows.remove(place);
    if (place.taken === 1) this.serve(place.gate, now);
  }

  /** Those whose timers `promoteTimers` fired: it does not decide what gates let in. */
  fired(definitions: string): void {
    for (const { n, due_at } of this.selectFired.all([definitions])) this.ready(n, due_at);
  }

  acquire({ lease, holder, gate }: AcquireWrite, now: number): Verdict {
    const row = this.selectRow.get([lease.key]);
    if (row?.status !== statusCode.running || row.fence !== lease.fence) return stale;
    const name = holderName(holder);
    const known = this.rows.find(lease.key, name);
    if (known !== undefined) return known.taken === 1 ? granted : queued;
    const { g, resized } = this.rows.of(gateKind.permit, gate);
    this.rows.use(g);
    if (resized) this.serve(g, now);
    this.use(lease.key);
    return this.rows.enter(g, lease.key, name, 0) ? granted : queued;
  }

  /** The execution has something that it gives back when it rests or ends. */
  use(n: number): void {
    this.markUsed.run([n]);
  }

  release({ key }: Lease, holders: readonly string[], now: number): void {
    this.giveAllBack(
      [...new Set(holders)].flatMap((holder) => this.rows.find(key, holderName(holder)) ?? []),
      now,
    );
  }

  /** Gives back what an execution does not take along when it stops running. */
  rest(n: number, { status, listening, seenInboxSeq, holds = [] }: RecordChange, now: number): void {
    const waits = status === 'waiting' && listening.includes('granted');
    const kept = new Set(holds.map(holderName));
    const places = this.rows
      .ofHolders(n)
      .filter(({ holder }) => !kept.has(holder))
      .filter(({ taken, granted: seq }) => !waits || (taken === 1 && seq <= seenInboxSeq));
    this.giveAllBack(places, now);
  }

  /** Those in queues first: what the others give back is not for them. */
  private giveAllBack(places: readonly PlaceRow[], now: number): void {
    for (const place of places) if (place.taken === 0) this.giveBack(place, now);
    for (const place of places) if (place.taken === 1) this.giveBack(place, now);
  }

  private giveBack(place: PlaceRow, now: number): void {
    this.rows.remove(place);
    if (place.taken === 1) this.serve(place.gate, now);
    this.rows.unuse(place.gate);
  }

  /** Whether an execution that became ready may go to its lane; else it has its place in the queue. */
  private enters(n: number, { gate, priority }: Row): boolean {
    const g = gate ?? NO_GATE;
    const place = this.rows.find(n, ITSELF);
    // Handed back: it keeps its place, unless the limit was lowered meanwhile.
    if (place?.taken === 1 && (this.rows.room(g) >= 0 || this.rows.isUntilEnd(g))) return true;
    const isCancelled = this.selectCancel.get([n]) !== undefined;
    if (place?.taken === 0 && !isCancelled) return false;
    if (place !== undefined) this.rows.remove(place);
    // A cancel is served at once: past the gate, without counting.
    if (isCancelled && this.rows.room(g) <= 0) return true;
    return this.rows.enter(g, n, ITSELF, -priority);
  }

  private serve(g: number, now: number): void {
    for (let place = this.rows.serve(g); place !== undefined; place = this.rows.serve(g)) {
      this.served = true;
      if (place.holder === ITSELF) this.putReady.run([now, place.n]);
      else this.grant(place, now);
    }
  }

  private grant(place: PlaceRow, now: number): void {
    const seq = this.inform(place.n, 'granted', place.place, place.holder.slice(1));
    this.rows.told(place, seq);
    this.wakeFor(place.n, 'granted', now);
  }

  /** Puts a message of the store's own into the inbox of an execution, whatever it does, and wakes one that rests and listens. */
  tell(n: number, kind: MessageKind, number: number, body: string, now: number): void {
    this.inform(n, kind, number, body);
    this.wakeFor(n, kind, now);
  }

  /** Puts a `cancel` message into the inbox of an execution that has not ended, and has it served. */
  cancel(n: number, number: number, now: number): void {
    this.inform(n, 'cancel', number, null);
    const row = this.selectRow.get([n]);
    if (row === undefined || row.status === statusCode.running || row.status === statusCode.pending) return;
    if (((row.listening >> messageKindCode('cancel')) & 1) === 1) this.ready(n, now);
  }

  /** Answers the message's number; `body` as it is stored. */
  private inform(n: number, kind: MessageKind, number: number, body: string | null): number {
    const row = this.selectRow.get([n]);
    if (row === undefined) throw new RangeError(`'${kind}' is for execution ${n}, which is not stored`);
    const seq = Math.max(this.selectLastMessage.get([n])?.seq ?? 0, row.seen) + 1;
    this.insertMessage.run([n, seq, `${kind}:${number}`, messageKindCode(kind), body]);
    this.held.mailed(n);
    this.served = true;
    return seq;
  }

  private wakeFor(n: number, kind: MessageKind, now: number): void {
    const row = this.selectRow.get([n]);
    if (row?.status !== statusCode.waiting) return;
    if (((row.listening >> messageKindCode(kind)) & 1) === 1) this.ready(n, now);
  }
}

function holderName(holder: string): string {
  return `=${toStored(holder)}`;
}

export const selectUnseenCancel = `
SELECT 1 AS found FROM holdfast_execution AS e WHERE e.n = ? AND e.listening & 1 AND EXISTS (
  SELECT 1 FROM holdfast_message AS m WHERE m.n = e.n AND m.seq > e.seen AND m.kind = 0)`;

export const selectFiredBehindGates = `
SELECT e.n AS n, e.due_at AS due_at FROM json_each(?) AS d CROSS JOIN holdfast_execution AS e
WHERE e.status >= 6 AND e.definition = d.value AND e.wake_at = -1 AND e.gate > 0 ORDER BY e.due_at, e.n`;
