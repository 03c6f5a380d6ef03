import type { Store, StoreContext } from '../../ports/store.js';
import type { ManualClock } from '../manual-clock.js';

/** One fresh, opened store under test. */
export interface StoreHarness {
  readonly store: Store;
  /** The clock that the store was opened with. */
  readonly clock: ManualClock;
  readonly context: StoreContext;
  /** Closes the store and opens what it left behind, as after a restart of the process. For durable stores. */
  reopen?(): Promise<Store>;
  /** A further opened store over the same data, as another process has it. For shared stores. */
  second?(): Promise<Store>;
}

/** Makes a fresh store for each case; `dispose` closes it and removes what it left. */
export type StoreFactory = () => Promise<StoreHarness & { dispose(): Promise<void> }>;
