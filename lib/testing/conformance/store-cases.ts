import { claimCases, leaseCases, strikeCases } from './cases/claim-cases.js';
import { commitCases } from './cases/commit-cases.js';
import { publishCases } from './cases/publish-cases.js';
import type { StoreCase } from './store-harness.js';

/** Every guarantee of the store port, each as one case for a fresh store. */
export function storeCases(): readonly StoreCase[] {
  return [...publishCases, ...claimCases, ...leaseCases, ...strikeCases, ...commitCases];
}
