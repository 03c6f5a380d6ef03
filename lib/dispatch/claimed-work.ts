import type { Work } from '../engine/work.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { ClaimedExecution } from '../ports/store.js';

/** Hinted work found by the sweep only after this long was missed by hints. */
const GRACE_MS = 2_000;

/** One death is ordinary: a deploy, a crash that something else caused. */
const STRIKES_TO_ISOLATE = 2;

/** It was claimed repeatedly and never got anywhere: it may be what kills its process. */
export function isSuspect({ strikes }: Work): boolean {
  return strikes >= STRIKES_TO_ISOLATE;
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
