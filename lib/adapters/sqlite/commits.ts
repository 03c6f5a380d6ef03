import type { Checkpoint } from '../../model/checkpoint.js';
import { isTerminal, wakeAt } from '../../model/execution.js';
import type { Lease } from '../../model/lease.js';
import type { CommitWrite, Delta, RecordChange, Verdict } from '../../ports/store.js';
import {
  checkpointKindCode,
  commitMark,
  fenceOfMark,
  listeningBits,
  reasonCode,
  statusCode,
} from './codes.js';
import type { Connection, SqlValue, Statement } from './connection.js';
import { fromTimers, storedPath } from './execution-row.js';
import type { HeldLeases } from './held-leases.js';
import type { Publishes } from './publishes.js';
import { toStored, toStoredOrNull } from './stored-text.js';

const ok: Verdict = Object.freeze({ verdict: 'ok' });
const okAndDue: Verdict = Object.freeze({ verdict: 'ok', due: true });
const already: Verdict = Object.freeze({ verdict: 'already' });
const stale: Verdict = Object.freeze({ verdict: 'stale' });
const checkpointExists: Verdict = Object.freeze({ verdict: 'rejected', reason: 'checkpoint-exists' });

/**
 * Applies deltas, whole or not at all, without savepoints: the usual ones are a single guarded statement, or one whose
 * success makes the next one safe; every other delta is judged first and applied then. Why a guard refused is asked only
 * after it did.
 */
export class Commits {
  private readonly insert: Statement<never>;
  private readonly insertHeld: Statement<never>;
  private readonly release: Statement<never>;
  private readonly change: Statement<never>;
  private readonly mark: Statement<never>;
  private readonly wakes: Statement<{ found: number }>;
  private readonly forget: Statement<never>;
  private readonly selectState: Statement<{ status: number; fence: number; committed: number }>;
  private readonly selectMark: Statement<{ mark: number }>;
  /** A record was released since this was last reset. */
  released = false;

  constructor(
    connection: Connection,
    private readonly publishes: Publishes,
    private readonly held: HeldLeases,
  ) {
    this.insertHeld = connection.prepare(insertHeldCheckpoint);
    this.insert = connection.prepare(insertCheckpoint);
    this.release = connection.prepare(releaseExecution);
    this.change = connection.prepare(changeExecution);
    this.mark = connection.prepare('UPDATE holdfast_execution SET committed = ? WHERE n = ?');
    this.wakes = connection.prepare(selectWakingMessage);
    this.forget = connection.prepare(forgetCheckpoints);
    this.selectState = connection.prepare(
      'SELECT status, fence, committed FROM holdfast_execution WHERE n = ?',
    );
    this.selectMark = connection.prepare(
      'SELECT mark FROM holdfast_checkpoint WHERE n = ? AND turn = ? AND epoch = ? AND key = ?',
    );
  }

  commit({ lease, delta }: CommitWrite, now: number): Verdict {
    const { checkpoints, record, publish } = delta;
    if (publish !== null || checkpoints.length > 1) return this.judgeAndApply(lease, delta, now);
    const [checkpoint] = checkpoints;
    if (checkpoint === undefined)
      return record !== null && this.releases(lease, delta, record, now)
        ? ok
        : this.judgeAndApply(lease, delta, now);
    if (!this.inserts(lease, delta, checkpoint)) return this.judgeAndApply(lease, delta, now);
    if (record === null || this.releases(lease, delta, record, now)) return ok;
    return this.changes(lease, delta, record, now) ? okAndDue : ok;
  }

  private judgeAndApply(lease: Lease, delta: Delta, now: number): Verdict {
    const refusal = this.refusal(lease, delta);
    if (refusal === already && delta.publish !== null)
      return { verdict: 'already', executions: this.publishes.accept(delta.publish, now).executions };
    if (refusal !== null) return refusal;
    const conflict = delta.publish === null ? null : this.publishes.conflict(delta.publish, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    return this.apply(lease, delta, now);
  }

  /** Why nothing of the delta may be applied; null: all of it may. */
  private refusal(lease: Lease, { commitNo, checkpoints, record, publish }: Delta): Verdict | null {
    const state = this.selectState.get([lease.key]);
    if (state === undefined) return stale;
    const mark = commitMark(lease.fence, commitNo);
    const writesRecord = record !== null || publish !== null || checkpoints.length === 0;
    if (writesRecord && fenceOfMark(state.committed) === lease.fence && state.committed >= mark)
      return already;
    let taken = false;
    const keys = new Set<string>();
    for (const { turn, epoch, key } of checkpoints) {
      const row = this.selectMark.get([lease.key, turn, epoch, toStored(key)]);
      if (row?.mark === mark) return already;
      const unique = `${turn}.${epoch}.${key}`;
      taken ||= row !== undefined || keys.has(unique);
      keys.add(unique);
    }
    if (state.fence !== lease.fence || state.status !== statusCode.running) return stale;
    return taken ? checkpointExists : null;
  }

  private apply(lease: Lease, delta: Delta, now: number): Verdict {
    for (const checkpoint of delta.checkpoints) this.inserts(lease, delta, checkpoint);
    const executions = delta.publish === null ? null : this.publishes.accept(delta.publish, now).executions;
    let due = false;
    if (delta.record !== null) due = this.changes(lease, delta, delta.record, now);
    else if (executions !== null || delta.checkpoints.length === 0)
      this.mark.run([commitMark(lease.fence, delta.commitNo), lease.key]);
    if (executions === null) return due ? okAndDue : ok;
    return due ? { verdict: 'ok', executions, due } : { verdict: 'ok', executions };
  }

  private inserts(lease: Lease, { commitNo }: Delta, row: Checkpoint): boolean {
    const values = [
      row.turn,
      row.epoch,
      toStored(row.key),
      row.seq,
      storedPath(row),
      checkpointKindCode(row.kind),
      row.attempt,
      commitMark(lease.fence, commitNo),
      row.wakeAt,
      row.startedAt,
      row.endedAt,
      toStoredOrNull(row.value),
      toStoredOrNull(row.error),
      lease.key,
    ];
    if (this.held.has(lease)) return this.insertHeld.run(values) === 1;
    values.push(lease.fence);
    const inserted = this.insert.run(values) === 1;
    if (inserted) this.held.hold(lease.key, lease.fence);
    return inserted;
  }

  /** One guarded statement for a record that nothing keeps from resting. False: it was not, or something needs a look. */
  private releases(lease: Lease, delta: Delta, record: RecordChange, now: number): boolean {
    const { status } = record;
    if (status === 'pending' || status === 'running' || record.forget.length > 0) return false;
    const wake = status === 'waiting' ? wakeAt(record.timers) : null;
    if (wake !== null && wake <= now) return false;
    const listening = listeningBits(record.listening);
    const released =
      this.release.run([
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
      ]) === 1;
    if (!released) return false;
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
    this.change.run([
      ...this.values(lease, delta, record, listening),
      ready ? statusCode.pending : statusCode[status],
      ready ? null : reasonCode(record.waitReason),
      ready ? null : wake,
      isTerminal(status) ? now : null,
      ready ? now : null,
      status === 'running' ? 1 : 0,
      lease.key,
    ]);
    if (record.forget.length > 0)
      this.forget.run([lease.key, record.epoch, JSON.stringify(record.forget.map(toStored))]);
    if (status !== 'running') {
      this.held.release(lease.key);
      this.released = true;
    }
    return ready || (wake !== null && wake <= now);
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

export const insertHeldCheckpoint = `
INSERT INTO holdfast_checkpoint (turn, epoch, key, seq, path, kind, attempt, mark, wake_at, started_at, ended_at, value, error, n)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

export const insertCheckpoint = `
INSERT INTO holdfast_checkpoint (n, turn, epoch, key, seq, path, kind, attempt, mark, wake_at, started_at, ended_at, value, error)
SELECT n, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM holdfast_execution WHERE n = ? AND fence = ? AND status = 1
ON CONFLICT DO NOTHING`;

const changed =
  'committed = ?, listening = ?, seen = ?, attempt = ?, epoch = ?, timers = ?, value = ?, error = ?, status = ?, reason = ?, wake_at = ?, ended_at = ?';

export const selectWakingMessage = `
SELECT 1 AS found FROM holdfast_message WHERE n = ? AND seq > ? AND (? >> kind) & 1 LIMIT 1`;

export const releaseExecution = `
UPDATE holdfast_execution SET ${changed}, owner = NULL
WHERE n = ? AND fence = ? AND status = 1 AND committed < ? AND NOT EXISTS (
  SELECT 1 FROM holdfast_message AS m WHERE m.n = holdfast_execution.n AND m.seq > ? AND (? >> m.kind) & 1)`;

export const changeExecution = `
UPDATE holdfast_execution SET ${changed}, due_at = ?, owner = CASE WHEN ? = 1 THEN owner END WHERE n = ?`;

export const forgetCheckpoints = `
UPDATE holdfast_checkpoint SET forgotten = 1
WHERE n = ? AND epoch < ? AND key IN (SELECT value FROM json_each(?))`;
