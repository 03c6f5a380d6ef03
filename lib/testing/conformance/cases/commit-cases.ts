import { strict as assert } from 'node:assert';
import { executionId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

export const commitCases = storeCaseGroup(
  'commit',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'checkpoints come back as they were committed, in the order in which steps settled',
      async (d) => {
        const { executionId: id, ...rest } = await d.run();
        const lease = { executionId: id, ...rest };
        const rows = [
          d.checkpoint('b', { seq: 2, kind: 'failed', value: null, error: '{"name":"E"}', attempt: 3 }),
          d.checkpoint('a', { seq: 1, value: '"ä😀"' }),
          d.checkpoint('c', { seq: 3, kind: 'timer', value: null, wakeAt: d.now + 5 }),
          d.checkpoint('d', { seq: 4, kind: 'attempt', value: null, error: '{}', wakeAt: d.now + 9 }),
          d.checkpoint('e', { seq: 5, kind: 'started', value: null }),
        ];
        d.is(await d.commit(lease, { checkpoints: rows.slice(0, 2) }), 'ok');
        d.is(await d.commit(lease, { checkpoints: rows.slice(2) }), 'ok');
        const expected = [rows[1], rows[0], rows[2], rows[3], rows[4]];
        assert.deepEqual(
          (await d.store.journal(id)).map((row) => ({ ...row })),
          expected,
        );
      },
    ],
    [
      'a commit of checkpoints alone leaves the record as it is',
      async (d) => {
        const lease = await d.run();
        const before = await d.record(lease.executionId);
        await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        assert.deepEqual(await d.record(lease.executionId), before);
      },
    ],
    [
      'a commit of the record writes every field',
      async (d) => {
        const lease = await d.run();
        const wakeAt = d.now + 60_000;
        d.is(
          await d.commit(lease, {
            record: {
              status: 'waiting',
              waitReason: 'retry',
              timers: { 'retry:charge': wakeAt },
              listening: ['cancel', 'event'],
              attempt: 2,
            },
          }),
          'ok',
        );
        const record = await d.record(lease.executionId);
        assert.deepEqual(
          [
            record.status,
            record.waitReason,
            { ...record.timers },
            [...record.listening],
            record.attempt,
            record.owner,
          ],
          ['waiting', 'retry', { 'retry:charge': wakeAt }, ['cancel', 'event'], 2, null],
        );
        assert.equal(record.endedAt, null);
      },
    ],
    [
      'a completed execution keeps its value and the instant of its end',
      async (d) => {
        const lease = await d.run();
        d.clock.advance(7);
        d.is(await d.commit(lease, { record: { status: 'completed', value: '{"ok":true}' } }), 'ok');
        const record = await d.record(lease.executionId);
        assert.deepEqual(
          [record.status, record.value, record.error, record.endedAt, record.owner],
          ['completed', '{"ok":true}', null, d.now, null],
        );
      },
    ],
    [
      'a failed execution keeps its error',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'failed', error: '{"name":"CardDeclined"}' } });
        const record = await d.record(lease.executionId);
        assert.deepEqual(
          [record.status, record.value, record.error],
          ['failed', null, '{"name":"CardDeclined"}'],
        );
      },
    ],
    [
      'a commit that keeps running keeps the lease',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { record: { status: 'running', attempt: 2 } }), 'ok');
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        const record = await d.record(lease.executionId);
        assert.deepEqual([record.attempt, record.owner, record.fence], [2, p1, 1]);
      },
    ],
    [
      'after a release the same lease writes nothing more',
      async (d) => {
        for (const status of ['waiting', 'parked', 'completed', 'pending'] as const) {
          const lease = await d.run();
          d.is(await d.commit(lease, { record: { status } }), 'ok');
          d.is(await d.commit(lease, { checkpoints: [d.checkpoint('late')] }), 'stale');
          d.is(await d.commit(lease, { record: { status: 'failed', error: '{}' } }), 'stale');
          assert.deepEqual(await d.journalKeys(lease.executionId), []);
          assert.equal((await d.record(lease.executionId)).error, null);
        }
      },
    ],
    [
      'a commit to an execution that is not there applies nothing',
      async (d) => {
        const lease = { executionId: executionId('ghost'), key: 123_456, owner: p1, fence: 1 };
        const verdict = await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        assert.ok(verdict.verdict === 'stale' || verdict.verdict === 'rejected', JSON.stringify(verdict));
        assert.deepEqual(await d.store.journal(lease.executionId), []);
      },
    ],
    [
      'a checkpoint is never written over',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { checkpoints: [d.checkpoint('a', { value: '1' })] });
        d.is(
          await d.commit(lease, { checkpoints: [d.checkpoint('a', { value: '2' })] }),
          'rejected',
          'checkpoint-exists',
        );
        assert.deepEqual(
          (await d.store.journal(lease.executionId)).map(({ value }) => value),
          ['1'],
        );
      },
    ],
    [
      'an existing checkpoint refuses the whole delta',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { checkpoints: [d.checkpoint('a', { seq: 1 })] });
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('b', { seq: 2 }), d.checkpoint('a', { seq: 3 })],
          record: { status: 'completed', value: '1' },
          publish: { events: [d.event([d.execution()])] },
        });
        d.is(verdict, 'rejected', 'checkpoint-exists');
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
        assert.equal((await d.record(lease.executionId)).status, 'running');
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'after a refused delta the lease still commits',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'rejected', 'checkpoint-exists');
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
      },
    ],
    [
      'one key of different executions does not meet',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        d.is(await d.commit(a, { checkpoints: [d.checkpoint('same', { value: '1' })] }), 'ok');
        d.is(await d.commit(b, { checkpoints: [d.checkpoint('same', { value: '2' })] }), 'ok');
        assert.equal((await d.store.journal(a.executionId))[0]?.value, '1');
        assert.equal((await d.store.journal(b.executionId))[0]?.value, '2');
      },
    ],
    [
      'a checkpoint of a megabyte comes back whole',
      async (d) => {
        const lease = await d.run();
        const value = JSON.stringify('x€😀'.repeat(150_000));
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('big', { value })] }), 'ok');
        assert.equal((await d.store.journal(lease.executionId))[0]?.value, value);
      },
    ],
    [
      'two thousand checkpoints of one execution stay in order',
      async (d) => {
        const lease = await d.run();
        const keys: string[] = [];
        for (let group = 0; group < 20; group++) {
          const writes = Array.from({ length: 100 }, (_, i) => {
            const seq = group * 100 + i + 1;
            keys.push(`step~${seq}`);
            return d.delta(lease, { checkpoints: [d.checkpoint(`step~${seq}`, { seq })] });
          });
          await d.store.write(writes);
        }
        assert.deepEqual(await d.journalKeys(lease.executionId), keys);
        d.is(
          await d.commit(lease, { checkpoints: [d.checkpoint('step~1', { seq: 5_000 })] }),
          'rejected',
          'checkpoint-exists',
        );
      },
    ],
  ]),
);
