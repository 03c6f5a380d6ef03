import { strict as assert } from 'node:assert';
import type { Lease } from '../../../model/lease.js';
import type { RecordChange } from '../../../ports/store-write.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, one } from './gate-scene.js';

/** How an execution waits for a permit. */
const forGrant: Partial<RecordChange> = {
  status: 'waiting',
  waitReason: 'gate',
  listening: ['cancel', 'granted'],
};

/** What an execution does that takes no permit along. */
const departures = new Map<string, Partial<RecordChange>>([
  ['completes', { status: 'completed' }],
  ['fails', { status: 'failed', error: '1', listening: ['retry'] }],
  ['is cancelled', { status: 'cancelled' }],
  ['is parked', { status: 'parked', error: '1', listening: ['resume'] }],
  ['is handed back', { status: 'pending' }],
  ['waits for something else', { status: 'waiting', waitReason: 'event', listening: ['event'] }],
]);

/** One that holds the only permit, and one that queues for it. */
async function holderAndWaiter(d: StoreDriver): Promise<[Lease, Lease]> {
  const [holder, waiter] = [await d.run(), await d.run()];
  assert.equal(await d.acquire(holder, 'x', one), true);
  assert.equal(await d.acquire(waiter, 'y', one), false);
  return [holder, waiter];
}

async function isFree(d: StoreDriver): Promise<boolean> {
  const lease = await d.run();
  const free = await d.acquire(lease, 'probe', one);
  await end(d, lease);
  return free;
}

export const permitRestCases = storeCaseGroup(
  'permits and rest',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    ...Array.from(
      departures,
      ([how, record]) =>
        [
          `one that ${how} gives back its permits and its places in the queue`,
          async (d: StoreDriver) => {
            const [holder, waiter] = await holderAndWaiter(d);
            const last = await d.run();
            assert.equal(await d.acquire(last, 'z', one), false);
            d.is(await d.commit(waiter, { record }), 'ok');
            d.is(await d.commit(holder, { record }), 'ok');
            const body = (await d.store.inbox(last.executionId, 0, 10))[0]?.body;
            assert.equal(body, 'z');
            assert.deepEqual(await d.store.inbox(waiter.executionId, 0, 10), []);
            assert.equal(await isFree(d), false);
            await end(d, last);
            assert.equal(await isFree(d), true);
          },
        ] as const,
    ),
    [
      'one that waits keeps the permits that it says, and no other, until it ends',
      async (d) => {
        const [lease, other] = [await d.run(), await d.run()];
        const two = { name: 'second', limit: 1 };
        assert.equal(await d.acquire(lease, 'kept', one), true);
        assert.equal(await d.acquire(lease, 'given', two), true);
        const record: Partial<RecordChange> = {
          status: 'waiting',
          waitReason: 'timer',
          holds: ['kept', 'no'],
        };
        d.is(
          await d.commit(lease, { record: { ...record, timers: { sleep: d.clock.now() + 1_000 } } }),
          'ok',
        );
        assert.equal(await d.acquire(other, 'theirs', two), true);
        assert.equal(await isFree(d), false);
        d.clock.advance(1_000);
        const again = await d.claimOne({ ids: [lease.executionId] });
        assert.equal(await d.acquire(again.lease, 'kept', one), true);
        await end(d, again.lease);
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'one that waits for the grant keeps its place in the queue, gives back its permits, and is due when granted',
      async (d) => {
        const [holder, waiter] = await holderAndWaiter(d);
        assert.equal(await d.acquire(waiter, 'mine', { name: 'other', limit: 1 }), true);
        assert.deepEqual(await d.commit(waiter, { record: forGrant }), { verdict: 'ok' });
        assert.equal(await d.acquire(holder, 'theirs', { name: 'other', limit: 1 }), true);
        assert.deepEqual(await d.claimedIds(), []);
        d.is(await d.commit(holder, { release: ['x'] }), 'ok');
        const { lease, inbox } = await d.claimOne({ owner: p2 });
        assert.equal(lease.executionId, waiter.executionId);
        assert.deepEqual(
          inbox.map(({ kind, body }) => [kind, body]),
          [['granted', 'y']],
        );
        assert.equal(await d.acquire(lease, 'y', one), true);
        assert.equal(await d.acquire(holder, 'x', one), false);
      },
    ],
    [
      'a grant that lands before the release wakes it, and the permit stays its own',
      async (d) => {
        const [holder, waiter] = await holderAndWaiter(d);
        d.is(await d.commit(holder, { release: ['x'] }), 'ok');
        assert.deepEqual(await d.commit(waiter, { record: forGrant }), { verdict: 'ok', due: true });
        assert.equal(await d.acquire(holder, 'x', one), false);
        const { lease } = await d.claimOne();
        assert.equal(await d.acquire(lease, 'y', one), true);
      },
    ],
    [
      'a grant in the same group as the release wakes it, whichever comes first',
      async (d) => {
        for (const releaseFirst of [true, false]) {
          const [holder, waiter] = await holderAndWaiter(d);
          const gives = d.delta(holder, { record: { status: 'completed' } });
          const waits = d.delta(waiter, { record: forGrant });
          await d.store.write(releaseFirst ? [gives, waits] : [waits, gives]);
          const { lease } = await d.claimOne();
          assert.equal(lease.executionId, waiter.executionId);
          assert.equal(await d.acquire(lease, 'y', one), true);
          await end(d, lease);
        }
      },
    ],
    [
      'a permit that was granted and seen, and is not used, is given back at the release',
      async (d) => {
        const [holder, waiter] = await holderAndWaiter(d);
        d.is(await d.commit(holder, { release: ['x'] }), 'ok');
        const seen = { ...forGrant, seenInboxSeq: 1 };
        assert.deepEqual(await d.commit(waiter, { record: seen }), { verdict: 'ok' });
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'a permit granted to one that waits is nobody else’s until it ran and gave it back',
      async (d) => {
        const [holder, waiter] = await holderAndWaiter(d);
        d.is(await d.commit(waiter, { record: forGrant }), 'ok');
        await end(d, holder);
        assert.equal(await isFree(d), false);
        const { lease } = await d.claimOne();
        assert.equal(await isFree(d), false);
        await d.store.leave(p1);
        const again = await d.claimOne({ owner: p2 });
        assert.equal(again.lease.executionId, lease.executionId);
        await d.beat(p1);
        assert.equal(await isFree(d), false);
        await end(d, again.lease);
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'one whose process died keeps its permits, and who takes it over has them by the same holder',
      async (d) => {
        const [holder] = await holderAndWaiter(d);
        await d.store.leave(p1);
        const { claimed } = await d.claim({ owner: p2 });
        const taken = claimed.find(({ record }) => record.id === holder.executionId)?.lease as Lease;
        await d.beat(p1);
        assert.equal(await isFree(d), false);
        assert.equal(await d.acquire(taken, 'x', one), true);
        for (const { lease } of claimed) await end(d, lease);
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'a cancel of one that waits for a grant ends its place',
      async (d) => {
        const [holder, waiter] = await holderAndWaiter(d);
        d.is(await d.commit(waiter, { record: forGrant }), 'ok');
        d.is(await d.append(waiter.executionId, 'cancel'), 'ok');
        const { lease } = await d.claimOne();
        d.is(await d.commit(lease, { record: { status: 'cancelled', seenInboxSeq: 1 } }), 'ok');
        await end(d, holder);
        assert.equal((await d.store.inbox(waiter.executionId, 1, 10)).length, 0);
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'a grant leads one with a gate of its own to that gate',
      async (d) => {
        const holder = await d.run();
        const waiter = await d.run({ gate: one });
        await d.acquire(holder, 'x', one);
        await d.acquire(waiter, 'y', one);
        d.is(await d.commit(waiter, { record: forGrant }), 'ok');
        const inside = await d.claimOne({ ids: [await d.publish({ gate: one })] });
        d.is(await d.commit(holder, { release: ['x'] }), 'ok');
        const { status, waitReason } = await d.record(waiter.executionId);
        assert.deepEqual([status, waitReason], ['waiting', 'gate']);
        assert.deepEqual(await d.claimedIds(), []);
        await end(d, inside.lease);
        const { lease } = await d.claimOne();
        assert.equal(await d.acquire(lease, 'y', one), true);
        await end(d, lease);
        await end(d, holder);
        assert.equal(await isFree(d), true);
      },
    ],
    [
      'places of its own that an ending execution leaves are not granted to itself',
      async (d) => {
        const lease = await d.run();
        await d.acquire(lease, 'x', one);
        await d.acquire(lease, 'y', one);
        d.is(
          await d.commit(lease, { record: { status: 'failed', error: '1', listening: ['granted'] } }),
          'ok',
        );
        assert.equal((await d.record(lease.executionId)).status, 'failed');
        assert.equal(await isFree(d), true);
        const waits = await d.run({ owner: p1 });
        await d.acquire(waits, 'x', one);
        await d.acquire(waits, 'y', one);
        assert.deepEqual(await d.commit(waits, { record: forGrant }), { verdict: 'ok', due: true });
        const { inbox } = await d.claimOne();
        assert.deepEqual(
          inbox.map(({ body }) => body),
          ['y'],
        );
      },
    ],
  ]),
);
