import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { describeStore } from '../../lib/testing/conformance/describe-store.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

describeStore(
  'memory store',
  async () => {
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
    const store = memoryStore();
    await store.open(context);
    const second = async () => {
      await store.open(context);
      return store;
    };
    return { store, clock, context, second, dispose: () => store.close() };
  },
  { shared: true },
);
