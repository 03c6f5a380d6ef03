import type { SchedulePolicy } from './schedule.js';

/** What is less late than this was not missed. */
export const ON_TIME_MS = 60_000;
/** Missed instants that `misfire: 'all'` runs. */
const MOST_MISSED = 100;

type Next = SchedulePolicy['next'];

/** The newest instant that is not after `now`; `first` is one of them. */
export function newestDue(next: Next, first: number, now: number): number {
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
export function oldestKept(next: Next, first: number, now: number): number {
  let following: number | null = first;
  for (let count = 1; count <= MOST_MISSED; count++) {
    following = following === null ? null : next(following);
    if (following === null || following > now) return first;
  }
  let oldest = newestDue(next, first, now);
  for (let count = 1; count < MOST_MISSED; count++) oldest = newestDue(next, first, oldest - 1);
  return oldest;
}
