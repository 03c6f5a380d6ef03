import { strict as assert } from 'node:assert';
import { dayMs, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, isQueued } from './gate-scene.js';

const turns = { name: 'turns', limit: 1, untilEnd: true };

/** One that waits for a timer and holds its place, and one in the queue. */
async function holding(d: StoreDriver) {
  const lease = await d.run({ gate: turns });
  const next = await d.publish({ gate: turns });
  const timers = { sleep: d.now + 1_000 };
  d.is(await d.commit(lease, { record: { status: 'waiting', waitReason: 'timer', timers } }), 'ok');
  return { holder: lease.executionId, next };
}

export const untilEndCases = storeCaseGroup(
  'gates until the end',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'one that waits keeps its place, wakes past the queue, and gives it back when it ends',
      async (d) => {
        const { holder, next } = await holding(d);
        assert.deepEqual(await d.claimedIds(), []);
        assert.ok(await isQueued(d, next));
        d.clock.advance(1_000);
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, holder);
        assert.ok(await isQueued(d, next));
        await end(d, lease);
        assert.deepEqual(await d.claimedIds(), [next]);
      },
    ],
    [
      'a message wakes the one that holds the place, and its verdict says due',
      async (d) => {
        const lease = await d.run({ gate: turns });
        const next = await d.publish({ gate: turns });
        d.is(await d.commit(lease, { record: { status: 'waiting', listening: ['event'] } }), 'ok');
        assert.deepEqual(await d.append(lease.executionId, 'event'), { verdict: 'ok', due: true });
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
        assert.ok(await isQueued(d, next));
      },
    ],
    [
      'a claim that names the one that holds the place takes it at its instant',
      async (d) => {
        const { holder, next } = await holding(d);
        assert.deepEqual(await d.claimedIds({ ids: [holder, next] }), []);
        d.clock.advance(1_000);
        assert.deepEqual(await d.claimedIds({ ids: [next, holder] }), [holder]);
      },
    ],
    [
      'one that is parked gives its place back, and queues again when it is resumed',
      async (d) => {
        const lease = await d.run({ gate: turns });
        const next = await d.publish({ gate: turns });
        d.is(await d.commit(lease, { record: { status: 'parked', listening: ['resume'] } }), 'ok');
        const { lease: other } = await d.claimOne();
        assert.equal(other.executionId, next);
        d.is(await d.commit(other, { record: { status: 'waiting', timers: { t: d.now + 10 } } }), 'ok');
        assert.deepEqual(await d.append(lease.executionId, 'resume'), { verdict: 'ok' });
        assert.ok(await isQueued(d, lease.executionId));
        d.clock.advance(10);
        await end(d, (await d.claimOne()).lease);
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'each way to end gives the place back',
      async (d) => {
        for (const status of ['completed', 'failed', 'cancelled', 'skipped'] as const) {
          const lease = await d.run({ gate: turns });
          const next = await d.publish({ gate: turns });
          d.is(await d.commit(lease, { record: { status, listening: [] } }), 'ok');
          const { lease: after } = await d.claimOne();
          assert.equal(after.executionId, next);
          await end(d, after);
        }
      },
    ],
    [
      'the place outlives hand-over, a death and the takeover',
      async (d) => {
        const { holder, next } = await holding(d);
        d.clock.advance(1_000);
        const first = await d.claimOne({ owner: p2 });
        assert.equal(first.record.id, holder);
        d.is(await d.commit(first.lease, { record: { status: 'pending' } }), 'ok');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [holder]);
        await d.store.leave(p2);
        const { lease } = await d.claimOne({ owner: p1 });
        assert.equal(lease.executionId, holder);
        d.is(await d.commit(lease, { record: { status: 'waiting', timers: { t: d.now + 10 } } }), 'ok');
        d.clock.advance(10);
        assert.ok(await isQueued(d, next));
        await end(d, (await d.claimOne()).lease);
        assert.deepEqual(await d.claimedIds(), [next]);
      },
    ],
    [
      'a delayed one is not admitted before it is due, and does not keep others out',
      async (d) => {
        const late = await d.publish({ gate: turns, dueAt: d.now + 1_000 });
        const lease = await d.run({ gate: turns });
        d.is(await d.commit(lease, { record: { status: 'waiting', timers: { t: d.now + dayMs } } }), 'ok');
        d.clock.advance(1_000);
        assert.deepEqual(await d.claimedIds(), []);
        assert.ok(await isQueued(d, late));
        d.clock.advance(dayMs);
        await d.beat(p1);
        await end(d, (await d.claimOne()).lease);
        assert.deepEqual(await d.claimedIds(), [late]);
      },
    ],
    [
      'a cancel reaches the one that holds the place, and one in the queue out of turn',
      async (d) => {
        const { holder, next } = await holding(d);
        assert.deepEqual(await d.append(next, 'cancel'), { verdict: 'ok', due: true });
        assert.deepEqual(await d.append(holder, 'cancel'), { verdict: 'ok', due: true });
        const { claimed } = await d.claim();
        assert.deepEqual(claimed.map(({ record }) => record.id).toSorted(), [holder, next].toSorted());
        const third = await d.publish({ gate: turns });
        const ended = { status: 'cancelled', seenInboxSeq: 1, listening: [] } as const;
        const byId = new Map(claimed.map(({ lease }) => [lease.executionId, lease]));
        for (const id of [next, holder]) {
          assert.ok(await isQueued(d, third));
          const lease = byId.get(id);
          assert.ok(lease !== undefined);
          d.is(await d.commit(lease, { record: ended }), 'ok');
        }
        assert.deepEqual(await d.claimedIds(), [third]);
      },
    ],
    [
      'what retention removes leaves the gate free',
      async (d) => {
        await end(d, await d.run({ gate: turns }));
        d.clock.advance(10);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        const lease = await d.run({ gate: turns });
        assert.equal((await d.record(lease.executionId)).status, 'running');
      },
    ],
  ]),
);
