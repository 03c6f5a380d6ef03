import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** A failed execution with the checkpoints `a`, `b` and `c` of epoch 0. */
async function failed(d: StoreDriver): Promise<ExecutionId> {
  const lease = await d.run();
  const rows = ['a', 'b', 'c'].map((key, i) => d.checkpoint(key, { seq: i + 1 }));
  await d.commit(lease, { checkpoints: rows });
  d.is(
    await d.commit(lease, { record: { status: 'failed', error: '{"name":"E"}', listening: ['retry'] } }),
    'ok',
  );
  return lease.executionId;
}

async function claimed(d: StoreDriver): Promise<Lease> {
  await d.publish();
  return (await d.claimOne()).lease;
}

/** Reopens it as a retry does: the rows in `forget` are not loaded in epoch 1. */
async function reopened(d: StoreDriver, id: ExecutionId, forget: readonly string[]): Promise<Lease> {
  d.is(await d.append(id, 'retry'), 'ok');
  const { lease, inbox } = await d.claimOne();
  const seenInboxSeq = inbox.at(-1)?.seq ?? 0;
  d.is(await d.commit(lease, { record: { status: 'running', epoch: 1, forget, seenInboxSeq } }), 'ok');
  return lease;
}

export const retryCases = storeCaseGroup(
  'parked and retried',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a parked execution keeps its error and waits',
      async (d) => {
        const lease = await d.run();
        d.is(
          await d.commit(lease, {
            record: { status: 'parked', error: '{"name":"P"}', listening: ['resume', 'cancel'] },
          }),
          'ok',
        );
        const record = await d.record(lease.executionId);
        assert.deepEqual([record.status, record.error, record.owner], ['parked', '{"name":"P"}', null]);
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'a value that a row of the journal has is read wherever the record is, until a pass rewrites it',
      async (d) => {
        for (const lease of [await d.run(), await claimed(d)]) {
          const { executionId: id } = lease;
          for (const [at, value] of ['"a"', '{"n":"ä\\u0000"}', '"c"'].entries()) {
            const row = d.checkpoint(`k${at}`, { path: `k${at}`, seq: at + 1, value });
            d.is(await d.commit(lease, { checkpoints: [row] }), 'ok');
          }
          const end = {
            status: 'completed',
            value: '{"n":"ä\\u0000"}',
            valueSeq: 2,
            listening: ['retry'],
          } as const;
          const write = d.delta(lease, { record: end });
          d.is(await d.write(write), 'ok');
          d.is(await d.write(write), 'already');
          assert.equal((await d.record(id)).value, end.value);
          const listed = await d.store.list({ limit: 10 });
          assert.equal(listed.find((record) => record.id === id)?.value, end.value);
          const again = await reopened(d, id, ['k1']);
          assert.equal((await d.record(id)).value, null);
          d.is(
            await d.commit(again, {
              record: { status: 'completed', epoch: 1, value: '"d"', seenInboxSeq: 1 },
            }),
            'ok',
          );
          assert.equal((await d.record(id)).value, '"d"');
        }
      },
    ],
    [
      'resume makes a parked execution due with its journal',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        await d.commit(lease, { record: { status: 'parked', error: '{}', listening: ['resume', 'cancel'] } });
        d.is(await d.append(lease.executionId, 'resume'), 'ok');
        assert.equal((await d.record(lease.executionId)).status, 'pending');
        const { journal, inbox } = await d.claimOne();
        assert.deepEqual([journal.map(({ key }) => key), inbox.map(({ kind }) => kind)], [['a'], ['resume']]);
      },
    ],
    [
      'retry reopens a failed execution; its error stays until a pass rewrites it',
      async (d) => {
        const id = await failed(d);
        const ended = await d.record(id);
        d.clock.advance(5);
        d.is(await d.append(id, 'retry'), 'ok');
        const record = await d.record(id);
        assert.deepEqual(
          [record.status, record.error, record.endedAt],
          ['pending', '{"name":"E"}', ended.endedAt],
        );
      },
    ],
    [
      'a reopened execution completes anew',
      async (d) => {
        const lease = await reopened(d, await failed(d), []);
        d.is(
          await d.commit(lease, {
            record: { status: 'completed', value: '2', epoch: 1, seenInboxSeq: 1_000 },
          }),
          'ok',
        );
        const record = await d.record(lease.executionId);
        assert.deepEqual(
          [record.status, record.value, record.error, record.endedAt],
          ['completed', '2', null, d.now],
        );
      },
    ],
    [
      'a raised epoch hides what it forgets',
      async (d) => {
        const lease = await reopened(d, await failed(d), ['b', 'c']);
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
        assert.equal((await d.record(lease.executionId)).epoch, 1);
      },
    ],
    [
      'a claim does not load what was forgotten',
      async (d) => {
        const lease = await reopened(d, await failed(d), ['b']);
        await d.store.leave(p1);
        const { journal } = await d.claimOne({ owner: p2 });
        assert.deepEqual([lease.executionId, journal.map(({ key }) => key)], [lease.executionId, ['a', 'c']]);
      },
    ],
    [
      'a raised epoch that forgets nothing loads everything',
      async (d) => {
        const lease = await reopened(d, await failed(d), []);
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a', 'b', 'c']);
      },
    ],
    [
      'a forgotten key is free in the new epoch',
      async (d) => {
        const lease = await reopened(d, await failed(d), ['b', 'c']);
        d.is(
          await d.commit(lease, { checkpoints: [d.checkpoint('b', { seq: 4, epoch: 1, value: '"new"' })] }),
          'ok',
        );
        assert.deepEqual(
          (await d.store.journal(lease.executionId)).map(({ key, value }) => [key, value]),
          [
            ['a', '"a"'],
            ['b', '"new"'],
          ],
        );
      },
    ],
    [
      'rows of an epoch that has not begun are not loaded',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a', { epoch: 1 })] }), 'ok');
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('b', { seq: 2 })] }), 'ok');
        assert.deepEqual(await d.journalKeys(lease.executionId), ['b']);
      },
    ],
    [
      'within the new epoch rows are insert-only again',
      async (d) => {
        const lease = await reopened(d, await failed(d), ['b']);
        await d.commit(lease, { checkpoints: [d.checkpoint('b', { seq: 4, epoch: 1 })] });
        d.is(
          await d.commit(lease, { checkpoints: [d.checkpoint('b', { seq: 5, epoch: 1 })] }),
          'rejected',
          'checkpoint-exists',
        );
      },
    ],
    [
      'a second retry forgets rows of both epochs',
      async (d) => {
        const lease = await reopened(d, await failed(d), ['c']);
        await d.commit(lease, { checkpoints: [d.checkpoint('c', { seq: 4, epoch: 1, value: '"second"' })] });
        d.is(
          await d.commit(lease, {
            record: { status: 'running', epoch: 2, forget: ['b', 'c'], seenInboxSeq: 1_000 },
          }),
          'ok',
        );
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
        await d.commit(lease, { checkpoints: [d.checkpoint('c', { seq: 5, epoch: 2, value: '"third"' })] });
        assert.deepEqual(
          (await d.store.journal(lease.executionId)).map(({ value }) => value),
          ['"a"', '"third"'],
        );
      },
    ],
    [
      'keys are forgotten whole, never by prefix',
      async (d) => {
        const lease = await d.run();
        const keys = ['step1', 'step10', 'step1/a', 'Step1'];
        await d.commit(lease, { checkpoints: keys.map((key, i) => d.checkpoint(key, { seq: i + 1 })) });
        await d.commit(lease, { record: { status: 'running', epoch: 1, forget: ['step1'] } });
        assert.deepEqual(await d.journalKeys(lease.executionId), ['step10', 'step1/a', 'Step1']);
      },
    ],
    [
      'a cancelled parked execution ends',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'parked', error: '{}', listening: ['resume', 'cancel'] } });
        await d.append(lease.executionId, 'cancel');
        const { lease: next } = await d.claimOne();
        d.is(
          await d.commit(next, { record: { status: 'cancelled', listening: [], seenInboxSeq: 1_000 } }),
          'ok',
        );
        assert.equal((await d.record(lease.executionId)).status, 'cancelled');
      },
    ],
  ]),
);
