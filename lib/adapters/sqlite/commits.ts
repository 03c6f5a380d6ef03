import { isTerminal, wakeAt } from '../../model/execution.js';
import type { Lease } from '../../model/lease.js';
import { isHandBack } from '../../ports/is-hand-back.js';
import type { CommitWrite, Delta, NextTurn, RecordChange, Verdict } from '../../ports/store-write.js';
import { commitMark, fenceOfMark, listeningBits, reasonCode, statusCode } from './codes.js';
import type { Connection, SqlValue, Statement } from './connection.js';
import type { CheckpointRows } from './checkpoint-rows.js';
import { fromTimers } from './execution-row.js';
import type { Families } from './families.js';
import type { Gates } from './gates.js';
import type { HeldLeases } from './held-leases.js';
import type { Instances } from './instances.js';
import { checkpointTables, placesOfExecutions } from './checkpoint-place.js';
import type { Mailboxes } from './mailboxes.js';
import type { DefinitionNumbers, EventNumbers } from './numbers.js';
import type { Publishes } from './publishes.js';
import { toStored, toStoredOrNull } from './stored-text.js';
import type { UsualEnds } from './usual-ends.js';

const ok: Verdict = Object.freeze({ verdict: 'ok' });
const okAndDue: Verdict = Object.freeze({ verdict: 'ok', due: true });
const already: Verdict = Object.freeze({ verdict: 'already' });
const stale: Verdict = Object.freeze({ verdict: 'stale' });
const checkpointExists: Verdict = Object.freeze({ verdict: 'rejected', reason: 'checkpoint-exists' });
const instanceChanged: Verdict = Object.freeze({ verdict: 'rejected', reason: 'instance-changed' });

/**
 * Applies deltas, whole or not at all, without savepoints: the usual ones are a single guarded statement, or one whose
 * success makes the next one safe; every other delta is judged first and applied then. Why a guard refused is asked only
 * after it did.
 */
export class Commits {
  private readonly release: Statement<never>;
  private readonly change: Statement<never>;
  private readonly changeAny: Statement<never>;
  private readonly mark: Statement<never>;
  private readonly markHandedBack: Statement<never>;
  private readonly beginTurn: Statement<never>;
  private readonly dropSeen: Statement<never>;
  private readonly goOnAs: Statement<never>;
  private readonly wakes: Statement<{ found: number }>;
  private readonly forget: readonly Statement<never>[];
  private readonly selectState: Statement<{
    status: number;
    fence: number;
    committed: number;
    turn: number;
  }>;
  /** A record was released since this was last reset. */
  released = false;

  constructor(
    connection: Connection,
    private readonly publishes: Publishes,
    private readonly held: HeldLeases,
    private readonly rows: CheckpointRows,
    private readonly ends: UsualEnds,
    private readonly definitions: DefinitionNumbers,
    private readonly gates: Gates,
    private readonly mailboxes: Mailboxes,
    private readonly instances: Instances,
    private readonly families: Families,
    private readonly events: EventNumbers,
  ) {
    this.release = connection.prepare(releaseExecution);
    this.change = connection.prepare(`${changeExecution} AND gate IS NULL`);
    this.changeAny = connection.prepare(changeExecution);
    this.mark = connection.prepare('UPDATE holdfast_execution SET committed = max(committed, ?) WHERE n = ?');
    this.markHandedBack = connection.prepare(markHandedBack);
    this.beginTurn = connection.prepare(
      'UPDATE holdfast_execution SET turn = turn + 1, event = ?, input = ? WHERE n = ?',
    );
    this.dropSeen = connection.prepare(dropSeenNews);
    this.goOnAs = connection.prepare('UPDATE holdfast_execution SET definition = ? WHERE n = ?');
    this.wakes = connection.prepare(selectWakingMessage);
    this.forget = forgetCheckpoints.map((sql) => connection.prepare(sql));
    this.selectState = connection.prepare(
      'SELECT status, fence, committed, turn FROM holdfast_execution WHERE n = ?',
    );
  }

  /** Call it first in a group; `verdicts` receives those on what was queued and refused. */
  begin(verdicts: Verdict[], now: number): void {
    this.released = false;
    this.rows.begin(verdicts);
    this.ends.begin(verdicts, (end) => this.judgeEnd(end, now), now);
  }

  /** Writes what is queued. */
  flush(): void {
    this.ends.flush();
    this.rows.flush();
  }

  /** The verdict on the next write of the group, `ok` for what is queued. */
  commit(write: CommitWrite, now: number): Verdict {
    const { lease, delta } = write;
    const { checkpoints, record } = delta;
    if (!isBare(delta)) return this.judgeAndApply(lease, delta, now);
    const end = record !== null && this.ends.takes(lease, record) ? record : null;
    if (record !== end || (end === null && checkpoints.length === 0))
      return this.applyPlain(lease, delta, now);
    if (!this.rows.takes(lease, delta.commitNo, checkpoints)) return this.applyPlain(lease, delta, now);
    if (end !== null) this.ends.queue(write, end);
    this.released ||= end !== null;
    this.rows.queue(lease, delta.commitNo, checkpoints);
    return ok;
  }

  /**
   * The verdict on a commit of just one row, or of just a usual end, by one guarded statement outside of a transaction; null: nothing
   * was changed, and `commit` does it or finds out why not. A row and an end are two statements.
   */
  commitAlone({ lease, delta }: CommitWrite, now: number): Verdict | null {
    const { commitNo, checkpoints, record } = delta;
    const [row] = checkpoints;
    if (!isBare(delta) || checkpoints.length > 1) return null;
    if (row === undefined)
      return record !== null && this.ends.endAlone(lease, commitNo, record, now) ? ok : null;
    return record === null && this.rows.insertAlone(lease, commitNo, row) ? ok : null;
  }

  private applyPlain(lease: Lease, delta: Delta, now: number): Verdict {
    const { checkpoints, record } = delta;
    const [checkpoint] = checkpoints;
    if (checkpoints.length > 1) return this.judgeAndApply(lease, delta, now);
    this.flush();
    if (checkpoint === undefined)
      return record !== null && this.releases(lease, delta, record, now)
        ? ok
        : this.judgeAndApply(lease, delta, now);
    if (!this.rows.insert(lease, delta.commitNo, checkpoint)) return this.judgeAndApply(lease, delta, now);
    if (record === null || this.releases(lease, delta, record, now)) return ok;
    return this.changes(lease, delta, record, now) ? okAndDue : ok;
  }

  /** An end that its statement did not take, though its checkpoint, if it has one, is in. */
  private judgeEnd({ lease, delta }: CommitWrite, now: number): Verdict {
    if (delta.checkpoints.length === 0 || delta.record === null) return this.judgeAndApply(lease, delta, now);
    return this.changes(lease, delta, delta.record, now) ? okAndDue : ok;
  }

  private judgeAndApply(lease: Lease, delta: Delta, now: number): Verdict {
    this.flush();
    const refusal = this.refusal(lease, delta);
    if (refusal === already && delta.publish !== null)
      return {
        verdict: 'already',
        executions: this.publishes.accept(delta.publish, now, lease.key).executions,
      };
    if (refusal !== null) return refusal;
    const conflict = delta.publish === null ? null : this.publishes.conflict(delta.publish, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    const known = delta.publish === null ? [] : this.publishes.known(delta.publish, now);
    if (known.length > 0) return { verdict: 'rejected', reason: 'event-known', known };
    const full = delta.publish === null ? null : this.publishes.full(delta.publish, now);
    if (full !== null) return { verdict: 'rejected', reason: 'mailbox-full', eventId: full };
    if (delta.instance !== undefined && !this.instances.isAsExpected(delta.instance)) return instanceChanged;
    return this.apply(lease, delta, now);
  }

  /** Why nothing of the delta may be applied; null: all of it may. */
  private refusal(lease: Lease, { commitNo, checkpoints }: Delta): Verdict | null {
    const state = this.selectState.get([lease.key]);
    if (state === undefined) return stale;
    const mark = commitMark(lease.fence, commitNo);
    // One that others have followed may have been refused: as long as there would be rows of it, they tell.
    const [first] = checkpoints;
    const hasRows = first !== undefined && first.turn >= state.turn;
    if (!hasRows && fenceOfMark(state.committed) === lease.fence && state.committed >= mark) return already;
    let taken = false;
    const keys = new Set<string>();
    for (const checkpoint of checkpoints) {
      const { turn, epoch, key } = checkpoint;
      const row = this.rows.find(lease.key, checkpoint);
      if (row?.mark === mark) return already;
      const unique = `${turn}.${epoch}.${key}`;
      taken ||= row !== undefined || keys.has(unique);
      keys.add(unique);
    }
    if (state.fence !== lease.fence || state.status !== statusCode.running) return stale;
    return taken ? checkpointExists : null;
  }

  private apply(lease: Lease, delta: Delta, now: number): Verdict {
    for (const checkpoint of delta.checkpoints) this.rows.insert(lease, delta.commitNo, checkpoint);
    const executions =
      delta.publish === null ? null : this.publishes.accept(delta.publish, now, lease.key).executions;
    if (delta.release.length > 0) this.gates.release(lease, delta.release, now);
    if (delta.instance !== undefined) this.instances.change(delta.instance, now);
    for (const withdrawal of delta.withdraw ?? []) {
      this.mailboxes.withdraw(lease.key, withdrawal, now);
      this.families.withdraw(lease.key, withdrawal.holder, now);
    }
    if (isHandBack(delta)) this.markHandedBack.run([lease.key, commitMark(lease.fence, 0)]);
    let due = false;
    if (delta.record !== null) due = this.changes(lease, delta, delta.record, now);
    else if (executions !== null || delta.checkpoints.length === 0)
      this.mark.run([commitMark(lease.fence, delta.commitNo), lease.key]);
    if (executions === null) return due ? okAndDue : ok;
    return due ? { verdict: 'ok', executions, due } : { verdict: 'ok', executions };
  }

  /** One guarded statement for a record that nothing keeps from resting. False: it was not, or something needs a look. */
  private releases(lease: Lease, delta: Delta, record: RecordChange, now: number): boolean {
    const { status } = record;
    if (status === 'pending' || status === 'running' || record.forget.length > 0) return false;
    if (record.definition !== undefined) return false;
    const wake = status === 'waiting' ? wakeAt(record.timers) : null;
    if (wake !== null && wake <= now) return false;
    const listening = listeningBits(record.listening);
    const released = this.release.run([
      ...this.values(lease, delta, record, listening),
      statusCode[status],
      reasonCode(record.waitReason),
      wake,
      isTerminal(status) ? now : null,
      lease.key,
      lease.fence,
      commitMark(lease.fence, delta.commitNo),
      record.seenInboxSeq,
      listening,
    ]);
    if (released === 0) return false;
    this.held.release(lease.key);
    this.released = true;
    return true;
  }

  /** Changes the record of a delta that was judged; answers whether the record is due now. */
  private changes(lease: Lease, delta: Delta, record: RecordChange, now: number): boolean {
    const { status } = record;
    const listening = listeningBits(record.listening);
    const wake = status === 'waiting' ? wakeAt(record.timers) : null;
    const ready =
      status !== 'running' &&
      (status === 'pending' || this.wakes.get([lease.key, record.seenInboxSeq, listening]) !== undefined);
    const values = [
      ...this.values(lease, delta, record, listening),
      ready ? statusCode.pending : statusCode[status],
      ready ? null : reasonCode(record.waitReason),
      ready ? null : wake,
      isTerminal(status) ? now : null,
      ready ? now : null,
      status === 'running' ? 1 : 0,
      lease.key,
    ];
    const isGated = record.gate !== undefined || this.change.run(values) === 0;
    const due = isGated
      ? this.changesGated(lease, delta, record, now)
      : ready || (wake !== null && wake <= now);
    if (record.definition !== undefined) this.goOnAs.run([this.definitions.of(record.definition), lease.key]);
    if (record.next !== undefined) this.turn(lease.key, record.next, record.seenInboxSeq, now);
    if (record.forget.length > 0) {
      const values = [lease.key, lease.key, record.epoch, JSON.stringify(record.forget.map(toStored))];
      for (const statement of this.forget) statement.run(values);
    }
    if (status !== 'running') {
      this.held.release(lease.key);
      this.released = true;
    }
    return due;
  }

  /** The change of a record that has to do with gates: they decide whether it is due. */
  private changesGated(lease: Lease, delta: Delta, record: RecordChange, now: number): boolean {
    const { key } = lease;
    const { status } = record;
    const listening = listeningBits(record.listening);
    const wake = status === 'waiting' ? wakeAt(record.timers) : null;
    this.changeAny.run([
      ...this.values(lease, delta, record, listening),
      status === 'pending' ? statusCode.queued : statusCode[status],
      reasonCode(record.waitReason),
      wake,
      isTerminal(status) ? now : null,
      null,
      status === 'running' ? 1 : 0,
      key,
    ]);
    if (status === 'running') return false;
    if (isTerminal(status)) this.mailboxes.end(key);
    this.gates.rest(key, record, now);
    if (record.gate !== undefined && status === 'pending') this.gates.join(key, record.gate, now);
    if (status === 'pending' || this.wakes.get([key, record.seenInboxSeq, listening]) !== undefined)
      return this.gates.ready(key, now);
    if (isTerminal(status)) this.families.ended(key, now);
    this.gates.leave(key, now, status === 'waiting');
    return wake !== null && wake <= now;
  }

  private turn(n: number, { event, input, schemaHash }: NextTurn, seen: number, now: number): void {
    this.rows.removeAll(n);
    this.dropSeen.run([n, seen]);
    this.mailboxes.turn(n);
    this.families.turn(n, now);
    this.beginTurn.run([this.events.of(event, schemaHash), toStored(input), n]);
  }

  private values(lease: Lease, delta: Delta, record: RecordChange, listening: number): readonly SqlValue[] {
    return [
      commitMark(lease.fence, delta.commitNo),
      listening,
      record.seenInboxSeq,
      record.attempt,
      record.epoch,
      fromTimers(record.timers),
      toStoredOrNull(record.value),
      toStoredOrNull(record.error),
    ];
  }
}

/** Rows and a change of the record, and nothing else. */
function isBare({ publish, release, instance, withdraw }: Delta): boolean {
  return publish === null && release.length === 0 && instance === undefined && withdraw === undefined;
}

const changed =
  'committed = max(committed, ?), listening = ?, seen = ?, attempt = ?, epoch = ?, timers = ?, own_value = ?, value_seq = NULL, error = ?, status = ?, reason = ?, wake_at = ?, ended_at = ?';

export const selectWakingMessage = `
SELECT 1 AS found FROM holdfast_message WHERE n = ? AND seq > ? AND (? >> kind) & 1 LIMIT 1`;

export const releaseExecution = `
UPDATE holdfast_execution SET ${changed}, owner = NULL
WHERE n = ? AND fence = ? AND status = 1 AND committed < ? AND gate IS NULL AND NOT EXISTS (
  SELECT 1 FROM holdfast_message AS m WHERE m.n = holdfast_execution.n AND m.seq > ? AND (? >> m.kind) & 1)`;

const changeExecution = `
UPDATE holdfast_execution SET ${changed}, due_at = ?, owner = CASE WHEN ? = 1 THEN owner END WHERE n = ?`;

/** Unless the fence has changed the record before: see `strikesOf`. */
const markHandedBack = `
UPDATE holdfast_execution SET strikes = ~strikes WHERE n = ? AND committed < ?`;

/** Of permits, events and children: nobody sends these again. */
const dropSeenNews = `
DELETE FROM holdfast_message WHERE n = ? AND seq <= ? AND kind IN (3, 4, 5)`;

const forgetCheckpoints = checkpointTables.map(
  (table) => `
UPDATE holdfast_checkpoint_${table} SET forgotten = 1
WHERE ${placesOfExecutions} AND epoch < ? AND key IN (SELECT value FROM json_each(?))`,
);
