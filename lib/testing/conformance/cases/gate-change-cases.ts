import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import { dayMs, mails, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, fullGate, isQueued, one, two } from './gate-scene.js';

export const gateChangeCases = storeCaseGroup(
  'gates',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a delay leads to the gate, not past it',
      async (d) => {
        const inside = await d.run({ gate: one });
        const late = await d.publish({ gate: one, dueAt: d.now + 1_000 });
        assert.equal((await d.record(late)).status, 'pending');
        const later = await d.publish({ gate: one, dueAt: d.now + 2_000 });
        assert.equal((await d.claim()).nextAt, d.now + 1_000);
        d.clock.advance(3_000);
        assert.deepEqual(await d.claimedIds(), []);
        assert.deepEqual([await isQueued(d, late), await isQueued(d, later)], [true, true]);
        await end(d, inside);
        assert.deepEqual(await d.claimedIds(), [late]);
      },
    ],
    [
      'a timer leads to the gate, also when the claim names it, and frees nobody twice',
      async (d) => {
        const sleeper = await d.run({ gate: one });
        const timers = { sleep: d.now + 1_000 };
        d.is(await d.commit(sleeper, { record: { status: 'waiting', waitReason: 'timer', timers } }), 'ok');
        const other = await d.publish({ gate: one });
        d.clock.advance(1_000);
        assert.deepEqual(await d.claimedIds({ ids: [sleeper.executionId] }), []);
        assert.ok(await isQueued(d, sleeper.executionId));
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, other);
        await end(d, lease);
        assert.deepEqual(await d.claimedIds({ ids: [sleeper.executionId] }), [sleeper.executionId]);
      },
    ],
    [
      'a timer with room in the gate is due at its instant',
      async (d) => {
        const sleeper = await d.run({ gate: one });
        const timers = { sleep: d.now + 1_000 };
        d.is(await d.commit(sleeper, { record: { status: 'waiting', waitReason: 'timer', timers } }), 'ok');
        d.clock.advance(1_500);
        const { dueSince } = await d.claimOne();
        assert.equal(dueSince, d.now - 500);
      },
    ],
    [
      'a message leads to the gate, and its verdict does not say due',
      async (d) => {
        const listener = await d.run({ gate: one });
        d.is(await d.commit(listener, { record: { status: 'waiting', listening: ['event'] } }), 'ok');
        const other = await d.publish({ gate: one });
        assert.deepEqual(await d.append(listener.executionId, 'event'), { verdict: 'ok' });
        assert.ok(await isQueued(d, listener.executionId));
        assert.deepEqual(await d.append(listener.executionId, 'event'), { verdict: 'ok' });
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, other);
        await end(d, lease);
        const { inbox, record } = await d.claimOne();
        assert.deepEqual([record.id, inbox.length], [listener.executionId, 2]);
      },
    ],
    [
      'a message that lands before the release does not give the place away',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        d.is(await d.append(inside.executionId, 'event'), 'ok');
        const verdict = await d.commit(inside, { record: { status: 'waiting', listening: ['event'] } });
        assert.deepEqual(verdict, { verdict: 'ok', due: true });
        assert.deepEqual(await d.claimedIds(), [inside.executionId]);
        assert.ok(await isQueued(d, queue[0] as ExecutionId));
      },
    ],
    [
      'one that is retried passes its gate again',
      async (d) => {
        const failed = await d.run({ gate: one });
        d.is(
          await d.commit(failed, { record: { status: 'failed', error: '1', listening: ['retry'] } }),
          'ok',
        );
        const inside = await d.run({ gate: one });
        assert.deepEqual(await d.append(failed.executionId, 'retry'), { verdict: 'ok' });
        assert.ok(await isQueued(d, failed.executionId));
        await end(d, inside);
        assert.deepEqual(await d.claimedIds(), [failed.executionId]);
      },
    ],
    [
      'a cancel of a queued one is served at once and takes no place',
      async (d) => {
        const { inside, queue } = await fullGate(d, 3);
        const [, cancelled, third] = queue as [ExecutionId, ExecutionId, ExecutionId];
        assert.deepEqual(await d.append(cancelled, 'cancel'), { verdict: 'ok', due: true });
        const { lease, record, inbox } = await d.claimOne();
        assert.deepEqual([record.id, inbox.map(({ kind }) => kind)], [cancelled, ['cancel']]);
        d.is(
          await d.commit(lease, { record: { status: 'cancelled', seenInboxSeq: 1, listening: [] } }),
          'ok',
        );
        assert.deepEqual(await d.claimedIds(), [], 'it has freed no place');
        await end(d, inside);
        await end(d, (await d.claimOne()).lease);
        assert.deepEqual(await d.claimedIds(), [third]);
      },
    ],
    [
      'a cancel of one that rests goes past a full gate, and comes again after a death',
      async (d) => {
        const sleeper = await d.run({ gate: one });
        d.is(await d.commit(sleeper, { record: { status: 'waiting', timers: { t: d.now + dayMs } } }), 'ok');
        const inside = await d.run({ gate: one });
        d.is(await d.append(sleeper.executionId, 'cancel'), 'ok');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [sleeper.executionId]);
        await d.store.leave(p2);
        assert.deepEqual(await d.claimedIds({ owner: p1 }), [sleeper.executionId]);
        assert.ok(await isQueued(d, await d.publish({ gate: one })));
        await end(d, inside);
        assert.equal((await d.claim()).claimed.length, 1);
      },
    ],
    [
      'what a cancel let past does not count until it rests: not when the cancel was seen, nor when it is taken over',
      async (d) => {
        const { inside, queue } = await fullGate(d, 2);
        const [past, next] = queue as [ExecutionId, ExecutionId];
        await d.append(past, 'cancel');
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { seenInboxSeq: 1 } }), 'ok');
        await d.store.leave(p2);
        const taken = await d.claimOne();
        assert.deepEqual([taken.record.id, taken.inbox], [past, []], 'beside the one in the gate');
        await end(d, inside);
        assert.deepEqual(await d.claimedIds(), [next], 'its place is not the place of the one let past');
        await end(d, taken.lease);
        assert.ok(await isQueued(d, await d.publish({ gate: one })));
      },
    ],
    [
      'the limit that was written last holds: raised it admits more, lowered nobody until there is room',
      async (d) => {
        const { inside, queue } = await fullGate(d, 3);
        const fifth = await d.publish({ gate: { name: 'one', limit: 3 } });
        const { claimed } = await d.claim();
        assert.deepEqual(
          claimed.map(({ record }) => record.id),
          queue.slice(0, 2),
        );
        const sixth = await d.publish({ gate: one });
        for (const { lease } of claimed) await end(d, lease);
        assert.deepEqual(await d.claimedIds(), []);
        await end(d, inside);
        for (const next of [queue[2], fifth, sixth]) {
          const { lease } = await d.claimOne();
          assert.equal(lease.executionId, next);
          await end(d, lease);
        }
      },
    ],
    [
      'handed back after the limit was lowered it queues',
      async (d) => {
        const a = await d.run({ gate: two });
        const b = await d.run({ gate: two });
        await d.publish({ gate: { name: 'two', limit: 1 } });
        assert.deepEqual(await d.commit(b, { record: { status: 'pending' } }), { verdict: 'ok' });
        assert.ok(await isQueued(d, b.executionId));
        assert.deepEqual(await d.claimedIds(), []);
        await end(d, a);
        assert.equal((await d.claim()).claimed.length, 1);
      },
    ],
    [
      'a gate with the limit 0 admits nobody until it is raised',
      async (d) => {
        const held = await d.publish({ gate: { name: 'one', limit: 0 } });
        assert.deepEqual(await d.claimedIds(), []);
        const next = await d.publish({ gate: { name: 'one', limit: 2 } });
        assert.deepEqual(await d.claimedIds(), [held, next]);
      },
    ],
    [
      'a commit with pending puts an execution behind a gate that it did not have',
      async (d) => {
        const { inside } = await fullGate(d, 0);
        const late = await d.run();
        const verdict = await d.commit(late, { record: { status: 'pending', gate: one } });
        assert.deepEqual(verdict, { verdict: 'ok' });
        assert.ok(await isQueued(d, late.executionId));
        assert.equal((await d.record(late.executionId)).gate, 'one');
        await end(d, inside);
        const { lease, strikes } = await d.claimOne();
        assert.deepEqual([lease.executionId, lease.fence, strikes], [late.executionId, 2, 0]);
        const free = await d.run();
        assert.deepEqual(await d.commit(free, { record: { status: 'pending', gate: two } }), {
          verdict: 'ok',
          due: true,
        });
        assert.deepEqual(await d.claimedIds(), [free.executionId]);
      },
    ],
    [
      'a commit with pending and another gate gives the place in the old one away',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        d.is(await d.commit(inside, { record: { status: 'pending', gate: two } }), 'ok');
        assert.equal((await d.record(inside.executionId)).gate, 'two');
        assert.deepEqual((await d.claimedIds()).toSorted(), [inside.executionId, ...queue]);
      },
    ],
    [
      'what a commit publishes passes its gate',
      async (d) => {
        const { inside } = await fullGate(d, 0);
        const lease = await d.run();
        const child = d.execution({ gate: one });
        d.is(await d.commit(lease, { publish: { events: [d.event([child])] } }), 'ok');
        assert.ok(await isQueued(d, child.id));
        await end(d, inside);
        assert.deepEqual(await d.claimedIds(), [child.id]);
      },
    ],
    [
      'one publish fills a gate in the order of its executions, whatever their definitions',
      async (d) => {
        const executions = [d.execution({ gate: one }), d.execution({ gate: one, definition: mails })];
        d.is(await d.publishEvents(d.event(executions)), 'ok');
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, executions[0]?.id);
        await end(d, lease);
        assert.deepEqual(await d.claimedIds(), [executions[1]?.id]);
      },
    ],
    [
      'what retention removes leaves its gate as it was',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        await end(d, inside);
        d.clock.advance(10);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        assert.equal(await d.store.read(inside.executionId), null);
        const { lease, record } = await d.claimOne();
        assert.deepEqual([record.id, record.gate], [queue[0], 'one']);
        assert.ok(await isQueued(d, await d.publish({ gate: one })));
        await end(d, lease);
        await end(d, (await d.claimOne()).lease);
        d.clock.advance(10);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        assert.deepEqual(await d.claimedIds(), []);
        await d.publish({ gate: two });
        await d.publish({ gate: two });
        assert.equal((await d.claim()).claimed.length, 2);
      },
    ],
    [
      'listeners are told when a gate lets one in',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        await d.breathe();
        let told = 0;
        const stop = d.store.onChange(() => told++);
        await end(d, inside);
        await d.eventually(() => told > 0, 'the listener is told');
        stop();
        assert.deepEqual(await d.claimedIds(), queue);
      },
    ],
  ]),
);
