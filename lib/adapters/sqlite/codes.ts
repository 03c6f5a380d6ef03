import type { Checkpoint } from '../../model/checkpoint.js';
import type { ExecutionStatus, MessageKind, WaitReason } from '../../model/execution.js';

/**
 * Statuses as the file keeps them; `delayed` is `pending` that is not due yet,
 * `queued` is `waiting` for its gate. The numbers stand literally in statements
 * and in the partial indexes of the schema. Those that may hold a timer come last: the index's predicate is one comparison
 * (an `IN` list there doubles the cost of every completion).
 */
export const statusCode = Object.freeze({
  pending: 0,
  running: 1,
  completed: 2,
  failed: 3,
  cancelled: 4,
  skipped: 5,
  waiting: 6,
  parked: 7,
  delayed: 8,
  queued: 9,
});

const statuses: readonly ExecutionStatus[] = [
  'pending',
  'running',
  'completed',
  'failed',
  'cancelled',
  'skipped',
  'waiting',
  'parked',
  'pending',
  'waiting',
];

export function isStatus(status: string): status is ExecutionStatus {
  return (statuses as readonly string[]).includes(status);
}

export function statusOf(code: number): ExecutionStatus {
  return known(statuses[code], 'status', code);
}

const reasons: readonly WaitReason[] = ['timer', 'event', 'gate', 'retry', 'paused', 'compensating', 'child'];

export function reasonCode(reason: WaitReason | null): number | null {
  return reason === null ? null : reasons.indexOf(reason);
}

export function reasonOf(code: number | null): WaitReason | null {
  return code === null ? null : known(reasons[code], 'reason', code);
}

const messageKinds: readonly MessageKind[] = [
  'cancel',
  'resume',
  'retry',
  'granted',
  'event',
  'child',
  'graph',
  'item',
  'flush',
];

export function messageKindCode(kind: MessageKind): number {
  return messageKinds.indexOf(kind);
}

export function messageKindOf(code: number): MessageKind {
  return known(messageKinds[code], 'message kind', code);
}

/** A set of kinds as bits: `1 << messageKindCode(kind)`. */
export function listeningBits(kinds: readonly MessageKind[]): number {
  let bits = 0;
  for (const kind of kinds) bits |= 1 << messageKindCode(kind);
  return bits;
}

export function listeningOf(bits: number): readonly MessageKind[] {
  return bits === 0 ? [] : messageKinds.filter((_, code) => (bits & (1 << code)) !== 0);
}

const checkpointKinds: readonly Checkpoint['kind'][] = [
  'completed',
  'failed',
  'attempt',
  'timer',
  'started',
  'skipped',
];

export function checkpointKindCode(kind: Checkpoint['kind']): number {
  return checkpointKinds.indexOf(kind);
}

export function checkpointKindOf(code: number): Checkpoint['kind'] {
  return known(checkpointKinds[code], 'checkpoint kind', code);
}

/** More deltas than one fence ever has: checkpoints of a turn are bounded far below. */
const COMMITS_PER_FENCE = 2 ** 24;

/** One number for (fence, commitNo): it grows with every commit of an execution. */
export function commitMark(fence: number, commitNo: number): number {
  return fence * COMMITS_PER_FENCE + commitNo;
}

export function fenceOfMark(mark: number): number {
  return Math.floor(mark / COMMITS_PER_FENCE);
}

function known<T>(value: T | undefined, what: string, code: number): T {
  if (value === undefined) throw new RangeError(`the database holds an unknown ${what} ${code}`);
  return value;
}
