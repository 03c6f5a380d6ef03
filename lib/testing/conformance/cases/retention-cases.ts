import { strict as assert } from 'node:assert';
import type { ExecutionStatus } from '../../../model/execution.js';
import type { ExecutionId } from '../../../model/ids.js';
import type { PruneRequest } from '../../../ports/store.js';
import type { RecordChange } from '../../../ports/store-write.js';
import { dayMs, eventId, executionId, mails, p1, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function ended(d: StoreDriver, status: RecordChange['status'] = 'completed'): Promise<ExecutionId> {
  const lease = await d.run();
  d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')], record: { status, value: '1' } }), 'ok');
  return lease.executionId;
}

function everything(d: StoreDriver, limit = 1_000): PruneRequest {
  return { completedBefore: d.now + 1, failedBefore: d.now + 1, limit };
}

export const retentionCases = storeCaseGroup(
  'retention',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what ended before the instant goes, with its journal',
      async (d) => {
        const old = await ended(d);
        d.clock.advance(1_000);
        const young = await ended(d);
        const answer = await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 10 });
        assert.deepEqual([answer.removed, answer.more], [1, false]);
        assert.equal(await d.store.read(old), null);
        assert.deepEqual(await d.store.journal(old), []);
        assert.equal((await d.record(young)).status, 'completed');
      },
    ],
    [
      'failed executions have an instant of their own',
      async (d) => {
        const done = await ended(d, 'completed');
        const failed = await ended(d, 'failed');
        await d.store.prune({ completedBefore: d.now + 1, failedBefore: d.now - 5, limit: 10 });
        assert.equal(await d.store.read(done), null);
        assert.equal((await d.record(failed)).status, 'failed');
        await d.store.prune({ completedBefore: d.now - 5, failedBefore: d.now + 1, limit: 10 });
        assert.equal(await d.store.read(failed), null);
      },
    ],
    [
      'cancelled and skipped go with the completed',
      async (d) => {
        const ids = [await ended(d, 'cancelled'), await ended(d, 'skipped')];
        await d.store.prune({ completedBefore: d.now + 1, failedBefore: 0, limit: 10 });
        for (const id of ids) assert.equal(await d.store.read(id), null);
      },
    ],
    [
      'nothing that is open or parked ever goes',
      async (d) => {
        await d.publish();
        await d.publish({ dueAt: d.now + dayMs });
        await d.run();
        await d.commit(await d.run(), { record: { status: 'waiting', timers: { t: d.now + dayMs } } });
        await d.commit(await d.run(), { record: { status: 'parked', error: '{}' } });
        d.clock.advance(1_000 * dayMs);
        assert.equal((await d.store.prune(everything(d))).removed, 0);
        assert.equal((await d.store.list({ limit: 10 })).length, 5);
      },
    ],
    [
      'a reopened execution does not go',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'failed', error: '{}', listening: ['retry'] } });
        await d.append(lease.executionId, 'retry');
        d.clock.advance(dayMs);
        assert.equal((await d.store.prune(everything(d))).removed, 0);
        assert.equal((await d.claimOne()).lease.executionId, lease.executionId);
      },
    ],
    [
      'a prune removes no more than its limit and says when there is more',
      async (d) => {
        for (let i = 0; i < 5; i++) await ended(d);
        const answers = [await d.store.prune(everything(d, 3)), await d.store.prune(everything(d, 3))];
        assert.deepEqual(
          answers.map(({ removed, more }) => [removed, more]),
          [
            [3, true],
            [2, false],
          ],
        );
        assert.deepEqual(await d.store.list({ limit: 10 }), []);
      },
    ],
    [
      'a remembered id outlives its execution, with the outcome',
      async (d) => {
        const event = d.event([d.execution({ owner: p1, input: '{"secret":1}' })], {
          id: eventId('e1'),
          dedup: { hash: 'h1', until: d.now + 7 * dayMs },
        });
        const [published] = d.published(await d.publishEvents(event));
        const id = published?.executionId ?? executionId('');
        await d.commit(
          { executionId: id, key: published?.key ?? 0, owner: p1, fence: 1 },
          { record: { status: 'completed', value: '"kept"' } },
        );
        await d.store.prune(everything(d));
        assert.deepEqual(await d.store.list({ limit: 10 }), []);
        const record = await d.record(id);
        assert.deepEqual([record.status, record.value, record.error], ['completed', '"kept"', null]);
        const [again] = d.published(await d.publishEvents(d.explicit('e1')));
        assert.deepEqual([again?.executionId, again?.duplicate], [id, true]);
        d.is(await d.publishEvents(d.explicit('e1', { hash: 'other' })), 'rejected', 'event-conflict');
      },
    ],
    [
      'the outcome goes with the remembered id',
      async (d) => {
        const event = d.event([d.execution({ owner: p1 })], {
          id: eventId('e1'),
          dedup: { hash: 'h1', until: d.now + 1_000 },
        });
        const [published] = d.published(await d.publishEvents(event));
        const id = published?.executionId ?? executionId('');
        await d.commit(
          { executionId: id, key: published?.key ?? 0, owner: p1, fence: 1 },
          { record: { status: 'failed', error: '"why"' } },
        );
        await d.store.prune(everything(d));
        assert.equal((await d.record(id)).error, '"why"');
        d.clock.advance(2_000);
        await d.store.prune(everything(d));
        assert.equal(await d.store.read(id), null);
      },
    ],
    [
      'an id that was forgotten and is remembered anew keeps no outcome of its first execution',
      async (d) => {
        const until = d.now + 1_000;
        const lease = await d.run({}, { id: eventId('e1'), dedup: { hash: 'h1', until } });
        await d.commit(lease, { record: { status: 'completed', value: '1' } });
        d.clock.advance(2_000);
        d.is(await d.publishEvents(d.explicit('e1')), 'ok');
        await d.store.prune(everything(d));
        assert.equal(await d.store.read(lease.executionId), null);
      },
    ],
    [
      'a pruned execution takes no message',
      async (d) => {
        const id = await ended(d);
        await d.store.prune(everything(d));
        d.is(await d.append(id, 'retry'), 'rejected', 'unknown-execution');
      },
    ],
  ]),
);

export const listCases = storeCaseGroup(
  'list',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'pages follow one another in order of creation',
      async (d) => {
        const ids: ExecutionId[] = [];
        for (let i = 0; i < 25; i++) ids.push(await d.publish());
        const found: ExecutionId[] = [];
        for (let after: ExecutionId | undefined; ; after = found.at(-1)) {
          const page = await d.store.list(after === undefined ? { limit: 7 } : { limit: 7, after });
          found.push(...page.map(({ id }) => id));
          if (page.length < 7) break;
        }
        assert.deepEqual(found, ids);
      },
    ],
    [
      'a status that there is not matches nothing',
      async (d) => {
        await d.publish();
        for (const status of ['done', 'delayed', 'constructor', '']) {
          const found = await d.store.list({ status: status as ExecutionStatus, limit: 9 });
          assert.deepEqual(found, [], `status '${status}'`);
        }
      },
    ],
    [
      'each filter selects, and all together',
      async (d) => {
        const a = await d.publish({}, { session: 's1', name: 'order.placed' });
        const b = await d.publish({ definition: mails }, { session: 's1', name: 'order.placed' });
        const c = await d.publish({}, { session: 's2', name: 'order.paid' });
        await d.claim({ ids: [c] });
        const find = async (filter: Parameters<typeof d.store.list>[0]) =>
          (await d.store.list(filter)).map(({ id }) => id);
        assert.deepEqual(await find({ worker: 'orders', limit: 9 }), [a, c]);
        assert.deepEqual(await find({ worker: 'mails', limit: 9 }), [b]);
        assert.deepEqual(await find({ session: 's1', limit: 9 }), [a, b]);
        assert.deepEqual(await find({ event: 'order.paid', limit: 9 }), [c]);
        assert.deepEqual(await find({ status: 'running', limit: 9 }), [c]);
        assert.deepEqual(
          await find({ worker: 'orders', session: 's1', event: 'order.placed', status: 'pending', limit: 9 }),
          [a],
        );
        assert.deepEqual(await find({ worker: 'orders', session: 's1', status: 'running', limit: 9 }), []);
      },
    ],
    [
      'a worker is matched whole, never by prefix',
      async (d) => {
        const named = async (id: string) => d.publish({ definition: { id, fingerprint: 'f1' } });
        const plain = await named('order.run');
        await named('orders.run');
        await named('order-x.run');
        await named('Order.run');
        assert.deepEqual(
          (await d.store.list({ worker: 'order', limit: 9 })).map(({ id }) => id),
          [plain],
        );
      },
    ],
    [
      'the limit counts what matches',
      async (d) => {
        for (let i = 0; i < 10; i++) await d.publish({ definition: mails });
        const wanted = [await d.publish(), await d.publish()];
        assert.deepEqual(
          (await d.store.list({ worker: 'orders', limit: 2 })).map(({ id }) => id),
          wanted,
        );
      },
    ],
    [
      'counts are by definition and status',
      async (d) => {
        assert.deepEqual(await d.store.counts(), []);
        await d.publish();
        await d.publish();
        await d.publish({ definition: mails });
        await d.run();
        await ended(d, 'failed');
        const counted = (await d.store.counts()).map(
          ({ definition, status, count }) => `${definition} ${status} ${count}`,
        );
        assert.deepEqual(counted.sort(), [
          'mails.send pending 1',
          'orders.fulfil failed 1',
          'orders.fulfil pending 2',
          'orders.fulfil running 1',
        ]);
      },
    ],
  ]),
);
