import { handlerIsGone } from '../model/compare-graphs.js';
import { GraphMismatchError } from '../model/errors-graph.js';
import type { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { conclude, type Conclusion, releaseOf } from './conclude.js';
import { RATE } from './begin-within.js';
import type { GraphFit } from './deploy-gate.js';
import type { Work } from './work.js';

/** Why an execution does not go on here. */
export type Misfit = Exclude<GraphFit, { readonly kind: 'fits' }>;

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

/**
 * The end of a pass that began nothing, because the graph does not fit: what asked for it is not served, so that the
 * journal's epoch stays. One that fits another process's graph is handed to it as it was found.
 */
function concludeMisfit({ record }: Work, misfit: Misfit, parked: Conclusion): Conclusion {
  if (misfit.kind === 'elsewhere')
    return { change: { ...releaseOf(record), definition: misfit.definition }, error: undefined, hook: null };
  const { epoch, attempt } = record;
  return { ...parked, change: { ...parked.change, epoch, attempt } };
}

/** The class has the method of that handler no more. */
export function methodGone({ record, handler: { method } }: Pass): Extract<Misfit, { kind: 'mismatch' }> {
  const gone = { verdict: 'needs mapping', step: method, ...handlerIsGone(method) } as const;
  const error = new GraphMismatchError([record.id], record.definition.id, [gone]);
  return { kind: 'mismatch', error, differences: [], undoes: false };
}
