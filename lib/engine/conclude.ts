import type { Checkpoint } from '../model/checkpoint.js';
import { decideAttempt } from '../behaviours/decide-attempt.js';
import type { RetryDecision } from '../model/decide-retry.js';
import {
  type ExecutionRecord,
  isSettled,
  type MessageKind,
  type TerminalStatus,
  type Timers,
  type WaitReason,
} from '../model/execution.js';
import { cancelErrorOf } from './cancel-error.js';
import type { StoredOutcome } from '../model/outcome.js';
import { encodeName } from '../model/path.js';
import type { NewEvent, RecordChange } from '../ports/store-write.js';
import { attemptKey } from '../step/checkpoint-key.js';
import { NewRow } from '../step/new-row.js';
import type { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { undoPath } from '../step/control-path.js';

/** What the end of a pass makes of its execution. */
export interface Conclusion {
  readonly change: RecordChange;
  /** The error of a failed or parked execution, as it was thrown. */
  readonly error: unknown;
  /** The handler's hook to call once the change is stored. */
  readonly hook: { readonly name: 'onRetry' | 'onExhausted'; readonly nextAt: number | null } | null;
  /** An event that the same commit accepts. Absent: none. */
  readonly publish?: NewEvent;
}

const noTimers: Timers = Object.freeze({});
const nothing: readonly never[] = Object.freeze([]);

const listens: Readonly<Record<RecordChange['status'], readonly MessageKind[]>> = {
  running: ['cancel'],
  pending: ['cancel'],
  waiting: ['cancel', 'graph'],
  parked: ['cancel', 'resume', 'retry'],
  completed: ['retry'],
  failed: ['retry'],
  cancelled: [],
  skipped: [],
};

/** What the end of a pass means: the change of its record, with the journal rows that go with it. Null: nothing may be written. */
export function conclude(
  pass: Pass,
  end: PassEnd,
  seenInboxSeq: number,
  deadlineAt: number | null,
): Conclusion | null {
  switch (end.kind) {
    case 'lost':
      return null;
    case 'completed':
      return new PlainConclusion(change(pass, 'completed', seenInboxSeq, end.text, end.valueSeq));
    case 'threw':
      return threw(pass, end.error, end.decision ?? null, seenInboxSeq, deadlineAt);
    case 'failed':
      recordFailure(pass, end.error);
      return finished(pass, 'failed', seenInboxSeq, end.error);
    case 'undone':
      if (end.error === null)
        return ended(pass, end.status, seenInboxSeq, cancelErrorOf(pass.record, end) ?? undefined);
      return {
        change: { ...change(pass, end.status, seenInboxSeq), error: end.error },
        error: pass.services.codec.decodeFailure(end.error),
        hook: null,
      };
    case 'parked':
      return ended(pass, 'parked', seenInboxSeq, end.error);
    case 'cancelled':
      return finished(
        pass,
        'cancelled',
        seenInboxSeq,
        cancelErrorOf(pass.record, end) ?? undefined,
        end.reason,
      );
    case 'skipped':
      return ended(pass, 'skipped', seenInboxSeq);
    case 'renewed': {
      const next = change(pass, 'pending', seenInboxSeq);
      const timers = withDeadline({}, deadlineAt);
      return new PlainConclusion({ ...next, attempt: 1, epoch: 0, timers, next: end.next });
    }
    case 'collected':
      return { ...ended(pass, 'skipped', seenInboxSeq), publish: end.event };
    case 'gated':
      return new PlainConclusion({ ...change(pass, 'pending', seenInboxSeq), gate: end.gate });
    case 'yielded':
      return new PlainConclusion({
        ...change(pass, 'pending', seenInboxSeq),
        timers: withDeadline({}, deadlineAt),
      });
    case 'waiting':
      return new PlainConclusion({
        ...waiting(pass, end.reason, end.timers, seenInboxSeq, deadlineAt, end.wakes),
        holds: end.holds ?? [],
      });
  }
}

/** The change that begins the pass's epoch of the journal, after `retry()` or `resume()`. */
export function reopened(
  pass: Pass,
  seenInboxSeq: number,
  forget: readonly string[],
  deadlineAt: number | null,
): RecordChange {
  return { ...change(pass, 'running', seenInboxSeq), forget, timers: withDeadline({}, deadlineAt) };
}

function threw(
  pass: Pass,
  error: unknown,
  decided: RetryDecision | null,
  seenInboxSeq: number,
  deadlineAt: number | null,
): Conclusion {
  const { retry } = pass.handler;
  const decision = decided ?? decideAttempt(pass, error);
  if (decision.kind === 'retry') {
    const timers = { [`retry:${pass.handler.method}`]: decision.at };
    const next = {
      ...waiting(pass, 'retry', timers, seenInboxSeq, deadlineAt),
      attempt: pass.record.attempt + 1,
    };
    pass.writes.hold(attemptOf(pass, error, decision.at));
    return { change: next, error, hook: { name: 'onRetry', nextAt: decision.at } };
  }
  recordFailure(pass, error);
  const park = (decision.exhausted || keepsFailed(pass)) && retry.whenExhausted === 'park';
  const conclusion = park
    ? ended(pass, 'parked', seenInboxSeq, error)
    : finished(pass, 'failed', seenInboxSeq, error);
  return decision.exhausted ? { ...conclusion, hook: { name: 'onExhausted', nextAt: null } } : conclusion;
}

/** A message that its actor cannot handle, or a batch, is kept for a person, whyever: the instance goes on with the next. */
function keepsFailed({ handler: { keyed } }: Pass): boolean {
  return keyed?.kind === 'actor' || keyed?.kind === 'debounce';
}

/** The journal row of a failed attempt of the handler itself: goes with the pass's end. */
function attemptOf(pass: Pass, error: unknown, nextAt: number): Checkpoint {
  const { record, services, handler } = pass;
  const path = encodeName(handler.method);
  const key = attemptKey(path, '', record.attempt);
  const row = new NewRow(pass, path, 'attempt', key, record.startedAt ?? record.createdAt, record.attempt);
  row.error = services.codec.encodeFailure(error);
  row.wakeAt = nextAt;
  return row;
}

/** In a later epoch the journal has to tell that this one failed: what is retried may lead elsewhere. A step's failure has a row of its own. */
function recordFailure(pass: Pass, error: unknown): void {
  if (pass.stepFailures.stepOf(error) !== null) return;
  pass.writes.holdOnce(attemptOf(pass, error, pass.services.clock.now()));
}

/** The execution finally failed or was cancelled: its steps are undone first, in a pass of their own. */
function finished(
  pass: Pass,
  status: 'failed' | 'cancelled',
  seenInboxSeq: number,
  error?: unknown,
  reason: string | null = null,
): Conclusion {
  if (!pass.undoables.any) return ended(pass, status, seenInboxSeq, error);
  const { clock, codec } = pass.services;
  const path = undoPath(pass.handler.method);
  const row = new NewRow(pass, path, 'started', `${path}@${pass.record.epoch}`, clock.now(), 1);
  row.error = status === 'failed' ? codec.encodeFailure(error) : null;
  row.value = reason;
  pass.writes.hold(row);
  // What it waits for ends before it is undone.
  pass.writes.withdraw({ holder: encodeName(pass.handler.method), except: 'all' });
  // Handed back instead of waiting: it keeps its place behind the gate of its handler, whose queue may be long.
  const next = change(pass, 'pending', seenInboxSeq);
  return { change: { ...next, listening: [] }, error, hook: null };
}

/** Whether the change hands the execution back to have its steps undone: until then it heeds no message. */
export function isUndoneNext({ status, listening }: RecordChange): boolean {
  return status === 'pending' && listening.length === 0;
}

function ended(
  pass: Pass,
  status: RecordChange['status'],
  seenInboxSeq: number,
  error?: unknown,
): Conclusion {
  const text = error === undefined ? null : pass.services.codec.encodeFailure(error);
  return { change: { ...change(pass, status, seenInboxSeq), error: text }, error, hook: null };
}

function waiting(
  pass: Pass,
  reason: WaitReason,
  timers: Timers,
  seenInboxSeq: number,
  deadlineAt: number | null,
  wakes: readonly MessageKind[] = [],
): RecordChange {
  return {
    ...change(pass, 'waiting', seenInboxSeq),
    listening: wakes.length === 0 ? listens.waiting : [...listens.waiting, ...wakes],
    waitReason: reason,
    timers: withDeadline(timers, deadlineAt),
  };
}

function withDeadline(timers: Timers, deadlineAt: number | null): Timers {
  return deadlineAt === null ? timers : { ...timers, timeout: deadlineAt };
}

function change(
  { record }: Pass,
  status: RecordChange['status'],
  seenInboxSeq: number,
  value: string | null = null,
  valueSeq: number | null = null,
): RecordChange {
  return new PlainChange(record, status, seenInboxSeq, value, valueSeq);
}

/** No timers, no error, no gate. A class for the reason that `freshList` gives. */
class PlainChange implements RecordChange {
  readonly waitReason = null;
  readonly timers = noTimers;
  readonly listening: readonly MessageKind[];
  readonly attempt: number;
  readonly epoch: number;
  readonly forget = nothing;
  readonly error = null;

  constructor(
    { attempt, epoch }: ExecutionRecord,
    readonly status: RecordChange['status'],
    readonly seenInboxSeq: number,
    readonly value: string | null = null,
    readonly valueSeq: number | null = null,
  ) {
    this.listening = listens[status];
    this.attempt = attempt;
    this.epoch = epoch;
  }
}

/** How a turn ends with that change; null: it goes on later. */
export function turnEnd({ status }: RecordChange): 'parked' | TerminalStatus | null {
  return isSettledChange(status) ? status : null;
}

function isSettledChange(status: RecordChange['status']): status is 'parked' | TerminalStatus {
  return isSettled(status);
}

/** The change that hands an execution back as it was found. */
export function releaseOf(record: ExecutionRecord): RecordChange {
  const released: RecordChange = new PlainChange(record, 'pending', record.seenInboxSeq);
  return { ...released, timers: record.timers };
}

/** No error, no hook. A class for the reason that `freshList` gives. */
class PlainConclusion implements Conclusion {
  readonly error = undefined;
  readonly hook = null;

  constructor(readonly change: RecordChange) {}
}

/** How the execution stands after that change. */
export function outcomeOf(record: ExecutionRecord, change: RecordChange, endedAt: number): StoredOutcome {
  const { value, error, attempt } = change;
  return { status: change.status, value, error, attempt, startedAt: record.startedAt, endedAt };
}
