import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import { storeCaseGroup } from '../store-case.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { end, isQueued } from './gate-scene.js';
import { all, change, gate, id, later, put } from './instance-scene.js';

export const instanceTurnCases = storeCaseGroup(
  'turns of an instance',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'the commit that ends a turn writes the instance and what it has ahead, all or nothing',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1', ahead: later(d, 50) }), 'ok');
        const lease = await d.run({ gate });
        const next = await d.publish({ gate });
        const alarm = later(d, 100);
        const instance = change({ expected: 'v1', version: 'v2', state: '{"n":2}', ahead: alarm });
        const verdict = await d.commit(lease, { instance, record: { status: 'completed', value: '1' } });
        d.is(verdict, 'ok');
        const stored = await d.store.instance(id);
        assert.deepEqual([stored?.state, stored?.ahead?.executionId], ['{"n":2}', alarm.of]);
        assert.deepEqual((await all(d)).toSorted(), [lease.executionId, next, alarm.of].toSorted());
        assert.deepEqual(await d.claimedIds(), [next]);
      },
    ],
    [
      'a commit whose instance was changed meanwhile changes nothing, and may be made again',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1' }), 'ok');
        const lease = await d.run({ gate });
        d.is(await put(d, { expected: 'v1', version: 'v2', state: '"new"' }), 'ok');
        const parts = {
          commitNo: 1,
          checkpoints: [d.checkpoint('a')],
          publish: { events: [d.event([d.execution()])] },
          record: { status: 'completed', value: '1' },
        } as const;
        for (const expected of ['v1', null]) {
          const instance = change({ expected, version: 'v3', state: '"old"', ahead: later(d, 10) });
          d.is(await d.commit(lease, { ...parts, instance }), 'rejected', 'instance-changed');
        }
        assert.deepEqual([await all(d), await d.journalKeys(lease.executionId)], [[lease.executionId], []]);
        assert.equal((await d.store.instance(id))?.state, '"new"');
        const instance = change({ expected: 'v2', version: 'v3', state: '"old"' });
        d.is(await d.commit(lease, { ...parts, instance }), 'ok');
        assert.equal((await d.record(lease.executionId)).status, 'completed');
        assert.equal((await d.store.instance(id))?.state, '"old"');
      },
    ],
    [
      'a turn may end its instance, but not one that is gone',
      async (d) => {
        const gone = await d.run({ gate });
        const ends = { status: 'completed', value: '1' } as const;
        const instance = change({ expected: 'v1', version: 'v2', state: null });
        d.is(await d.commit(gone, { instance, record: ends }), 'rejected', 'instance-changed');
        d.is(await put(d, { expected: null, version: 'v1', ahead: later(d, 10) }), 'ok');
        d.is(await d.commit(gone, { instance, record: ends }), 'ok');
        assert.equal(await d.store.instance(id), null);
        assert.deepEqual(await all(d), [gone.executionId]);
      },
    ],
    [
      'a resent commit changes the instance once, and a lost lease never',
      async (d) => {
        const lease = await d.run({ gate, owner: p2 });
        const instance = change({ expected: null, version: 'v1', ahead: later(d, 10) });
        const write = d.delta(lease, { instance, checkpoints: [d.checkpoint('a')] });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.equal((await all(d)).length, 2);
        await d.store.leave(p2);
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds({ owner: p1 }), [lease.executionId]);
        const late = change({ expected: 'v1', version: 'v2', state: '"late"' });
        d.is(await d.commit(lease, { instance: late, record: { status: 'completed' } }), 'stale');
        assert.equal((await d.store.instance(id))?.version, 'v1');
      },
    ],
    [
      'what is ahead and due queues behind its own turn',
      async (d) => {
        const lease = await d.run({ gate });
        const waiting = await d.publish({ gate });
        const instance = change({ expected: null, version: 'v1', ahead: later(d, 0) });
        d.is(await d.commit(lease, { instance, record: { status: 'completed' } }), 'ok');
        const { lease: second } = await d.claimOne();
        assert.equal(second.executionId, waiting);
        await end(d, second);
        assert.equal((await d.claim()).claimed.length, 1);
      },
    ],
  ]),
);

export const instanceEndCases = storeCaseGroup(
  'instances that are ended',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'whoever holds a place of the gate or queues there is cancelled, once, and nobody else',
      async (d) => {
        const alarm = later(d, 1_000);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        const holder = await d.run({ gate });
        const timers = { t: d.now + 500 };
        d.is(await d.commit(holder, { record: { status: 'waiting', timers } }), 'ok');
        const queued = [await d.publish({ gate }), await d.publish({ gate })];
        const other = await d.run({ gate: { ...gate, name: 'actor:carts:c-2' } });
        const event = d.event([d.execution({ gate })]);
        const write = { expected: 'v1', version: 'v2', state: null };
        d.is(await put(d, write, { cancels: id, event }), 'ok');
        assert.equal(await d.store.instance(id), null);
        assert.equal(await d.store.read(alarm.of), null);
        const { claimed } = await d.claim();
        assert.deepEqual(
          claimed.map(({ record }) => record.id).toSorted(),
          [holder.executionId, ...queued].toSorted(),
        );
        for (const { inbox } of claimed)
          assert.deepEqual(
            inbox.map(({ kind }) => kind),
            ['cancel'],
          );
        d.is(await put(d, write, { cancels: id, event }), 'ok');
        for (const { record } of claimed)
          assert.equal((await d.store.inbox(record.id, 0, 10)).length, 1, 'sent again it is one message');
        assert.deepEqual(await d.store.inbox(other.executionId, 0, 10), []);
        assert.ok(await isQueued(d, event.executions[0]?.id as ExecutionId), 'its own event is not meant');
      },
    ],
    [
      'one that runs is signalled',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1' }), 'ok');
        const holder = await d.run({ gate });
        d.is(await put(d, { expected: 'v1', version: 'v2', state: null }, { cancels: id }), 'ok');
        assert.deepEqual(await d.store.signals(p1), [holder.executionId]);
      },
    ],
    [
      'one that has not written itself yet can be ended, and one that is gone again',
      async (d) => {
        const holder = await d.run({ gate });
        const write = { expected: null, version: 'v1', state: null };
        d.is(await put(d, write, { cancels: id }), 'ok');
        assert.equal((await d.store.inbox(holder.executionId, 0, 10)).length, 1);
        d.is(await put(d, { ...write, expected: 'v0', version: 'v2' }, { cancels: id }), 'ok');
        assert.equal(await d.store.instance(id), null);
      },
    ],
    [
      'the answer tells how many were cancelled, also where there is no instance',
      async (d) => {
        const end = async (version: string, cancels: string | null): Promise<unknown> => {
          const write = { expected: null, version, state: null };
          const verdict = await put(d, write, cancels === null ? {} : { cancels });
          d.is(verdict, 'ok');
          return 'cancelled' in verdict ? verdict.cancelled : undefined;
        };
        assert.equal(await end('v1', id), 0);
        await d.run({ gate });
        await d.publish({ gate });
        assert.equal(await end('v2', 'actor:carts:c-2'), 0);
        assert.equal(await end('v3', null), undefined);
        assert.equal(await end('v4', id), 2);
      },
    ],
    [
      'a refused end cancels nobody',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1' }), 'ok');
        const holder = await d.run({ gate });
        const verdict = await put(d, { expected: 'v0', version: 'v2', state: null }, { cancels: id });
        d.is(verdict, 'rejected', 'instance-changed');
        assert.deepEqual(await d.store.inbox(holder.executionId, 0, 10), []);
      },
    ],
    [
      'after its end it starts anew',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1', ahead: later(d, 10) }), 'ok');
        d.is(await put(d, { expected: 'v1', version: 'v2', state: null }, { cancels: id }), 'ok');
        const alarm = later(d, 20);
        d.is(await put(d, { expected: null, version: 'v3', ahead: alarm }), 'ok');
        d.clock.advance(20);
        assert.deepEqual(await d.claimedIds(), [alarm.of]);
      },
    ],
  ]),
);

export const durableInstanceCases = storeCaseGroup(
  'instances of several processes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'all that is stored of an instance outlives the process',
      async (d) => {
        assert.ok(d.harness.reopen !== undefined);
        const holder = await d.run({ gate });
        d.is(await d.commit(holder, { record: { status: 'waiting', timers: { t: d.now + 50 } } }), 'ok');
        const alarm = later(d, 10);
        d.is(await put(d, { expected: null, version: 'v1', state: '7', ahead: alarm }), 'ok');
        d.store = await d.harness.reopen();
        const stored = await d.store.instance(id);
        assert.deepEqual([stored?.state, stored?.ahead?.executionId], ['7', alarm.of]);
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(40);
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, holder.executionId);
        await end(d, lease);
        assert.deepEqual(await d.claimedIds(), [alarm.of]);
      },
    ],
  ]),
  'reopen',
);
