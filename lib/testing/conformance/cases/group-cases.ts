import { strict as assert } from 'node:assert';
import { executionId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

export const groupCases = storeCaseGroup(
  'groups',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an empty group answers no verdict',
      async (d) => {
        assert.deepEqual(await d.store.write([]), []);
      },
    ],
    [
      'a group answers one verdict per write, in order',
      async (d) => {
        const lost = await d.run();
        await d.store.leave(p1);
        await d.claimOne({ owner: p2 });
        await d.beat(p1);
        const [good, clash, twice] = [await d.run(), await d.run(), await d.run()];
        await d.commit(clash, { checkpoints: [d.checkpoint('a')] });
        const applied = d.delta(twice, { checkpoints: [d.checkpoint('a')] });
        await d.write(applied);
        await d.publishEvents(d.explicit('e1', { hash: 'h1' }));
        const fresh = d.event([d.execution()]);
        const verdicts = await d.store.write([
          d.delta(good, { checkpoints: [d.checkpoint('a')] }),
          d.delta(lost, { record: { status: 'completed', value: '"lost"' } }),
          d.delta(clash, {
            checkpoints: [d.checkpoint('a')],
            record: { status: 'completed', value: '"clash"' },
          }),
          applied,
          { kind: 'publish', events: [d.event([d.execution()]), d.explicit('e1', { hash: 'h2' })] },
          { kind: 'append', message: d.message(executionId('nobody'), 'cancel') },
          { kind: 'publish', events: [fresh] },
          d.delta(good, { record: { status: 'completed', value: '"good"' } }),
        ]);
        assert.deepEqual(
          verdicts.map((v) => (v.verdict === 'rejected' ? v.reason : v.verdict)),
          ['ok', 'stale', 'checkpoint-exists', 'already', 'event-conflict', 'unknown-execution', 'ok', 'ok'],
        );
        assert.equal((await d.record(good.executionId)).value, '"good"');
        assert.equal((await d.record(lost.executionId)).value, null);
        assert.equal((await d.record(clash.executionId)).status, 'running');
        assert.equal((await d.record(fresh.executions[0]?.id ?? executionId(''))).status, 'pending');
        assert.equal((await d.store.list({ limit: 100 })).length, 6);
      },
    ],
    [
      'a refused write in the middle changes nothing of its neighbours',
      async (d) => {
        for (const at of [0, 1, 2]) {
          const leases = [await d.run(), await d.run(), await d.run()];
          const writes = leases.map((lease, i) =>
            d.delta(i === at ? { ...lease, fence: 99 } : lease, {
              checkpoints: [d.checkpoint('a')],
              record: { status: 'completed', value: '1' },
            }),
          );
          const verdicts = await d.store.write(writes);
          for (const [i, lease] of leases.entries()) {
            assert.equal(verdicts[i]?.verdict, i === at ? 'stale' : 'ok');
            assert.deepEqual(await d.journalKeys(lease.executionId), i === at ? [] : ['a']);
            assert.equal((await d.record(lease.executionId)).status, i === at ? 'running' : 'completed');
          }
        }
      },
    ],
    [
      'writes of one group see those before them',
      async (d) => {
        const execution = d.execution({ owner: p1, listening: ['event'] });
        const lease = { executionId: execution.id, key: 0, owner: p1, fence: 1 };
        const [published] = await d.store.write([
          { kind: 'publish', events: [d.event([execution])] },
          { kind: 'append', message: d.message(execution.id, 'event', 'm1') },
        ]);
        const key = published === undefined ? 0 : (d.published(published)[0]?.key ?? 0);
        const verdicts = await d.store.write([
          d.delta({ ...lease, key }, { checkpoints: [d.checkpoint('a')] }),
          d.delta({ ...lease, key }, { record: { status: 'waiting', listening: ['event'] } }),
          { kind: 'append', message: d.message(execution.id, 'event', 'm1') },
        ]);
        assert.deepEqual(
          verdicts.map(({ verdict }) => verdict),
          ['ok', 'ok', 'already'],
        );
        assert.equal((await d.record(execution.id)).status, 'pending');
      },
    ],
    [
      'the same explicit id twice in a group is published once',
      async (d) => {
        const [first, second] = [d.explicit('e1'), d.explicit('e1')];
        const verdicts = await d.store.write([
          { kind: 'publish', events: [first] },
          { kind: 'publish', events: [second] },
          { kind: 'publish', events: [d.explicit('e1', { hash: 'other' })] },
        ]);
        assert.equal(verdicts[2]?.verdict, 'rejected');
        assert.equal(await d.store.read(second.executions[0]?.id ?? executionId('')), null);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'a group of the largest size applies whole',
      async (d) => {
        const count = Math.min(d.store.group.maxWrites, 1_000);
        const events = Array.from({ length: count }, () => d.event([d.execution({ owner: p1 })]));
        const verdicts = await d.store.write(
          events.map((event) => ({ kind: 'publish' as const, events: [event] })),
        );
        const leases = verdicts.map((verdict) => {
          const [published] = d.published(verdict);
          return {
            executionId: published?.executionId ?? executionId(''),
            key: published?.key ?? 0,
            owner: p1,
            fence: 1,
          };
        });
        const ends = await d.store.write(
          leases.map((lease) => d.delta(lease, { record: { status: 'completed', value: '1' } })),
        );
        assert.ok(ends.every(({ verdict }) => verdict === 'ok'));
        const counted = (await d.store.counts()).map(({ status, count }) => [status, count]);
        assert.deepEqual(counted, [['completed', count]]);
      },
    ],
    [
      'the limits of a group can hold a write',
      async (d) => {
        assert.ok(d.store.group.maxWrites >= 1 && d.store.group.maxBytes >= 64 * 1024);
        assert.ok(d.store.durability.length > 0);
        assert.ok(['macrotask', 'none'].includes(d.store.gather));
      },
    ],
  ]),
);
