import { strict as assert } from 'node:assert';
import { approve, approved, ask, told, waitOf } from '../mailbox-scene.js';
import { dayMs, executionId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

const listening = ['cancel', 'event'] as const;

/** How long a wait lasts, and what becomes of it when its execution rests, ends or changes hands. */
export const waitCases = storeCaseGroup(
  'waits for events',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an event that comes is a signal for one that runs, whatever it listens to',
      async (d) => {
        const lease = await d.run({ listening: [] });
        assert.equal(await ask(d, lease, 'w'), null);
        assert.deepEqual(await d.store.signals(p1), []);
        await approve(d, '1');
        assert.deepEqual(await d.store.signals(p1), [lease.executionId]);
        assert.deepEqual((await d.store.heartbeat(d.process(p1), 30_000)).signals, [lease.executionId]);
        assert.equal(await ask(d, lease, 'w'), '1');
      },
    ],
    [
      'an event that comes wakes one that waits and listens',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        const record = { status: 'waiting', waitReason: 'event', listening } as const;
        d.is(await d.commit(lease, { record }), 'ok');
        assert.deepEqual(await d.claimedIds(), []);
        await approve(d, '1');
        const woken = await d.claimOne();
        assert.deepEqual(
          woken.inbox.map(({ kind, body }) => [kind, body]),
          [['event', 'w']],
        );
        assert.equal(await ask(d, woken.lease, 'w'), '1');
      },
    ],
    [
      'one that comes before the rest is committed makes it due at once',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        await approve(d, '1');
        const timers = { 'event:w': d.now + dayMs };
        const verdict = await d.commit(lease, { record: { status: 'waiting', timers, listening } });
        assert.equal(verdict.verdict === 'ok' && verdict.due, true);
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'one that waits for something else is not woken, and gets it later',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        const timers = { retry: d.now + 10 };
        d.is(await d.commit(lease, { record: { status: 'waiting', timers } }), 'ok');
        await approve(d, '1');
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(10);
        assert.equal(await ask(d, (await d.claimOne()).lease, 'w'), '1');
      },
    ],
    [
      'asked again the answer is the same, under another fence too',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        await ask(d, lease, 'w');
        await approve(d, '1', '2');
        for (let i = 0; i < 3; i++) assert.equal(await ask(d, lease, 'w'), '1');
        await d.store.leave(p1);
        const taken = await d.claimOne({ owner: p2 });
        assert.equal(await ask(d, taken.lease, 'w'), '1');
        assert.equal(await ask(d, taken.lease, 'w', { isOver: true }), '1');
        assert.deepEqual(await told(d, taken.lease), ['w']);
      },
    ],
    [
      'nobody waits who is not running under the current lease',
      async (d) => {
        const old = await d.run();
        const ended = await d.run();
        d.is(await d.commit(ended, { record: { status: 'completed' } }), 'ok');
        await d.store.leave(p1);
        const { lease } = await d.claimOne({ owner: p2 });
        const gone = { ...old, executionId: executionId('nobody'), key: 9_999_999 };
        for (const wrong of [old, ended, gone]) d.is(await d.write(waitOf(wrong, 'w')), 'stale');
        await approve(d, '1');
        for (const wrong of [old, ended]) assert.deepEqual(await told(d, wrong), []);
        assert.equal(await ask(d, lease, 'w'), '1');
      },
    ],
    [
      'a wait that is over gets nothing more',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        assert.equal(await ask(d, lease, 'w', { isOver: true }), null);
        assert.equal(await ask(d, lease, 'never began', { isOver: true }), null);
        await approve(d, '1');
        assert.deepEqual(await told(d, lease), []);
        assert.equal(await ask(d, lease, 'another'), '1');
      },
    ],
    [
      'an event that came in time wins over the end of the wait',
      async (d) => {
        const lease = await d.run();
        const until = d.now + 10;
        await ask(d, lease, 'w', { until });
        d.clock.advance(9);
        await approve(d, '1');
        d.clock.advance(100);
        assert.equal(await ask(d, lease, 'w', { until, isOver: true }), '1');
      },
    ],
    [
      'an event that comes at the end of the wait or later comes too late',
      async (d) => {
        const lease = await d.run();
        const until = d.now + 10;
        await ask(d, lease, 'w', { until });
        d.clock.advance(10);
        await approve(d, 'late');
        assert.deepEqual(await told(d, lease), []);
        assert.equal(await ask(d, lease, 'w', { until, isOver: true }), null);
        assert.equal(await ask(d, lease, 'next'), 'late');
      },
    ],
    [
      'an execution that ends waits no more, and reopened it asks anew',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1');
        assert.equal(await ask(d, lease, 'first'), '1');
        await ask(d, lease, 'second');
        d.is(await d.commit(lease, { record: { status: 'failed', listening: ['retry'] } }), 'ok');
        await approve(d, '2');
        assert.deepEqual(await told(d, lease), []);
        await d.append(lease.executionId, 'retry');
        const reopened = await d.claimOne();
        assert.equal(await ask(d, reopened.lease, 'first'), '1');
        assert.equal(await ask(d, reopened.lease, 'second'), '2');
      },
    ],
    [
      'a parked execution gets what comes meanwhile',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'w');
        d.is(await d.commit(lease, { record: { status: 'parked', listening: ['resume'] } }), 'ok');
        await approve(d, '1');
        assert.deepEqual(await d.claimedIds(), []);
        await d.append(lease.executionId, 'resume');
        assert.equal(await ask(d, (await d.claimOne()).lease, 'w'), '1');
      },
    ],
    [
      'removed executions take their waits along',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1');
        await ask(d, lease, 'got');
        await ask(d, lease, 'open');
        d.is(await d.commit(lease, { record: { status: 'completed' } }), 'ok');
        d.clock.advance(1);
        const pruned = await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        assert.equal(pruned.removed, 1);
        d.is(await d.publishEvents(approved(d, '2')), 'ok');
      },
    ],
  ]),
);
