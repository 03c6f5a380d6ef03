import { wakeAt } from '../../model/execution.js';
import type { Lease } from '../../model/lease.js';
import type { CommitWrite, RecordChange, Verdict } from '../../ports/store-write.js';
import type { CheckpointRows } from './checkpoint-rows.js';
import { commitMark, listeningBits } from './codes.js';
import type { Connection, Statement } from './connection.js';
import type { HeldLeases } from './held-leases.js';
import { toStoredOrNull } from './stored-text.js';

/** Applies an end that its statement did not take, and answers the verdict on it. */
export type JudgeEnd = (end: CommitWrite) => Verdict;

/**
 * Ends executions that completed at their first attempt, with nothing in the inbox. Those that follow each other in the group as in
 * the table, and end alike, wait for each other and end by one statement. Whatever looks at executions calls `flush` first.
 */
export class UsualEnds {
  private readonly complete: Statement<never>;
  private readonly completeGuarded: Statement<never>;
  private readonly selectEnded: Statement<{ found: number }>;
  /** Queued ends, which are let go as they are written, and their indexes in the group. */
  private ends: CommitWrite[] = [];
  private readonly indexes: number[] = [];
  private haveRows = false;
  /** What the queued ones have in common, besides the first's number. */
  private first = 0;
  private mark = 0;
  private listening = 0;
  private seen = 0;
  private value: string | null = null;
  private valueSeq: number | null = null;
  private verdicts: Verdict[] = [];
  private judge: JudgeEnd | null = null;
  private now = 0;

  constructor(
    connection: Connection,
    private readonly held: HeldLeases,
    private readonly rows: CheckpointRows,
  ) {
    this.complete = connection.prepare(completeExecutions);
    this.completeGuarded = connection.prepare(completeGuarded);
    this.selectEnded = connection.prepare(selectEnded);
  }

  /** Call it first in a group. `verdicts` receives those of queued ends that `judge` had to look at. */
  begin(verdicts: Verdict[], judge: JudgeEnd, now: number): void {
    this.verdicts = verdicts;
    this.judge = judge;
    this.now = now;
    this.ends = [];
    this.haveRows = false;
  }

  /** Whether it is completed at the first attempt, with nothing in the inbox that could wake it. */
  takes(lease: Lease, record: RecordChange): boolean {
    return isUsual(record) && this.held.hasNoMail(lease);
  }

  /** Ends one by one statement outside of a transaction, which looks into its inbox itself; false: it has not ended, for whatever reason. */
  endAlone(lease: Lease, commitNo: number, record: RecordChange, now: number): boolean {
    if (!isUsual(record)) return false;
    const mark = commitMark(lease.fence, commitNo);
    const { valueSeq = null } = record;
    const ended = this.completeGuarded.run([
      mark,
      listeningBits(record.listening),
      record.seenInboxSeq,
      now,
      valueSeq === null ? toStoredOrNull(record.value) : null,
      valueSeq,
      // The range is this one.
      lease.key,
      lease.key,
      lease.fence,
      mark,
    ]);
    if (ended === 1) this.held.release(lease.key);
    return ended === 1;
  }

  /** Takes the group's next commit, before its rows are queued. It counts as `ok` until told otherwise. */
  queue(end: CommitWrite, record: RecordChange): void {
    const { lease, delta } = end;
    const mark = commitMark(lease.fence, delta.commitNo);
    const listening = listeningBits(record.listening);
    const { valueSeq = null, seenInboxSeq } = record;
    const value = valueSeq === null ? toStoredOrNull(record.value) : null;
    const follows =
      lease.key === this.first + this.ends.length &&
      mark === this.mark &&
      listening === this.listening &&
      seenInboxSeq === this.seen &&
      value === this.value &&
      valueSeq === this.valueSeq;
    if (!follows) {
      this.flush();
      this.first = lease.key;
      this.mark = mark;
      this.listening = listening;
      this.seen = seenInboxSeq;
      this.value = value;
      this.valueSeq = valueSeq;
    }
    this.indexes[this.ends.length] = this.verdicts.length;
    this.ends.push(end);
    if (delta.checkpoints.length > 0) this.haveRows = true;
    this.held.release(lease.key);
  }

  /** Writes what is queued. */
  flush(): void {
    const { ends, first, haveRows } = this;
    const [any] = ends;
    if (any === undefined) return;
    this.ends = [];
    this.haveRows = false;
    if (haveRows) this.rows.flush();
    const { fence } = any.lease;
    if (haveRows && !this.areAccepted(ends.length)) {
      for (const [at, end] of ends.entries())
        if (this.isAccepted(at) && this.run(first + at, first + at, fence) === 0) this.judgeAt(at, end);
      return;
    }
    const ended = this.run(first, first + ends.length - 1, fence);
    if (ended === ends.length) return;
    for (const [at, end] of ends.entries())
      if (ended === 0 || !this.hasEnded(first + at)) this.judgeAt(at, end);
  }

  /** Whether no checkpoint of the first `count` was refused. */
  private areAccepted(count: number): boolean {
    for (let at = 0; at < count; at++) if (!this.isAccepted(at)) return false;
    return true;
  }

  private isAccepted(at: number): boolean {
    return this.verdicts[this.indexes[at] as number]?.verdict === 'ok';
  }

  private hasEnded(n: number): boolean {
    return this.selectEnded.get([n, this.mark]) !== undefined;
  }

  private judgeAt(at: number, end: CommitWrite): void {
    this.verdicts[this.indexes[at] as number] = (this.judge as JudgeEnd)(end);
  }

  /** How many of these ended. */
  private run(first: number, last: number, fence: number): number {
    const { mark, listening, seen, now, value, valueSeq } = this;
    return this.complete.run([mark, listening, seen, now, value, valueSeq, first, last, fence, mark]);
  }
}

/** Completed at the first attempt, and nothing else is to be changed. */
function isUsual(record: RecordChange): boolean {
  return (
    record.status === 'completed' &&
    record.forget.length === 0 &&
    record.definition === undefined &&
    record.attempt === 1 &&
    record.epoch === 0 &&
    record.waitReason === null &&
    record.error === null &&
    wakeAt(record.timers) === null
  );
}

/** What is alike in the usual end is in the text, which is cheaper than binding it; no inbox is looked into. */
export const completeExecutions = `
UPDATE holdfast_execution NOT INDEXED SET committed = ?, listening = ?, seen = ?, ended_at = ?, own_value = ?, value_seq = ?, status = 2,
  owner = NULL, attempt = 1, epoch = 0, reason = NULL, wake_at = NULL, timers = NULL, error = NULL
WHERE n BETWEEN ? AND ? AND fence = ? AND status = 1 AND committed < ? AND gate IS NULL`;

/** For where nothing is known of the inbox: no message may be in it, not even one that was seen. */
export const completeGuarded = `${completeExecutions}
  AND NOT EXISTS (SELECT 1 FROM holdfast_message AS m WHERE m.n = holdfast_execution.n)`;

const selectEnded = 'SELECT 1 AS found FROM holdfast_execution WHERE n = ? AND committed = ? AND status = 2';
