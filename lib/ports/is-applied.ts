import type { Verdict } from './store-write.js';

/** The answer to a write that is stored: now, or by an earlier send of it. */
export type Applied = Extract<Verdict, { readonly verdict: 'ok' | 'already' }>;

/** Whether the write is stored. */
export function isApplied(verdict: Verdict): verdict is Applied {
  return verdict.verdict === 'ok' || verdict.verdict === 'already';
}
