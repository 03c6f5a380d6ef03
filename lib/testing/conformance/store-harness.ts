import type { Store, StoreContext } from '../../ports/store.js';
import type { ManualClock } from '../manual-clock.js';
import { StoreDriver } from './store-driver.js';

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

/** One guarantee of the port. Fails by throwing. */
export interface StoreCase {
  readonly group: string;
  /** Group and guarantee, unique in the suite. */
  readonly name: string;
  /** What of the harness the case cannot do without. */
  readonly needs: 'store' | 'reopen' | 'second';
  run(harness: StoreHarness): Promise<void>;
}

/** A group of cases from sentences and what shows each of them. */
export function storeCaseGroup(
  group: string,
  guarantees: ReadonlyMap<string, (driver: StoreDriver) => Promise<void>>,
  needs: StoreCase['needs'] = 'store',
): readonly StoreCase[] {
  return Array.from(guarantees, ([guarantee, show]) => ({
    group,
    name: `${group}: ${guarantee}`,
    needs,
    run: async (harness) => show(await StoreDriver.start(harness)),
  }));
}
