import { strict as assert } from 'node:assert';
import type { Lease } from '../../../model/lease.js';
import type { Store } from '../../../ports/store.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, fullGate, isQueued, one, two } from './gate-scene.js';

async function secondStore(d: StoreDriver): Promise<Store> {
  assert.ok(d.harness.second !== undefined, 'the harness opens a second store');
  return d.harness.second();
}

/** Has the following calls go through that store. */
function through(d: StoreDriver, store: Store): void {
  d.store = store;
}

export const sharedGateCases = storeCaseGroup(
  'gates of several stores',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'two processes together admit as many as the limit',
      async (d) => {
        const stores = [d.store, await secondStore(d)] as const;
        const leases: Lease[] = [];
        for (let i = 0; i < 10; i++) {
          through(d, stores[i % 2] as Store);
          await d.publish({ gate: two });
        }
        for (let served = 0; served < 10; served += 2) {
          const [a, b] = await Promise.all(
            stores.map((store, at) =>
              store.claim({ owner: at === 0 ? p1 : p2, runnable: [d.execution().definition], limit: 9 }),
            ),
          );
          leases.push(...[...(a?.claimed ?? []), ...(b?.claimed ?? [])].map(({ lease }) => lease));
          assert.equal(leases.length, served + 2);
          for (const [at, lease] of leases.slice(-2).entries()) {
            through(d, stores[at] as Store);
            await end(d, lease);
          }
        }
      },
    ],
    [
      'a lease of one store ends in another, and its gate admits the next',
      async (d) => {
        const first = d.store;
        const { inside, queue } = await fullGate(d, 1);
        through(d, await secondStore(d));
        await end(d, inside);
        through(d, first);
        assert.deepEqual(await d.claimedIds(), queue);
      },
    ],
    [
      'permits given back in one store are granted in another, which is told',
      async (d) => {
        const first = d.store;
        const second = await secondStore(d);
        const holder = await d.run();
        assert.equal(await d.acquire(holder, 'x', one), true);
        through(d, second);
        const waiter = await d.run({ owner: p2 });
        assert.equal(await d.acquire(waiter, 'y', one), false);
        // Two live processes: each looks for what the other does.
        await d.beat(p2);
        let told = 0;
        const stop = second.onChange(() => told++);
        through(d, first);
        d.is(await d.commit(holder, { release: ['x'] }), 'ok');
        await d.eventually(() => told > 0, 'the listener is told');
        stop();
        assert.deepEqual(await second.signals(p2), [waiter.executionId]);
        through(d, second);
        await end(d, waiter);
        through(d, first);
        assert.equal(await d.acquire(holder, 'x', one), true);
      },
    ],
    [
      'both reserve places of one rate',
      async (d) => {
        const stores = [d.store, await secondStore(d)] as const;
        const found: number[] = [];
        for (let i = 0; i < 4; i++) {
          through(d, stores[i % 2] as Store);
          found.push((await d.reserve('b', 2, 1_000)) - d.now);
        }
        assert.deepEqual(found, [0, 0, 500, 1000]);
      },
    ],
  ]),
  'second',
);

export const durableGateCases = storeCaseGroup(
  'gates after a restart',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'queues, permits and rates are as they were',
      async (d) => {
        const { inside, queue } = await fullGate(d, 2);
        const waiter = await d.run();
        assert.equal(await d.acquire(inside, 'x', one), true);
        assert.equal(await d.acquire(waiter, 'y', one), false);
        await d.reserve('b', 1, 1_000);
        assert.ok(d.harness.reopen !== undefined, 'the harness reopens the store');
        d.store = await d.harness.reopen();
        assert.equal(await d.reserve('b', 1, 1_000), d.now + 1_000);
        assert.ok(await isQueued(d, queue[0] as Lease['executionId']));
        await end(d, inside);
        assert.deepEqual(await d.claimedIds(), queue.slice(0, 1));
        assert.equal(await d.acquire(waiter, 'y', one), true);
        assert.deepEqual(await d.store.signals(p1), [waiter.executionId]);
      },
    ],
  ]),
  'reopen',
);
