import type { Work } from '../engine/work.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { ClaimedExecution } from '../ports/store.js';

/** Hinted work found by the sweep only after this long was missed by hints. */
const GRACE_MS = 2_000;

/** It was claimed before and never got anywhere: it may be what killed its process. */
export function isSuspect(work: Work): boolean {
  return work.strikes > 0 && work.lease.fence > 1;
}

/** Of what was claimed together, what is most likely to kill its process: it runs alone. */
export function worstSuspect(claimed: readonly ClaimedExecution[]): ClaimedExecution | undefined {
  return claimed.filter(isSuspect).toSorted((a, b) => b.strikes - a.strikes)[0];
}

/** Tells how much of what a sweep has claimed no hint told of. */
export function tellMissedByHints(
  { observer, clock }: { readonly observer: Observer; readonly clock: Clock },
  claimed: readonly ClaimedExecution[],
): void {
  const now = clock.now();
  const count = claimed.filter((work) => work.dueSince < now - GRACE_MS).length;
  if (count > 0) observer.emit({ name: 'app.recovered', count, at: now });
}
