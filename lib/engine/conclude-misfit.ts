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
