import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { ClaimRequest } from '../../../ports/store.js';
import { executionId, mails, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { fullGate, one } from './gate-scene.js';
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
      'a claim of limit 0 takes nothing and says whether something is due',
      async (d) => {
        const none = async (expected: boolean, request: Partial<ClaimRequest> = {}): Promise<void> => {
          const { claimed, more } = await d.claim({ limit: 0, ...request });
          assert.deepEqual([claimed, more], [[], expected]);
        };
        await none(false);
        await d.publish({ dueAt: d.now + 5 });
        await none(false);
        d.clock.advance(5);
        await none(true);
        await none(true);
        await none(false, { runnable: [mails] });
        await none(false, { runnable: [] });
        await d.store.setPaused([orders.id], true);
        await none(false);
        await d.store.setPaused([orders.id], false);
        assert.equal((await d.claimOne()).lease.fence, 1);
        await none(false);
      },
    ],
    [
      'a claim of limit 0 does not count what waits at a full gate as due',
      async (d) => {
        const {
          queue: [queued],
        } = await fullGate(d, 1);
        const timed = await d.publish({ gate: one, dueAt: d.now + 5 });
        d.clock.advance(5);
        const ids = [queued as ExecutionId, timed];
        assert.deepEqual(
          [(await d.claim({ limit: 0, ids })).more, (await d.claim({ limit: 0 })).more],
          [false, false],
        );
      },
    ],
    [
      'a claim of limit 0 leaves what is ready as it is',
      async (d) => {
        const id = await d.publish();
        const before = await d.record(id);
        const { claimed, more } = await d.claim({ limit: 0 });
        assert.deepEqual([claimed, more, await d.record(id)], [[], true, before]);
        assert.deepEqual((await d.claimOne({ owner: p2 })).lease.fence, 1);
      },
    ],
    [
      'a claim of limit 0 leaves running what a dead process ran, and says that it is due',
      async (d) => {
        const { executionId: id } = await d.run({ owner: p2 });
        assert.equal((await d.claim({ limit: 0 })).more, false);
        await d.store.leave(p2);
        const { claimed, more } = await d.claim({ limit: 0 });
        const { status, owner, fence } = await d.record(id);
        assert.deepEqual([claimed, more, status, owner, fence], [[], true, 'running', p2, 1]);
        assert.equal((await d.claimOne()).lease.fence, 2);
      },
    ],
    [
      'a claim of limit 0 with ids says whether one of them is due',
      async (d) => {
        const [id, later] = [await d.publish(), await d.publish({ dueAt: d.now + 1_000 })];
        const due = async (...ids: ExecutionId[]) => {
          const { claimed, more } = await d.claim({ limit: 0, ids });
          return [claimed.length, more];
        };
        assert.deepEqual(
          [await due(), await due(later), await due(later, id)],
          [
            [0, false],
            [0, false],
            [0, true],
          ],
        );
        assert.equal((await d.record(id)).fence, 0);
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
