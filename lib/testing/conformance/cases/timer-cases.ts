import { strict as assert } from 'node:assert';
import { dayMs, leaseMs, mails, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function waiting(d: StoreDriver, timers: Readonly<Record<string, number>>) {
  const lease = await d.run();
  d.is(await d.commit(lease, { record: { status: 'waiting', waitReason: 'timer', timers } }), 'ok');
  return lease.executionId;
}

export const timerCases = storeCaseGroup(
  'timers',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a waiting execution is due at its timer, not a millisecond before',
      async (d) => {
        const id = await waiting(d, { 'sleep:a': d.now + 1_000 });
        d.clock.advance(999);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'of several timers the earliest wakes',
      async (d) => {
        const id = await waiting(d, {
          'timeout:b': d.now + 5_000,
          'retry:a': d.now + 1_000,
          idle: d.now + 9_000,
        });
        d.clock.advance(1_000);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'a claim leaves all named timers to the pass',
      async (d) => {
        const timers = { 'timeout:b': d.now + 5_000, 'retry:a': d.now + 1_000 };
        await waiting(d, timers);
        d.clock.advance(1_000);
        const { record } = await d.claimOne();
        assert.deepEqual({ ...record.timers }, timers);
      },
    ],
    [
      'a commit replaces all named timers',
      async (d) => {
        const id = await waiting(d, { a: d.now + 1_000, b: d.now + 2_000 });
        d.clock.advance(1_000);
        const { lease } = await d.claimOne();
        await d.commit(lease, {
          record: { status: 'waiting', waitReason: 'timer', timers: { c: d.now + 9_000 } },
        });
        assert.deepEqual(Object.keys((await d.record(id)).timers), ['c']);
        d.clock.advance(8_999);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'a waiting execution without timers wakes by no clock',
      async (d) => {
        await waiting(d, {});
        d.clock.advance(400 * dayMs);
        const { claimed, nextAt } = await d.claim();
        assert.deepEqual([claimed, nextAt], [[], null]);
      },
    ],
    [
      'a timer in the past is due at once',
      async (d) => {
        const id = await waiting(d, { a: d.now - 5_000 });
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'nextAt is the earliest timer of what the caller can run',
      async (d) => {
        await waiting(d, { a: d.now + 9_000 });
        await waiting(d, { a: d.now + 4_000 });
        const lease = await d.run({ definition: mails });
        await d.commit(lease, { record: { status: 'waiting', timers: { a: d.now + 1_000 } } });
        assert.equal((await d.claim({ runnable: [orders] })).nextAt, d.now + 4_000);
        assert.equal((await d.claim()).nextAt, d.now + 1_000);
      },
    ],
    [
      'nextAt is the earlier of timer and lease expiry',
      async (d) => {
        await waiting(d, { a: d.now + 2 * leaseMs });
        await d.run();
        assert.equal((await d.claim({ owner: p2 })).nextAt, d.now + leaseMs);
        await waiting(d, { a: d.now + 5 });
        assert.equal((await d.claim({ owner: p2 })).nextAt, d.now + 5);
      },
    ],
    [
      'a delayed execution is pending and due at its instant',
      async (d) => {
        const id = await d.publish({ dueAt: d.now + 60_000 });
        assert.equal((await d.record(id)).status, 'pending');
        assert.equal((await d.claim()).nextAt, d.now + 60_000);
        d.clock.advance(59_999);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        const { record, dueSince } = await d.claimOne();
        assert.deepEqual([record.id, dueSince], [id, d.now]);
      },
    ],
    [
      'a delay that is over is no delay',
      async (d) => {
        const id = await d.publish({ dueAt: d.now - 1 });
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'dueSince of a timer is its instant',
      async (d) => {
        const at = d.now + 1_000;
        await waiting(d, { a: at });
        d.clock.advance(5_000);
        assert.equal((await d.claimOne()).dueSince, at);
      },
    ],
    [
      'instants come back to the millisecond, up to the year 5138',
      async (d) => {
        const at = 99_999_999_999_999;
        const id = await waiting(d, { a: at, b: at - 1 });
        assert.deepEqual((await d.record(id)).timers, { a: at, b: at - 1 });
        assert.equal((await d.claim()).nextAt, at - 1);
      },
    ],
    [
      'a timer of a running execution wakes nobody',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { record: { status: 'running', timers: { a: d.now + 100 } } }), 'ok');
        d.clock.advance(200);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        assert.deepEqual(Object.keys((await d.record(lease.executionId)).timers), ['a']);
      },
    ],
    [
      'a parked execution wakes by no timer',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'parked', timers: { a: d.now + 100 } } });
        d.clock.advance(200);
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'pending is due at once, whatever its timers say',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'pending', timers: { a: d.now + dayMs } } });
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'a timer thirty years away stays exact',
      async (d) => {
        const at = d.now + 30 * 365 * dayMs + 1;
        await waiting(d, { far: at });
        assert.equal((await d.claim()).nextAt, at);
      },
    ],
    [
      'a thousand timers wake in order of their instants',
      async (d) => {
        const start = d.now;
        const ids = new Map<string, number>();
        for (let i = 0; i < 200; i++) {
          const at = start + 1 + ((i * 7_919) % 200) * 10;
          ids.set(await d.publish({ dueAt: at }), at);
        }
        for (let now = start; now <= start + 2_000; now += 100) {
          for (const id of await d.claimedIds({ limit: 1_000 })) {
            assert.ok((ids.get(id) ?? Number.POSITIVE_INFINITY) <= d.now, 'nothing wakes early');
            ids.delete(id);
          }
          for (const at of ids.values()) assert.ok(at > d.now, 'nothing due is left');
          d.clock.advance(100);
          await d.beat(p1);
        }
        assert.equal(ids.size, 0);
      },
    ],
  ]),
);
