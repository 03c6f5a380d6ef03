import { strict as assert } from 'node:assert';
import { executionId, mails, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

export const claimCases = storeCaseGroup(
  'claim',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a claim answers lease, record, empty journal and empty inbox of what is ready',
      async (d) => {
        const id = await d.publish();
        const { lease, record, journal, inbox, strikes } = await d.claimOne();
        assert.deepEqual([lease.executionId, lease.owner, lease.fence], [id, p1, 1]);
        assert.deepEqual([record.id, record.status, record.owner, record.fence], [id, 'running', p1, 1]);
        assert.equal(record.startedAt, d.now);
        assert.deepEqual([journal, inbox, strikes], [[], [], 0]);
      },
    ],
    [
      'what is claimed is stored as running',
      async (d) => {
        const id = await d.publish();
        await d.claimOne();
        const record = await d.record(id);
        assert.deepEqual([record.status, record.owner, record.fence], ['running', p1, 1]);
      },
    ],
    [
      'what is claimed is not claimed again while its owner lives',
      async (d) => {
        await d.publish();
        await d.claimOne();
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        assert.deepEqual(await d.claimedIds({ owner: p1 }), []);
      },
    ],
    [
      'a claim takes no more than its limit and says that more is due',
      async (d) => {
        for (let i = 0; i < 5; i++) await d.publish();
        const first = await d.claim({ limit: 3 });
        assert.deepEqual([first.claimed.length, first.more], [3, true]);
        const second = await d.claim({ limit: 3 });
        assert.deepEqual([second.claimed.length, second.more], [2, false]);
      },
    ],
    [
      'a claim of exactly what is due says that no more is',
      async (d) => {
        await d.publish();
        const { claimed, more } = await d.claim({ limit: 1 });
        assert.deepEqual([claimed.length, more], [1, false]);
      },
    ],
    [
      'a claim of an empty store knows no next instant',
      async (d) => {
        const { claimed, nextAt, more } = await d.claim();
        assert.deepEqual([claimed, nextAt, more], [[], null, false]);
      },
    ],
    [
      'only definitions that the caller can run are taken',
      async (d) => {
        const id = await d.publish();
        await d.publish({ definition: mails });
        assert.deepEqual(await d.claimedIds({ runnable: [orders] }), [id]);
        assert.deepEqual(await d.claimedIds({ runnable: [] }), []);
      },
    ],
    [
      'a definition of another fingerprint is not taken',
      async (d) => {
        const id = await d.publish({ definition: { id: orders.id, fingerprint: 'f2' } });
        assert.deepEqual(await d.claimedIds({ runnable: [orders] }), []);
        assert.deepEqual(await d.claimedIds({ runnable: [{ id: orders.id, fingerprint: 'f2' }] }), [id]);
      },
    ],
    [
      'id and fingerprint are not run together',
      async (d) => {
        await d.publish({ definition: { id: 'a', fingerprint: 'b c' } });
        await d.publish({ definition: { id: 'a:b', fingerprint: 'c' } });
        assert.deepEqual(
          await d.claimedIds({
            runnable: [
              { id: 'a b', fingerprint: 'c' },
              { id: 'a', fingerprint: 'b:c' },
            ],
          }),
          [],
        );
      },
    ],
    [
      'what others can run does not hide what the caller can',
      async (d) => {
        for (let i = 0; i < 50; i++) await d.publish({ definition: mails, lane: `lane-${i % 7}` });
        const id = await d.publish();
        const { claimed, more } = await d.claim({ runnable: [orders], limit: 1 });
        assert.deepEqual([claimed.map(({ lease }) => lease.executionId), more], [[id], false]);
      },
    ],
    [
      'with ids only those are considered',
      async (d) => {
        await d.publish();
        const wanted = await d.publish();
        assert.deepEqual(await d.claimedIds({ ids: [wanted, executionId('unknown')] }), [wanted]);
        assert.deepEqual(await d.claimedIds({ ids: [] }), []);
      },
    ],
    [
      'ids do not make due what is not',
      async (d) => {
        const later = await d.publish({ dueAt: d.now + 1_000 });
        const running = await d.run();
        assert.deepEqual(await d.claimedIds({ owner: p2, ids: [later, running.executionId] }), []);
      },
    ],
    [
      'ids do not make runnable what is not',
      async (d) => {
        const id = await d.publish({ definition: mails });
        assert.deepEqual(await d.claimedIds({ ids: [id], runnable: [orders] }), []);
      },
    ],
    [
      'one id given twice is claimed once',
      async (d) => {
        const id = await d.publish();
        assert.deepEqual(await d.claimedIds({ ids: [id, id] }), [id]);
      },
    ],
    [
      'an ended execution is never claimed',
      async (d) => {
        for (const status of ['completed', 'failed', 'cancelled', 'skipped'] as const) {
          const lease = await d.run();
          d.is(await d.commit(lease, { record: { status, timers: { late: d.now + 5 } } }), 'ok');
        }
        d.clock.advance(10);
        const { claimed, nextAt } = await d.claim();
        assert.deepEqual([claimed, nextAt], [[], null]);
      },
    ],
    [
      'dueSince says since when it was due',
      async (d) => {
        await d.publish();
        const published = d.now;
        d.clock.advance(500);
        assert.equal((await d.claimOne()).dueSince, published);
      },
    ],
    [
      'startedAt is set by the first claim only',
      async (d) => {
        const id = await d.publish();
        d.clock.advance(10);
        const started = d.now;
        const { lease } = await d.claimOne();
        await d.commit(lease, { record: { status: 'pending' } });
        d.clock.advance(10);
        await d.claimOne();
        assert.equal((await d.record(id)).startedAt, started);
      },
    ],
  ]),
);
