import { strict as assert } from 'node:assert';
import { dayMs, eventId, executionId, mails, orders, p1, p2, type StoreDriver } from '../store-driver.js';
import type { NewEvent } from '../../../ports/store-write.js';
import { storeCaseGroup } from '../store-case.js';

export const publishCases = storeCaseGroup(
  'publish',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an accepted execution can be read as it was published',
      async (d) => {
        const id = await d.publish(
          {
            input: '{"total":3}',
            schemaHash: 's1',
            lane: 'vip',
            priority: 7,
            depth: 2,
            listening: ['cancel', 'event'],
          },
          { id: eventId('e1'), name: 'order.placed', session: 'tenant-1' },
        );
        const record = await d.record(id);
        assert.deepEqual(
          { ...record, timers: { ...record.timers } },
          {
            id,
            definition: orders,
            eventId: 'e1',
            eventName: 'order.placed',
            input: '{"total":3}',
            session: 'tenant-1',
            schemaHash: 's1',
            lane: 'vip',
            priority: 7,
            depth: 2,
            gate: null,
            status: 'pending',
            waitReason: null,
            attempt: 1,
            turn: 0,
            epoch: 0,
            timers: { ...record.timers },
            listening: ['cancel', 'event'],
            seenInboxSeq: 0,
            value: null,
            error: null,
            owner: null,
            fence: 0,
            createdAt: d.now,
            startedAt: null,
            endedAt: null,
          },
        );
      },
    ],
    [
      'an unknown execution reads as null',
      async (d) => {
        assert.equal(await d.store.read(executionId('nobody')), null);
        assert.deepEqual(await d.store.journal(executionId('nobody')), []);
        assert.deepEqual(await d.store.inbox(executionId('nobody'), 0, 10), []);
      },
    ],
    [
      'the answer names executions in the order of events and their executions',
      async (d) => {
        const a = d.event([d.execution({ definition: mails }), d.execution()]);
        const b = d.event([d.execution()]);
        const answer = d.published(await d.publishEvents(a, b));
        assert.deepEqual(
          answer.map(({ eventId, eventIndex, executionId, definition, duplicate }) => [
            eventId,
            eventIndex,
            executionId,
            definition,
            duplicate,
          ]),
          [
            [a.id, 0, a.executions[0]?.id, mails.id, false],
            [a.id, 0, a.executions[1]?.id, orders.id, false],
            [b.id, 1, b.executions[0]?.id, orders.id, false],
          ],
        );
      },
    ],
    [
      'an event without executions is accepted',
      async (d) => {
        assert.deepEqual(d.published(await d.publishEvents(d.event([]))), []);
      },
    ],
    [
      'an execution with an owner is created running under fence 1',
      async (d) => {
        const lease = await d.run();
        const record = await d.record(lease.executionId);
        assert.equal(record.status, 'running');
        assert.equal(record.fence, 1);
        assert.equal(record.owner, p1);
        assert.equal(record.startedAt, d.now);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
      },
    ],
    [
      'a resent write is already applied and answers the same executions and keys',
      async (d) => {
        const events = [d.event([d.execution({ owner: p1 })]), d.event([d.execution()])];
        const first = await d.publishEvents(...events);
        const again = await d.publishEvents(...events);
        d.is(first, 'ok');
        d.is(again, 'already');
        assert.deepEqual(d.published(again), d.published(first));
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
    [
      'a resent write under an explicit id is already applied, not a duplicate',
      async (d) => {
        const event = d.event([d.execution({ owner: p1 })], { dedup: { hash: 'h', until: d.now + dayMs } });
        const first = d.published(await d.publishEvents(event));
        const again = await d.publishEvents(event);
        d.is(again, 'already');
        assert.deepEqual(d.published(again), first);
      },
    ],
    [
      'a resend after the execution went on changes nothing of it',
      async (d) => {
        const event = d.event([d.execution({ owner: p1 })]);
        const [published] = d.published(await d.publishEvents(event));
        const lease = {
          executionId: published?.executionId ?? executionId(''),
          key: published?.key ?? 0,
          owner: p1,
          fence: 1,
        };
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
        d.is(await d.publishEvents(event), 'already');
        assert.equal((await d.record(lease.executionId)).status, 'completed');
      },
    ],
    [
      'the same explicit id answers the first executions as duplicates',
      async (d) => {
        const first = d.explicit('e1');
        const second = d.explicit('e1');
        d.is(await d.publishEvents(first), 'ok');
        const answer = d.published(await d.publishEvents(second));
        assert.deepEqual(answer, [
          {
            eventId: 'e1',
            eventIndex: 0,
            executionId: first.executions[0]?.id,
            definition: orders.id,
            key: null,
            createdAt: d.now,
            duplicate: true,
            leased: false,
          },
        ]);
        assert.equal(await d.store.read(second.executions[0]?.id ?? executionId('')), null);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'an owner is ignored for a duplicate',
      async (d) => {
        const first = d.explicit('e1');
        await d.publishEvents(first);
        const second = d.event([d.execution({ owner: p1 })], {
          id: eventId('e1'),
          dedup: { hash: 'h1', until: d.now + dayMs },
        });
        assert.equal(d.published(await d.publishEvents(second))[0]?.duplicate, true);
        assert.equal((await d.record(first.executions[0]?.id ?? executionId(''))).status, 'pending');
      },
    ],
    [
      'a duplicate answers every execution of the first publish, whatever the second names',
      async (d) => {
        const first = d.event([d.execution(), d.execution({ definition: mails })], {
          id: eventId('e1'),
          dedup: { hash: 'h1', until: d.now + dayMs },
        });
        await d.publishEvents(first);
        const answer = d.published(await d.publishEvents(d.explicit('e1')));
        assert.deepEqual(
          answer.map(({ executionId }) => executionId),
          first.executions.map(({ id }) => id),
        );
      },
    ],
    [
      'the same explicit id with another payload is refused and names the event',
      async (d) => {
        await d.publishEvents(d.explicit('e1', { hash: 'h1' }));
        const verdict = await d.publishEvents(d.explicit('e1', { hash: 'h2' }));
        d.is(verdict, 'rejected', 'event-conflict');
        assert.equal(verdict.verdict === 'rejected' ? verdict.eventId : null, 'e1');
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'one conflict refuses all events of the write, earlier ones included',
      async (d) => {
        await d.publishEvents(d.explicit('e2', { hash: 'h1' }));
        const fresh = d.explicit('e1');
        d.is(
          await d.publishEvents(fresh, d.explicit('e2', { hash: 'other' }), d.event([d.execution()])),
          'rejected',
          'event-conflict',
        );
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
        d.is(await d.publishEvents(fresh), 'ok');
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
    [
      'one id twice in a write is published once',
      async (d) => {
        const [first, second] = d.published(await d.publishEvents(d.explicit('e1'), d.explicit('e1')));
        assert.equal(first?.executionId, second?.executionId);
        assert.equal(second?.duplicate, true);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'one id twice in a write with different payloads refuses the write',
      async (d) => {
        d.is(
          await d.publishEvents(d.explicit('e1', { hash: 'a' }), d.explicit('e1', { hash: 'b' })),
          'rejected',
          'event-conflict',
        );
        assert.deepEqual(await d.store.list({ limit: 10 }), []);
      },
    ],
    [
      'one id in two sessions of a write is two events, new or known',
      async (d) => {
        const one = d.explicit('e1', { session: 'a' });
        const two = d.explicit('e1', { session: 'b' });
        const expected = [
          [0, one.executions[0]?.id],
          [1, two.executions[0]?.id],
        ];
        for (const events of [
          [one, two],
          [d.explicit('e1', { session: 'a' }), d.explicit('e1', { session: 'b' })],
        ])
          assert.deepEqual(
            d
              .published(await d.publishEvents(...events))
              .map(({ eventIndex, executionId }) => [eventIndex, executionId]),
            expected,
          );
      },
    ],
    [
      'ids of different sessions do not meet',
      async (d) => {
        await d.publishEvents(d.explicit('e1', { session: 'a', hash: 'h1' }));
        d.is(await d.publishEvents(d.explicit('e1', { session: 'b', hash: 'h2' })), 'ok');
        d.is(await d.publishEvents(d.explicit('e1', { session: null, hash: 'h3' })), 'ok');
        d.is(await d.publishEvents(d.explicit('e1', { session: '', hash: 'h4' })), 'ok');
        assert.equal((await d.store.list({ limit: 10 })).length, 4);
      },
    ],
    [
      'an id is remembered until its instant and forgotten after',
      async (d) => {
        const until = d.now + 1_000;
        await d.publishEvents(d.explicit('e1', { until }));
        d.clock.advance(999);
        assert.equal(d.published(await d.publishEvents(d.explicit('e1', { until })))[0]?.duplicate, true);
        d.clock.advance(2);
        const again = d.explicit('e1', { hash: 'h2', until: d.now + 1_000 });
        const answer = await d.publishEvents(again);
        d.is(answer, 'ok');
        assert.equal(d.published(answer)[0]?.duplicate, false);
        assert.equal((await d.record(again.executions[0]?.id ?? executionId(''))).status, 'pending');
      },
    ],
    [
      'a publish that is sent again when its id is forgotten is already applied',
      async (d) => {
        const event = d.explicit('e1', { until: d.now + 1_000 });
        d.is(await d.publishEvents(event), 'ok');
        d.clock.advance(2_000);
        const again = await d.publishEvents(event);
        d.is(again, 'already');
        assert.equal(d.published(again)[0]?.executionId, event.executions[0]?.id);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'a made id is no dedup key',
      async (d) => {
        d.is(await d.publishEvents(d.event([d.execution()], { id: eventId('same') })), 'ok');
        d.is(await d.publishEvents(d.event([d.execution()], { id: eventId('same') })), 'ok');
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
    [
      'an id of an event that started nothing stays free',
      async (d) => {
        const nothing = d.event([], { id: eventId('e1'), dedup: { hash: 'h1', until: d.now + dayMs } });
        d.is(await d.publishEvents(nothing), 'ok');
        const started = d.explicit('e1', { hash: 'h2' });
        const answer = await d.publishEvents(started);
        d.is(answer, 'ok');
        assert.equal(d.published(answer)[0]?.duplicate, false);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
      },
    ],
    [
      'an event that would start nothing is refused, or answered with the first executions, where its id is remembered',
      async (d) => {
        const first = d.explicit('e1', { hash: 'h1' });
        await d.publishEvents(first);
        const nothing = (hash: string): NewEvent =>
          d.event([], { id: eventId('e1'), dedup: { hash, until: d.now + dayMs } });
        d.is(await d.publishEvents(nothing('h2')), 'rejected', 'event-conflict');
        const [known] = d.published(await d.publishEvents(nothing('h1')));
        assert.deepEqual(known?.executionId, first.executions[0]?.id);
        assert.equal(known?.duplicate, true);
      },
    ],
    [
      'an input of a megabyte comes back whole',
      async (d) => {
        const input = JSON.stringify('ä€😀'.repeat(100_000));
        assert.equal((await d.record(await d.publish({ input }))).input, input);
      },
    ],
  ]),
);
