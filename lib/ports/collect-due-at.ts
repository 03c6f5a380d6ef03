import type { Collect } from './store-write.js';

/**
 * The instant, epoch ms, at which an execution is due that got an event at `now`, by that event's rule, and its first at `openedAt`.
 * It may have passed. Whoever asks sees to `most`, and to what makes it due at once.
 */
export function collectDueAt(
  { flushAfterMs, slides, maxWaitMs }: Pick<Collect, 'flushAfterMs' | 'slides' | 'maxWaitMs'>,
  openedAt: number,
  now: number,
): number {
  const flushAt = (slides ? now : openedAt) + flushAfterMs;
  return maxWaitMs === null ? flushAt : Math.min(flushAt, openedAt + maxWaitMs);
}
