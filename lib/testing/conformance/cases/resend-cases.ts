import { strict as assert } from 'node:assert';
import type { Write } from '../../../ports/store-write.js';
import { dayMs, eventId, executionId, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function verdicts(d: StoreDriver, group: readonly Write[]): Promise<readonly string[]> {
  return (await d.store.write(group)).map(({ verdict }) => verdict);
}

export const resendCases = storeCaseGroup(
  'resend',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a resent commit of checkpoints is already applied',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, { checkpoints: [d.checkpoint('a')] });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
      },
    ],
    [
      'a resent commit that keeps running is already applied',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, {
          checkpoints: [d.checkpoint('a')],
          record: { status: 'running', attempt: 2 },
        });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
      },
    ],
    [
      'a resent commit that released the lease is already applied',
      async (d) => {
        for (const status of ['waiting', 'parked', 'completed', 'failed', 'pending'] as const) {
          const lease = await d.run();
          const write = d.delta(lease, { checkpoints: [d.checkpoint('a')], record: { status } });
          d.is(await d.write(write), 'ok');
          d.is(await d.write(write), 'already');
        }
      },
    ],
    [
      'a resent release is already applied after another process claimed it',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, { record: { status: 'pending' } });
        d.is(await d.write(write), 'ok');
        const taken = await d.claimOne({ owner: p2 });
        d.is(await d.write(write), 'already');
        const record = await d.record(lease.executionId);
        assert.deepEqual([record.status, record.owner, record.fence], ['running', p2, taken.lease.fence]);
      },
    ],
    [
      'a resent group of several commits of one execution is already applied for each',
      async (d) => {
        const lease = await d.run();
        const group = [
          d.delta(lease, { checkpoints: [d.checkpoint('a', { seq: 1 })] }),
          d.delta(lease, { checkpoints: [d.checkpoint('b', { seq: 2 })] }),
          d.delta(lease, { record: { status: 'running', attempt: 2 } }),
          d.delta(lease, { checkpoints: [d.checkpoint('c', { seq: 3 })] }),
          d.delta(lease, { record: { status: 'completed', value: '1' } }),
        ];
        assert.deepEqual(await verdicts(d, group), Array(5).fill('ok'));
        assert.deepEqual(await verdicts(d, group), Array(5).fill('already'));
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a', 'b', 'c']);
      },
    ],
    [
      'a resent group whose last commit begins the next turn is already applied for each',
      async (d) => {
        const lease = await d.run();
        const next = { event: 'order.placed', input: '2', schemaHash: null };
        const group = [
          d.delta(lease, { checkpoints: [d.checkpoint('a', { seq: 1 })] }),
          d.delta(lease, { checkpoints: [d.checkpoint('b', { seq: 2 }), d.checkpoint('c', { seq: 3 })] }),
          d.delta(lease, { record: { status: 'pending', next } }),
        ];
        assert.deepEqual(await verdicts(d, group), ['ok', 'ok', 'ok']);
        assert.deepEqual(await verdicts(d, group), ['already', 'already', 'already']);
        assert.deepEqual(await d.journalKeys(lease.executionId), []);
        assert.equal((await d.record(lease.executionId)).turn, 1);
      },
    ],
    [
      'a commit that was refused is not applied already because others have followed it',
      async (d) => {
        const until = d.now + 1_000;
        await d.publishEvents(d.explicit('e1', { hash: 'h1', until }));
        const lease = await d.run();
        const event = d.explicit('e1', { hash: 'h2' });
        const group = [
          d.delta(lease, { checkpoints: [d.checkpoint('emit')], publish: { events: [event] } }),
          d.delta(lease, { checkpoints: [d.checkpoint('a', { seq: 2 })] }),
          d.delta(lease, { record: { status: 'running', attempt: 2 } }),
        ];
        assert.deepEqual(await verdicts(d, group), ['rejected', 'ok', 'ok']);
        assert.deepEqual(await verdicts(d, group), ['rejected', 'already', 'already']);
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
        d.clock.advance(2_000);
        assert.deepEqual(await verdicts(d, group), ['ok', 'already', 'already']);
        assert.deepEqual(await verdicts(d, group), ['already', 'already', 'already']);
        assert.deepEqual(await d.journalKeys(lease.executionId), ['emit', 'a']);
      },
    ],
    [
      'a group whose first half was applied goes on where it ended',
      async (d) => {
        const lease = await d.run();
        const first = d.delta(lease, { checkpoints: [d.checkpoint('a')] });
        const second = d.delta(lease, { record: { status: 'completed', value: '1' } });
        d.is(await d.write(first), 'ok');
        assert.deepEqual(await verdicts(d, [first, second]), ['already', 'ok']);
        assert.equal((await d.record(lease.executionId)).status, 'completed');
      },
    ],
    [
      'equal commit numbers under different fences do not meet',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { commitNo: 1, checkpoints: [d.checkpoint('a')] }), 'ok');
        await d.store.leave(p1);
        const { lease: next } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(next, { commitNo: 1, checkpoints: [d.checkpoint('b')] }), 'ok');
        assert.deepEqual([...(await d.journalKeys(lease.executionId))].sort(), ['a', 'b']);
      },
    ],
  ]),
);

export const publishInCommitCases = storeCaseGroup(
  'publish in a commit',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a publish inside a delta applies with it',
      async (d) => {
        const lease = await d.run();
        const event = d.event([d.execution({ owner: p1 })]);
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [event] },
        });
        d.is(verdict, 'ok');
        const [child] = d.published(verdict);
        assert.equal(child?.executionId, event.executions[0]?.id);
        assert.notEqual(child?.key, null);
        assert.equal((await d.record(event.executions[0]?.id ?? executionId(''))).status, 'running');
      },
    ],
    [
      'a publish inside a stale delta does not apply',
      async (d) => {
        const lease = await d.run();
        await d.store.leave(p1);
        await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { publish: { events: [d.event([d.execution()])] } }), 'stale');
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'a resent delta with a publish answers the same executions and makes no others',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [d.event([d.execution()])] },
        });
        const first = await d.write(write);
        const again = await d.write(write);
        d.is(again, 'already');
        if (again.verdict === 'already' && again.executions !== undefined)
          assert.deepEqual(d.published(again), d.published(first));
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
    [
      'a conflict of an event inside a delta refuses the whole delta',
      async (d) => {
        await d.publishEvents(d.explicit('e1', { hash: 'h1' }));
        const lease = await d.run();
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [d.explicit('e1', { hash: 'h2' })] },
          record: { status: 'completed', value: '1' },
        });
        d.is(verdict, 'rejected', 'event-conflict');
        assert.deepEqual(await d.journalKeys(lease.executionId), []);
        assert.equal((await d.record(lease.executionId)).status, 'running');
      },
    ],
    [
      'an event inside a delta that was published before refuses the whole delta and answers the first executions',
      async (d) => {
        const first = d.explicit('e1');
        await d.publishEvents(first);
        const lease = await d.run();
        const fresh = d.event([d.execution()]);
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [fresh, d.explicit('e1'), d.explicit('e2')] },
        });
        d.is(verdict, 'rejected', 'event-known');
        assert.deepEqual(verdict.verdict === 'rejected' ? verdict.known : null, [
          { eventIndex: 1, executions: [{ id: first.executions[0]?.id, definition: orders.id }] },
        ]);
        assert.deepEqual(await d.journalKeys(lease.executionId), []);
        assert.equal(await d.store.read(fresh.executions[0]?.id ?? executionId('')), null);
        d.is(await d.publishEvents(d.explicit('e2', { hash: 'other' })), 'ok');
      },
    ],
    [
      'an event inside a delta that started nothing when it was published before starts its executions',
      async (d) => {
        const dedup = { hash: 'h1', until: d.now + dayMs };
        await d.publishEvents(d.event([], { id: eventId('e1'), dedup }));
        const lease = await d.run();
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [d.explicit('e1')] },
        });
        d.is(verdict, 'ok');
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
    [
      'a resent delta with a publish under an explicit id is already applied, not known',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [d.explicit('e1')] },
        });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
      },
    ],
    [
      'one event twice inside a delta is accepted once',
      async (d) => {
        const lease = await d.run();
        const event = d.explicit('e1');
        const verdict = await d.commit(lease, {
          checkpoints: [d.checkpoint('emit')],
          publish: { events: [event, event] },
        });
        d.is(verdict, 'ok');
        assert.deepEqual(
          d.published(verdict).map(({ eventIndex, executionId }) => [eventIndex, executionId]),
          [
            [0, event.executions[0]?.id],
            [1, event.executions[0]?.id],
          ],
        );
      },
    ],
  ]),
);
