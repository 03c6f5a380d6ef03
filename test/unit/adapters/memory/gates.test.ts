import { memoryStore, type MemoryStore } from '../../../../lib/adapters/memory/memory-store.js';
import { StoreDriver } from '../../../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

async function started(): Promise<{ store: MemoryStore; d: StoreDriver }> {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
  const store = memoryStore({ keep: 10 });
  await store.open(context);
  return { store, d: await StoreDriver.start({ store, clock, context }) };
}

const one = { name: 'one', limit: 1 };

describe('gates of a memory store', () => {
  it('go on from a state as they went on before it', async () => {
    const { store, d } = await started();
    const inside = await d.run({ gate: one });
    const queue = [await d.publish({ gate: one }), await d.publish({ gate: one, priority: 1 })];
    const waiter = await d.run();
    await d.acquire(inside, 'x', one);
    await d.acquire(waiter, 'y', one);
    await d.reserve('b', 1, 1_000);
    store.setState(structuredClone(store.getState()));
    expect(await d.reserve('b', 1, 1_000)).toBe(d.now + 1_000);
    d.is(await d.commit(inside, { record: { status: 'completed' } }), 'ok');
    expect(await d.acquire(waiter, 'y', one)).toBe(true);
    expect(await d.store.signals(waiter.owner)).toEqual([waiter.executionId]);
    expect(await d.claimedIds()).toEqual([queue[1]]);
  });

  it('leave nothing behind when what used them is gone', async () => {
    const { store, d } = await started();
    for (let i = 0; i < 50; i++) {
      const gate = { name: `key ${i}`, limit: 1 };
      const lease = await d.run({ gate });
      await d.acquire(lease, 'x', gate);
      await d.reserve(gate.name, 1, 100);
      d.is(await d.commit(lease, { record: { status: 'completed' } }), 'ok');
    }
    d.clock.advance(1_000);
    await store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 1_000 });
    const { gates, buckets } = store.getState();
    expect([gates.executions, gates.permits, buckets]).toEqual([[], [], []]);
  });

  it('let a key with 100 due alternate with one with 100,000, at the cost of few', async () => {
    const { d } = await started();
    const event = (key: string) => d.event([d.execution({ lane: key, gate: { name: key, limit: 10 } })]);
    for (let i = 0; i < 100; i++) await d.publishEvents(...Array.from({ length: 1_000 }, () => event('hot')));
    await d.publishEvents(...Array.from({ length: 100 }, () => event('cold')));
    const lanes: string[] = [];
    for (let i = 0; i < 200; i++) {
      const { lease, record } = await d.claimOne({ limit: 1 });
      lanes.push(record.lane);
      d.is(await d.commit(lease, { record: { status: 'completed' } }), 'ok');
    }
    expect(lanes).toEqual(Array.from({ length: 100 }, () => [lanes[0], lanes[1]]).flat());
    expect(new Set(lanes).size).toBe(2);
  });
});
