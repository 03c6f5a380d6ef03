import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import type { Store } from '../../lib/ports/store.js';
import type { Verdict } from '../../lib/ports/store-write.js';
import { StoreDriver } from '../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { watchedStore } from './watched-store.js';

const STEPS = 200;
/** Everything that can be seen is compared after each so many. */
const COMPARED_EACH = 5;

/** What makes the same random calls to two stores, and tells what each answered. */
export interface Twins {
  step(): Promise<readonly unknown[]>;
  /** Everything that can be seen of both. */
  state(): Promise<readonly unknown[]>;
}

/** 200 random calls to the store in memory and to another one: they answer alike, and look alike. Closes both. */
export async function agree<Made extends Twins>(
  other: Store,
  make: (drivers: readonly StoreDriver[]) => Made,
  atEnd: (twins: Made) => Promise<void> = async () => {},
): Promise<void> {
  const stores = [memoryStore({ keep: 10_000 }), other];
  const twins = make(await Promise.all(stores.map(driverOf)));
  for (let i = 0; i < STEPS; i++) {
    const [first, second] = await twins.step();
    expect(second).toEqual(first);
    if ((i + 1) % COMPARED_EACH !== 0) continue;
    const [memory, found] = await twins.state();
    expect(found).toEqual(memory);
  }
  await atEnd(twins);
  for (const store of stores) await store.close();
}

async function driverOf(inner: Store): Promise<StoreDriver> {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
  const store = watchedStore(inner, context);
  await store.open(context);
  return StoreDriver.start({ store, clock, context });
}

/** Stores number executions by themselves. */
export function withoutKeys(verdict: Verdict): unknown {
  if (!('executions' in verdict)) return verdict;
  return { ...verdict, executions: verdict.executions?.map(({ key: _key, ...rest }) => rest) };
}
