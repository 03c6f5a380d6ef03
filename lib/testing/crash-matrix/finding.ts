/**
 * What is wrong. `clean-run`: without any crash it does not end, or does not do the same twice, so that nothing can be
 * compared. `not-reached`: a second run did not come to the boundary that the first one had.
 */
export type FindingKind =
  | 'repeated-effect'
  | 'missing-effect'
  | 'non-deterministic'
  | 'end-state'
  | 'stuck'
  | 'not-reached'
  | 'clean-run';

/** One thing that a run showed. */
export interface Finding {
  readonly kind: FindingKind;
  /** Worker and names: `order-worker.fulfil/charge`; `order-worker.fulfil` is the handler itself. */
  readonly step: string;
  /** The call that is repeated or missing: `Payments.charge`; null: it is not about a call. */
  readonly effect: string | null;
  /** What was found, as a sentence. */
  readonly found: string;
  /** What to write instead. */
  readonly write: string;
}
