import { newestDue, oldestKept, ON_TIME_MS } from '../model/due-instants.js';
import type { SchedulePolicy } from '../model/schedule.js';
import type { ScheduleState } from './schedule-state.js';

/** What a schedule does next. */
export interface TickPlan {
  /** The instant that starts an execution; null: none does. */
  readonly runs: number | null;
  readonly nextAt: number | null;
  readonly bufferedAt: number | null;
  readonly cancels: boolean;
  readonly skipped: { readonly at: number; readonly reason: 'overlap' | 'misfire' } | null;
}

/**
 * What is to be done now; null: nothing is, before `nextAt`, or before the execution of the instant before has ended.
 * `isOpen`: that one has not.
 */
export function nextTick(
  state: ScheduleState,
  policy: SchedulePolicy,
  now: number,
  isOpen: boolean,
): TickPlan | null {
  const { nextAt, bufferedAt } = state;
  const rest = { nextAt, bufferedAt, cancels: false, skipped: null };
  if (bufferedAt !== null && !isOpen) return { ...rest, runs: bufferedAt, bufferedAt: null };
  if (nextAt === null || nextAt > now) return null;
  const newest = newestDue(policy.next, nextAt, now);
  const missed = newest !== nextAt || now - newest > ON_TIME_MS;
  if (missed && policy.misfire === 'all') {
    if (isOpen && policy.overlap !== 'allow') return null;
    const at = oldestKept(policy.next, nextAt, now);
    const skipped = at === nextAt ? null : { at: nextAt, reason: 'misfire' as const };
    return { ...rest, runs: at, nextAt: policy.next(at), skipped };
  }
  const after = policy.next(newest);
  const left = missed && newest !== nextAt ? { at: nextAt, reason: 'misfire' as const } : null;
  if (policy.misfire === 'skip' && now - newest > ON_TIME_MS)
    return { ...rest, runs: null, nextAt: after, skipped: { at: nextAt, reason: 'misfire' } };
  const plan = { ...rest, nextAt: after, skipped: left };
  if (!isOpen || policy.overlap === 'allow') return { ...plan, runs: newest };
  // What an earlier deployment has buffered is over with it: instants run in their order.
  if (policy.overlap === 'cancel') return { ...plan, runs: newest, cancels: true, bufferedAt: null };
  if (policy.overlap === 'buffer' && bufferedAt === null) return { ...plan, runs: null, bufferedAt: newest };
  return { ...plan, runs: null, skipped: { at: newest, reason: 'overlap' } };
}
