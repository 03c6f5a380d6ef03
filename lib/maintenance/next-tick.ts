import type { SchedulePolicy } from '../model/schedule.js';
import type { ScheduleState } from './schedule-state.js';

/** What is less late than this was not missed. */
const ON_TIME_MS = 60_000;
/** Missed instants that `misfire: 'all'` runs. */
const MOST_MISSED = 100;

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
  if (policy.overlap === 'cancel') return { ...plan, runs: newest, cancels: true };
  if (policy.overlap === 'buffer' && bufferedAt === null) return { ...plan, runs: null, bufferedAt: newest };
  return { ...plan, runs: null, skipped: { at: newest, reason: 'overlap' } };
}

/** The newest instant that is not after `now`; `first` is one of them. */
function newestDue(next: SchedulePolicy['next'], first: number, now: number): number {
  let newest = first;
  let before = now;
  for (;;) {
    const following = next(newest);
    if (following === null || following > now) return newest;
    newest = following;
    // Many may have passed: the way to the last of them is halved.
    while (before - newest > 1) {
      const middle = Math.floor((newest + before) / 2);
      const found = next(middle);
      if (found !== null && found <= now) newest = found;
      else before = middle;
    }
  }
}

/** The first of the newest that are kept of those from `first` to `now`. */
function oldestKept(next: SchedulePolicy['next'], first: number, now: number): number {
  let following: number | null = first;
  for (let count = 1; count <= MOST_MISSED; count++) {
    following = following === null ? null : next(following);
    if (following === null || following > now) return first;
  }
  let oldest = newestDue(next, first, now);
  for (let count = 1; count < MOST_MISSED; count++) oldest = newestDue(next, first, oldest - 1);
  return oldest;
}
