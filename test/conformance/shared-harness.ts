import type { Store } from '../../lib/ports/store.js';
import type { StoreHarness } from '../../lib/testing/conformance/store-harness.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** What a case gets of stores that share what they keep: each is made by `make`. `clean` runs once all of them are closed. */
export async function sharedHarness(
  make: () => Store,
  clean: () => void = () => undefined,
): Promise<StoreHarness & { dispose(): Promise<void> }> {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
  const opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = make();
    await store.open(context);
    opened.push(store);
    return store;
  };
  const store = await open();
  return {
    store,
    clock,
    context,
    reopen: async () => {
      await store.close();
      return open();
    },
    second: open,
    dispose: async () => {
      for (const each of opened) await each.close();
      clean();
    },
  };
}
