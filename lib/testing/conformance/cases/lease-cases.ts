import { strict as assert } from 'node:assert';
import { leaseMs, mails, orders, p1, p2, processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

export const leaseCases = storeCaseGroup(
  'lease',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an expired owner loses what it ran to the next claimer, under the next fence',
      async (d) => {
        const lease = await d.run();
        d.clock.advance(leaseMs);
        await d.beat(p2);
        const taken = await d.claimOne({ owner: p2 });
        assert.deepEqual(
          [taken.lease.executionId, taken.lease.owner, taken.lease.fence],
          [lease.executionId, p2, 2],
        );
      },
    ],
    [
      'nobody takes it one millisecond before the lease ends',
      async (d) => {
        await d.run();
        d.clock.advance(leaseMs - 1);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
      },
    ],
    [
      'a heartbeat keeps everything the process runs',
      async (d) => {
        await d.run();
        await d.publish();
        await d.claimOne();
        for (let i = 0; i < 5; i++) {
          d.clock.advance(leaseMs - 1);
          await d.beat(p1);
          assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        }
      },
    ],
    [
      'a heartbeat after expiry saves what nobody took',
      async (d) => {
        await d.run();
        d.clock.advance(leaseMs + 1);
        await d.beat(p1);
        await d.beat(p2);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
      },
    ],
    [
      'a shorter heartbeat shortens the lease',
      async (d) => {
        const lease = await d.run();
        await d.beat(p1, 100);
        d.clock.advance(100);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [lease.executionId]);
      },
    ],
    [
      'what a process that left ran is due at once',
      async (d) => {
        const lease = await d.run();
        await d.store.leave(p1);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [lease.executionId]);
      },
    ],
    [
      'leaving twice, or without having come, is harmless',
      async (d) => {
        await d.store.leave(p1);
        await d.store.leave(p1);
        await d.store.leave(processId('never'));
        assert.equal((await d.store.processes()).length, 1);
      },
    ],
    [
      'what an unknown process owns is due',
      async (d) => {
        const lease = await d.run({ owner: processId('ghost') });
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [lease.executionId]);
      },
    ],
    [
      'an expired lease that nobody took still commits',
      async (d) => {
        const lease = await d.run();
        d.clock.advance(leaseMs * 10);
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
      },
    ],
    [
      'a lease that was taken over writes nothing',
      async (d) => {
        const lease = await d.run();
        await d.store.leave(p1);
        const taken = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'stale');
        d.is(await d.commit(lease, { record: { status: 'completed', value: '"old"' } }), 'stale');
        assert.deepEqual(await d.journalKeys(lease.executionId), []);
        d.is(await d.commit(taken.lease, { record: { status: 'completed', value: '"new"' } }), 'ok');
        assert.equal((await d.record(lease.executionId)).value, '"new"');
      },
    ],
    [
      'the fence grows by one with every claim',
      async (d) => {
        await d.publish();
        for (let fence = 1; fence <= 5; fence++) {
          const { lease } = await d.claimOne();
          assert.equal(lease.fence, fence);
          await d.commit(lease, { record: { status: 'pending' } });
        }
      },
    ],
    [
      'a fence from the future is stale',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit({ ...lease, fence: 2 }, { checkpoints: [d.checkpoint('a')] }), 'stale');
      },
    ],
    [
      'a takeover answers the journal and the unseen messages',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, {
          checkpoints: [d.checkpoint('a', { seq: 1 }), d.checkpoint('b', { seq: 2 })],
        });
        await d.append(lease.executionId, 'cancel', 'm1', '"why"');
        await d.store.leave(p1);
        const { journal, inbox } = await d.claimOne({ owner: p2 });
        assert.deepEqual(
          journal.map(({ key, value }) => [key, value]),
          [
            ['a', '"a"'],
            ['b', '"b"'],
          ],
        );
        assert.deepEqual(
          inbox.map(({ id, kind, body }) => [id, kind, body]),
          [['m1', 'cancel', '"why"']],
        );
      },
    ],
    [
      'expired work of a definition that the caller cannot run stays',
      async (d) => {
        await d.run({ definition: mails });
        await d.store.leave(p1);
        assert.deepEqual(await d.claimedIds({ owner: p2, runnable: [orders] }), []);
      },
    ],
    [
      'nextAt is the expiry of a lease under which another process runs',
      async (d) => {
        await d.run();
        const { claimed, nextAt } = await d.claim({ owner: p2 });
        assert.deepEqual([claimed, nextAt], [[], d.now + leaseMs]);
      },
    ],
    [
      'a claim that takes over from one process knows when the lease of another ends',
      async (d) => {
        await d.run();
        await d.run({ owner: p2, definition: mails });
        await d.store.leave(p1);
        const p3 = processId('p3');
        await d.beat(p3);
        const { claimed, nextAt } = await d.claim({ owner: p3 });
        assert.deepEqual([claimed.length, nextAt], [1, d.now + leaseMs]);
      },
    ],
    [
      'nextAt ignores leases of what the caller cannot run',
      async (d) => {
        await d.run({ definition: mails });
        assert.equal((await d.claim({ owner: p2, runnable: [orders] })).nextAt, null);
      },
    ],
    [
      'a takeover of many says when more is due',
      async (d) => {
        for (let i = 0; i < 5; i++) await d.run();
        await d.store.leave(p1);
        const first = await d.claim({ owner: p2, limit: 3 });
        const second = await d.claim({ owner: p2, limit: 3 });
        assert.deepEqual(
          [first.claimed.length, first.more, second.claimed.length, second.more],
          [3, true, 2, false],
        );
      },
    ],
  ]),
);
