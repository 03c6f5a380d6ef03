import type { ExecutionRecord } from '../model/execution.js';
import type { Conclusion } from './conclude.js';
import { releaseOf } from './conclude.js';
import type { Admission } from './graph-gate.js';
import type { Work } from './work.js';

/** Why an execution does not go on here. */
export type Refusal = Exclude<Admission, { readonly kind: 'fits' }>;

/**
 * The end of a pass that began nothing, because the graph does not fit: what asked for it is not served, so that the
 * journal's epoch stays. Another process finds an execution that is handed to it as it was.
 */
export function refused(work: Work, refusal: Refusal, parked: Conclusion): Conclusion {
  if (refusal.kind === 'elsewhere') {
    const release = releaseOf(work).delta.record;
    if (release !== null)
      return { change: { ...release, definition: refusal.definition }, error: undefined, hook: null };
  }
  const { epoch, attempt }: ExecutionRecord = work.record;
  return { ...parked, change: { ...parked.change, epoch, attempt } };
}
