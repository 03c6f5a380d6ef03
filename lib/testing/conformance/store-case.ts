import { StoreDriver } from './store-driver.js';
import type { StoreHarness } from './store-harness.js';

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
