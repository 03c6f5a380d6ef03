import { handlerIsGone } from '../model/compare-graphs.js';
import { GraphMismatchError } from '../model/errors-graph.js';
import type { Pass } from '../step/pass.js';
import { type Conclusion, releaseOf } from './conclude.js';
import type { GraphFit } from './deploy-gate.js';
import type { Work } from './work.js';

/** Why an execution does not go on here. */
export type Misfit = Exclude<GraphFit, { readonly kind: 'fits' }>;

/**
 * The end of a pass that began nothing, because the graph does not fit: what asked for it is not served, so that the
 * journal's epoch stays. One that fits another process's graph is handed to it as it was found.
 */
export function concludeMisfit({ record }: Work, misfit: Misfit, parked: Conclusion): Conclusion {
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
