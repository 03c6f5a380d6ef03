import type { Run, Work } from '../engine/work.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { ClaimedExecution, OwnExecution } from '../ports/store.js';

/** Hinted work found by the sweep only after this long was missed by hints. */
const GRACE_MS = 2_000;

/** One death is ordinary: a deploy, a crash that something else caused. */
const STRIKES_TO_ISOLATE = 2;

/** It was claimed repeatedly and never got anywhere: it may be what kills its process. */
export function isSuspect({ strikes }: Work): boolean {
  return strikes >= STRIKES_TO_ISOLATE;
}

/**
 * Of what was claimed together, what begins: all of it, or what is most likely to kill its process, which runs alone. At first all suspects
 * together (`sharing`) have the time that one has later: most often none of them is to blame, and they hold up everything else.
 */
export function parted(claimed: readonly ClaimedExecution[]): {
  readonly begins: readonly ClaimedExecution[];
  readonly spared: readonly ClaimedExecution[];
  readonly sharing: number;
} {
  const suspects = claimed.filter(isSuspect);
  const [worst] = suspects.toSorted(byGuilt);
  if (worst === undefined) return { begins: claimed, spared: [], sharing: 1 };
  const sharing = worst.strikes > STRIKES_TO_ISOLATE ? 1 : suspects.length;
  return { begins: [worst], spared: claimed.filter((work) => work !== worst), sharing };
}

/**
 * Those that died most often first. Suspects begin one after the other, and a body may outlast the time that it runs alone: of those that
 * died together the one that began last has killed them. So after each death they begin in the other order.
 */
function byGuilt(a: ClaimedExecution, b: ClaimedExecution): number {
  if (a.strikes !== b.strikes) return b.strikes - a.strikes;
  const isBefore = a.record.id < b.record.id;
  return isBefore === (a.strikes % 2 === 0) ? -1 : 1;
}

/** Ends the passes that are not ours any more, or ours under another fence. */
export function endLost(before: readonly Run[], owned: readonly OwnExecution[]): void {
  const fences = new Map(owned.map(({ id, fence }) => [id, fence]));
  for (const { pass } of before)
    if (fences.get(pass.record.id) !== pass.lease.fence)
      pass.end({ kind: 'lost' }, new Error('the lease was lost'));
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
