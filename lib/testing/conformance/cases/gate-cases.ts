import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import type { RecordChange } from '../../../ports/store-write.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, fullGate, isQueued, one, two } from './gate-scene.js';

/** What leaves a gate, and how. */
const departures = new Map<string, Partial<RecordChange>>([
  ['that completes', { status: 'completed', value: '1' }],
  ['that fails', { status: 'failed', error: '1' }],
  ['that is cancelled', { status: 'cancelled' }],
  ['that is parked', { status: 'parked', error: '1', listening: ['resume'] }],
  ['that waits for a timer', { status: 'waiting', waitReason: 'timer', timers: { sleep: 9e15 } }],
  ['that waits for a message', { status: 'waiting', waitReason: 'event', listening: ['event'] }],
]);

export const gateCases = storeCaseGroup(
  'gates',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'as many as the limit are claimed, the rest wait for the gate',
      async (d) => {
        const ids: ExecutionId[] = [];
        for (let i = 0; i < 5; i++) ids.push(await d.publish({ gate: two }));
        const answer = await d.claim();
        assert.deepEqual(
          answer.claimed.map(({ record }) => [record.id, record.gate]),
          ids.slice(0, 2).map((id) => [id, 'two']),
        );
        assert.deepEqual([answer.more, answer.nextAt], [false, null]);
        for (const id of ids.slice(2)) assert.ok(await isQueued(d, id), 'it waits for the gate');
        const waiting = await d.store.list({ status: 'waiting', limit: 10 });
        assert.deepEqual(
          waiting.map(({ id }) => id),
          ids.slice(2),
        );
      },
    ],
    [
      'a claim that names a queued execution does not take it',
      async (d) => {
        const { queue } = await fullGate(d, 1);
        assert.deepEqual(await d.claimedIds({ ids: queue }), []);
        assert.deepEqual(await d.claimedIds({ ids: queue, owner: p2 }), []);
      },
    ],
    ...Array.from(
      departures,
      ([how, record]) =>
        [
          `one ${how} admits the first in the queue, which is due`,
          async (d: StoreDriver) => {
            const { inside, queue } = await fullGate(d, 2);
            d.is(await d.commit(inside, { record }), 'ok');
            const admitted = await d.record(queue[0] as ExecutionId);
            assert.deepEqual([admitted.status, admitted.waitReason], ['pending', null]);
            assert.deepEqual(await d.claimedIds({ owner: p2 }), queue.slice(0, 1));
          },
        ] as const,
    ),
    [
      'the queue is served by priority, then by age',
      async (d) => {
        const inside = await d.run({ gate: one });
        const low = await d.publish({ gate: one, priority: -1 });
        const first = await d.publish({ gate: one });
        const second = await d.publish({ gate: one });
        const high = await d.publish({ gate: one, priority: 9 });
        const served: ExecutionId[] = [];
        for (let lease = inside; served.length < 4; ) {
          await end(d, lease);
          lease = (await d.claimOne()).lease;
          served.push(lease.executionId);
        }
        assert.deepEqual(served, [high, first, second, low]);
      },
    ],
    [
      'gates of different names do not meet, and what has none is not limited',
      async (d) => {
        const ids: ExecutionId[] = [];
        for (const name of ['', 'a', 'A', 'a\0', '__proto__', '\ud800', '\ud801'])
          ids.push(await d.publish({ gate: { name, limit: 1 } }));
        for (let i = 0; i < 3; i++) ids.push(await d.publish({ gate: null }));
        const claimed = await d.claim();
        assert.deepEqual(claimed.claimed.map(({ record }) => record.id).toSorted(), ids);
        assert.equal((await d.record(ids[3] as ExecutionId)).gate, 'a\0');
        assert.equal((await d.record(ids[6] as ExecutionId)).gate, '\ud801');
        assert.equal((await d.record(ids[9] as ExecutionId)).gate, null);
      },
    ],
    [
      'created with an owner it is leased while there is room, else it queues, and the answer tells which',
      async (d) => {
        const events = [0, 1, 2].map(() => d.event([d.execution({ gate: two, owner: p1 })]));
        const published = d.published(await d.publishEvents(...events));
        assert.deepEqual(
          published.map(({ leased }) => leased),
          [true, true, false],
        );
        const [first, , third] = published.map(({ executionId }) => executionId);
        const running = await d.record(first as ExecutionId);
        assert.deepEqual([running.status, running.owner, running.fence], ['running', p1, 1]);
        assert.ok(await isQueued(d, third as ExecutionId));
        assert.equal((await d.record(third as ExecutionId)).fence, 0);
        const ungated = await d.publishEvents(d.event([d.execution({ owner: p1 }), d.execution()]));
        assert.deepEqual(
          d.published(ungated).map(({ leased }) => leased),
          [true, false],
        );
      },
    ],
    [
      'a resent publish queues once',
      async (d) => {
        const { inside } = await fullGate(d, 0);
        const event = d.event([d.execution({ gate: one, owner: p1 })]);
        for (const expected of ['ok', 'already'] as const) {
          const verdict = await d.publishEvents(event);
          d.is(verdict, expected);
          assert.deepEqual(
            d.published(verdict).map(({ leased }) => leased),
            [false],
          );
        }
        await end(d, inside);
        await end(d, (await d.claimOne()).lease);
        assert.deepEqual((await d.claim()).claimed, []);
        const explicit = d.explicit('e1', { executions: [d.execution({ gate: one, owner: p1 })] });
        for (const expected of ['ok', 'already'] as const) {
          const verdict = await d.publishEvents(explicit);
          d.is(verdict, expected);
          assert.deepEqual(
            d.published(verdict).map(({ leased }) => leased),
            [true],
          );
        }
        assert.ok(await isQueued(d, await d.publish({ gate: one })));
      },
    ],
    [
      'a resent completion admits one, and a stale one nobody',
      async (d) => {
        const { inside, queue } = await fullGate(d, 2);
        await d.store.leave(p1);
        const taken = await d.claimOne({ owner: p2 });
        d.is(await d.commit(inside, { record: { status: 'completed' } }), 'stale');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        const write = d.delta(taken.lease, { record: { status: 'completed' } });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), queue.slice(0, 1));
      },
    ],
    [
      'one whose process died stays admitted until another has taken it over and it rests',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        await d.store.leave(p1);
        const { claimed } = await d.claim({ owner: p2 });
        assert.deepEqual(
          claimed.map(({ record }) => record.id),
          [inside.executionId],
        );
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        await end(d, claimed[0]?.lease as Lease);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), queue);
      },
    ],
    [
      'one that is handed back keeps its place',
      async (d) => {
        const { inside, queue } = await fullGate(d, 1);
        const verdict = await d.commit(inside, { record: { status: 'pending' } });
        assert.deepEqual(verdict, { verdict: 'ok', due: true });
        assert.deepEqual(await d.claimedIds(), [inside.executionId]);
        assert.ok(await isQueued(d, queue[0] as ExecutionId));
      },
    ],
  ]),
);
