import { strict as assert } from 'node:assert';
import { dayMs, leaseMs, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function reopen(d: StoreDriver): Promise<void> {
  assert.ok(d.harness.reopen !== undefined, 'a durable store can be reopened');
  d.store = await d.harness.reopen();
}

/** What was acknowledged is there after the process died and another opened the store. */
export const durabilityCases = storeCaseGroup(
  'durability',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'records, journals and messages survive',
      async (d) => {
        const lease = await d.run({ listening: ['cancel', 'event'] });
        await d.commit(lease, {
          checkpoints: [d.checkpoint('a', { seq: 1 }), d.checkpoint('b', { seq: 2 })],
        });
        await d.append(lease.executionId, 'event', 'm1', '{"x":1}');
        const before = [
          await d.record(lease.executionId),
          await d.store.journal(lease.executionId),
          await d.store.inbox(lease.executionId, 0, 9),
        ];
        await reopen(d);
        assert.deepEqual(
          [
            await d.record(lease.executionId),
            await d.store.journal(lease.executionId),
            await d.store.inbox(lease.executionId, 0, 9),
          ],
          before,
        );
      },
    ],
    [
      'a lease goes on, and its commits',
      async (d) => {
        const lease = await d.run();
        await reopen(d);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
      },
    ],
    [
      'a resent commit is still already applied',
      async (d) => {
        const lease = await d.run();
        const checkpoint = d.delta(lease, { checkpoints: [d.checkpoint('a')] });
        await d.write(checkpoint);
        await reopen(d);
        d.is(await d.write(checkpoint), 'already');
        const release = d.delta(lease, { record: { status: 'completed', value: '1' } });
        d.is(await d.write(release), 'ok');
        await reopen(d);
        d.is(await d.write(release), 'already');
      },
    ],
    [
      'a resent publish is still already applied',
      async (d) => {
        const event = d.event([d.execution({ owner: p1 })]);
        const first = d.published(await d.publishEvents(event));
        await reopen(d);
        const again = await d.publishEvents(event);
        d.is(again, 'already');
        assert.deepEqual(d.published(again), first);
      },
    ],
    [
      'an explicit id is still remembered',
      async (d) => {
        await d.publishEvents(d.explicit('e1', { hash: 'h1' }));
        await reopen(d);
        assert.equal(
          d.published(await d.publishEvents(d.explicit('e1', { hash: 'h1' })))[0]?.duplicate,
          true,
        );
        d.is(await d.publishEvents(d.explicit('e1', { hash: 'h2' })), 'rejected', 'event-conflict');
      },
    ],
    [
      'a message id is still remembered',
      async (d) => {
        const id = await d.publish();
        await d.append(id, 'event', 'm1');
        await reopen(d);
        d.is(await d.append(id, 'event', 'm1'), 'already');
      },
    ],
    [
      'timers still wake',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'waiting', timers: { t: d.now + dayMs } } });
        await reopen(d);
        assert.equal((await d.claim()).nextAt, d.now + dayMs);
        d.clock.advance(dayMs);
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'ready work is still ready, in its order',
      async (d) => {
        const ids = [await d.publish(), await d.publish(), await d.publish({ priority: 5 })];
        await reopen(d);
        for (const id of [ids[2], ids[0], ids[1]]) assert.deepEqual(await d.claimedIds({ limit: 1 }), [id]);
      },
    ],
    [
      'strikes are still counted',
      async (d) => {
        await d.run();
        await reopen(d);
        await d.store.leave(p1);
        const { lease, strikes } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { status: 'pending' } }), 'ok');
        await reopen(d);
        assert.deepEqual([strikes, (await d.claimOne()).strikes], [1, 1]);
      },
    ],
    [
      'what is forgotten stays forgotten',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, {
          checkpoints: [d.checkpoint('a', { seq: 1 }), d.checkpoint('b', { seq: 2 })],
        });
        await d.commit(lease, { record: { status: 'running', epoch: 1, forget: ['b'] } });
        await reopen(d);
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
      },
    ],
    [
      'processes, subscriptions and pauses survive',
      async (d) => {
        await d.store.subscribe([{ event: 'e', definition: orders, worker: 'orders', method: 'fulfil' }]);
        await d.store.setPaused([orders.id], true);
        await d.publish();
        await reopen(d);
        assert.equal((await d.store.processes()).length, 2);
        assert.equal((await d.store.subscriptions()).length, 1);
        assert.deepEqual(await d.claimedIds(), []);
        await d.store.setPaused([orders.id], false);
        assert.equal((await d.claimedIds()).length, 1);
      },
    ],
    [
      'keys are never given twice',
      async (d) => {
        const key = async () => d.published(await d.publishEvents(d.event([d.execution()])))[0]?.key;
        const keys = [await key(), await key()];
        await reopen(d);
        keys.push(await key(), await key());
        assert.equal(new Set(keys).size, 4);
      },
    ],
    [
      'twenty restarts lose nothing',
      async (d) => {
        for (let i = 0; i < 20; i++) {
          await d.publish();
          await reopen(d);
        }
        await d.store.heartbeat(d.process(p1), leaseMs);
        assert.equal((await d.claimedIds()).length, 20);
      },
    ],
  ]),
  'reopen',
);
