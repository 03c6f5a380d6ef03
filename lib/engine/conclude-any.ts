import type { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { conclude, type Conclusion } from './conclude.js';
import { RATE } from './begin-within.js';
import { concludeMisfit, type Misfit } from './misfit.js';
import type { Work } from './work.js';

/** Null: nothing may be written. What ended the pass may be anything that was thrown: should it defeat us, a person has to look. */
export function concludeAny(
  pass: Pass,
  end: PassEnd,
  seenInboxSeq: number,
  deadlineAt: number | null,
  misfit: Misfit | null,
  work: Work,
): Conclusion | null {
  try {
    const conclusion = conclude(pass, end, seenInboxSeq, deadlineAt);
    if (conclusion === null) return null;
    if (misfit !== null) return concludeMisfit(work, misfit, conclusion);
    return end.kind === 'yielded' && work.strikes > 0 ? inItsPlace(work, conclusion) : conclusion;
  } catch (error) {
    return conclude(pass, { kind: 'parked', error }, seenInboxSeq, deadlineAt);
  }
}

/**
 * What has died before is handed back with the place within its rate with which it began, as a death leaves it: it would have to wait
 * for another, and a wait is something stored, which clears it.
 */
function inItsPlace({ record }: Work, { change, ...rest }: Conclusion): Conclusion {
  const at = record.timers[RATE];
  return {
    ...rest,
    change: at === undefined ? change : { ...change, timers: { ...change.timers, [RATE]: at } },
  };
}
