import { memoryStore } from '../../../lib/entries/index.js';
import type { Store } from '../../../lib/ports/store.js';
import { Settling } from '../../../lib/testing/settle.js';
import { SettleTimeoutError } from '../../../lib/testing/settle-timeout-error.js';
import { SimulatedProcess } from '../../../lib/testing/simulated-process.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { worldOf } from '../../../lib/testing/world.js';

const PATIENCE_MS = 1_000;

/** A store whose answers take so long by the machine's clock, as its process sees it; null: it never answers. */
function farStore(answerMs: number | null): { readonly store: Store; readonly settling: Settling } {
  const clock = new VirtualClock();
  const world = worldOf(clock);
  const process = new SimulatedProcess(clock);
  world.processes.add(process);
  const far = Object.assign(memoryStore(), {
    claim: () =>
      new Promise((resolve) => {
        if (answerMs !== null) setTimeout(resolve, answerMs);
      }),
  });
  return { store: process.wire(far as unknown as Store, process.clock), settling: new Settling(world) };
}

test('a store that answers each question in time is awaited, however many there are', async () => {
  const { store, settling } = farStore(20);
  let answers = 0;
  const work = async (): Promise<void> => {
    while (answers * 20 < 1.5 * PATIENCE_MS) {
      await store.claim({} as never);
      answers++;
    }
  };
  const working = work();
  await settling.settle(PATIENCE_MS);
  expect(answers).toBe(75);
  await working;
});

test('a store that owes an answer for longer is named', async () => {
  const { store, settling } = farStore(null);
  void store.claim({} as never);
  // It shows that something real goes on. Jest has a few timers of its own, which come and go.
  const shown = Array.from({ length: 20 }, () => setInterval(() => undefined, 60_000));
  await expect(settling.settle(200)).rejects.toThrow(SettleTimeoutError);
  for (const timer of shown) clearInterval(timer);
});
