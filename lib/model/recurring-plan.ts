import { newestDue, oldestKept, ON_TIME_MS } from './due-instants.js';
import type { SchedulePolicy } from './schedule.js';

/** The instants of a job that was started then: an interval is counted from there, so that they never drift. */
export function instantsSince(
  { intervalMs, next }: Pick<SchedulePolicy, 'intervalMs' | 'next'>,
  startedAt: number,
): SchedulePolicy['next'] {
  if (intervalMs === null) return next;
  return (after) =>
    after < startedAt
      ? startedAt
      : startedAt + (Math.floor((after - startedAt) / intervalMs) + 1) * intervalMs;
}

/** The instant that a tick stands for, which was armed for `armedAt` and has begun at `begunAt`; `missed`: it is not to run. */
export function instantOfTick(
  next: SchedulePolicy['next'],
  { misfire, jitterMs }: Pick<SchedulePolicy, 'misfire' | 'jitterMs'>,
  armedAt: number,
  begunAt: number,
): { readonly at: number; readonly missed: boolean } {
  if (misfire === 'all' || armedAt >= begunAt) return { at: armedAt, missed: false };
  const at = newestDue(next, armedAt, begunAt);
  return { at, missed: misfire === 'skip' && begunAt - at > ON_TIME_MS + jitterMs };
}

/** The instant of the tick after the one that stood for `at`, began at `begunAt` and ends now; null: there is none. */
export function instantAfter(
  next: SchedulePolicy['next'],
  { misfire, overlap }: Pick<SchedulePolicy, 'misfire' | 'overlap'>,
  { at, begunAt }: { readonly at: number; readonly begunAt: number },
  now: number,
): number | null {
  const following = next(at);
  if (following === null || following > now) return following;
  if (misfire === 'all' && following <= begunAt) return oldestKept(next, following, now);
  const newest = newestDue(next, following, now);
  return overlap === 'buffer' && newest > begunAt ? newest : next(now);
}
