import { MemoryStore, memoryStore } from '../../../../lib/adapters/memory/memory-store.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import {
  dayMs,
  eventId,
  orders,
  p1,
  p2,
  StoreDriver,
} from '../../../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

async function started(store = memoryStore()): Promise<{ store: MemoryStore; d: StoreDriver }> {
  const clock = new ManualClock();
  const context = { clock, random: { next: () => 0.5 }, warn: () => {} };
  await store.open(context);
  return { store, d: await StoreDriver.start({ store, clock, context }) };
}

async function complete(d: StoreDriver, value: string): Promise<string> {
  const lease = await d.run();
  await d.commit(lease, { checkpoints: [d.checkpoint('a')], record: { status: 'completed', value } });
  return lease.executionId;
}

/** One execution in every status, with messages, timers, a remembered id, a subscription and a pause. */
async function fill(d: StoreDriver): Promise<void> {
  await d.publishEvents(d.explicit('e1'));
  await d.publish({ lane: 'b', priority: 9 });
  await d.publish({ dueAt: d.now + dayMs });
  const running = await d.run({ listening: ['cancel'] });
  await d.commit(running, { checkpoints: [d.checkpoint('a'), d.checkpoint('b', { seq: 2 })] });
  await d.append(running.executionId, 'cancel', 'm1');
  await d.commit(await d.run(), {
    record: { status: 'waiting', waitReason: 'retry', timers: { t: d.now + 5 } },
  });
  await d.commit(await d.run(), { record: { status: 'parked', error: '{}' } });
  const inside = await d.run({ gate: { name: 'g', limit: 1 } });
  await d.publish({ gate: { name: 'g', limit: 1 } });
  await d.acquire(inside, 'h1', { name: 'p', limit: 1 });
  await d.acquire(running, 'h2', { name: 'p', limit: 1 });
  await d.reserve('bucket', 2, 1_000);
  await complete(d, '1');
  await d.store.subscribe([{ event: 'e', definition: orders, worker: 'orders', method: 'fulfil' }]);
  await d.store.setPaused(['mails.send'], true);
}

describe('memoryStore', () => {
  it('keeps the last ended executions and drops older ones with their journals', async () => {
    const { store, d } = await started(memoryStore({ keep: 2 }));
    const ids = [await complete(d, '1'), await complete(d, '2'), await complete(d, '3')];
    expect((await store.list({ limit: 9 })).map(({ id }) => id)).toEqual(ids.slice(1));
    expect(store.getState().executions).toHaveLength(2);
  });

  it('keeps open executions whatever their number', async () => {
    const { store, d } = await started(memoryStore({ keep: 0 }));
    for (let i = 0; i < 20; i++) await d.publish();
    expect(await store.list({ limit: 99 })).toHaveLength(20);
  });

  it('keeps how a dropped execution of an explicit id ended, until the id is forgotten', async () => {
    const { store, d } = await started(memoryStore({ keep: 0 }));
    const event = d.event([d.execution({ owner: p1 })], {
      id: eventId('e1'),
      dedup: { hash: 'h1', until: d.now + 1_000 },
    });
    const [published] = d.published(await d.publishEvents(event));
    if (published?.key == null) throw new Error('no key');
    const lease = { executionId: published.executionId, key: published.key, owner: p1, fence: 1 };
    await d.commit(lease, { record: { status: 'completed', value: '"kept"' } });
    expect(await store.list({ limit: 9 })).toEqual([]);
    expect(await store.read(lease.executionId)).toMatchObject({
      status: 'completed',
      value: '"kept"',
      input: '',
    });
    d.clock.advance(1_000);
    expect(await store.read(lease.executionId)).toBeNull();
  });

  it.each([-1, 0.5, Number.NaN])('refuses keep: %p', (keep) => {
    expect(() => memoryStore({ keep })).toThrow(ConfigurationError);
  });

  it('answers nothing before it is opened', async () => {
    await expect(memoryStore().write([])).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('gives its state as plain JSON that a second store goes on from', async () => {
    const { store, d } = await started();
    await fill(d);
    const state = JSON.parse(JSON.stringify(store.getState()));
    expect(store.getState()).toEqual(state);
    const { store: copy, d: other } = await started();
    copy.setState(state);
    expect(copy.getState()).toEqual(state);
    expect(await other.claimedIds()).toEqual(await d.claimedIds());
    other.clock.advance(dayMs);
    d.clock.advance(dayMs);
    expect(await other.claimedIds({ owner: p2 })).toEqual(await d.claimedIds({ owner: p2 }));
  });

  it('shares its state with nobody', async () => {
    const { store, d } = await started();
    await fill(d);
    const before = JSON.stringify(store.getState());
    const state = store.getState();
    for (const execution of state.executions)
      Object.assign(execution.record, { status: 'failed', input: 'changed' });
    expect(JSON.stringify(store.getState())).toBe(before);
    store.setState(JSON.parse(before));
    const given = JSON.parse(before);
    store.setState(given);
    given.executions.length = 0;
    expect(JSON.stringify(store.getState())).toBe(before);
  });

  it('forgets everything when cleared', async () => {
    const { store, d } = await started();
    await fill(d);
    store.clear();
    expect(store.getState()).toEqual(memoryStore().getState());
  });

  it('holds nothing of 20,000 ended executions but the last', async () => {
    const { store, d } = await started(memoryStore({ keep: 10 }));
    for (let i = 0; i < 20_000; i++) await complete(d, '1');
    const state = store.getState();
    expect([state.executions.length, state.ended.length, state.dedup.length]).toEqual([10, 10, 0]);
  });
});
