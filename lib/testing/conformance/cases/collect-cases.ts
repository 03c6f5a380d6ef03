import { strict as assert } from 'node:assert';
import type { PublishedExecution } from '../../../ports/store-write.js';
import { add, collected, isOpen, itemsOf, rule } from '../collect-scene.js';
import { dayMs, eventId, executionId, mails, p1, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

const joined = ({ executionId: id, batch, duplicate }: PublishedExecution) => [id, batch?.count, duplicate];

/** Which events an execution collects. */
export const collectCases = storeCaseGroup(
  'collecting',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'the first event creates an execution, those after it join, in order',
      async (d) => {
        const first = await add(d, ['1']);
        const third = await add(d, ['2', '3']);
        assert.equal(third.executionId, first.executionId);
        assert.deepEqual(first.batch, { count: 1, dueAt: d.now + 100 });
        assert.deepEqual(third.batch, { count: 3, dueAt: d.now + 100 });
        assert.deepEqual(
          [first, third].map(({ leased, duplicate }) => [leased, duplicate]),
          [
            [false, false],
            [false, false],
          ],
        );
        assert.deepEqual(await itemsOf(d, first.executionId), ['1', '2', '3']);
        assert.equal((await d.store.list({ limit: 10 })).length, 1);
        assert.equal((await d.record(first.executionId)).status, 'pending');
      },
    ],
    [
      'another name collects by itself',
      async (d) => {
        const names = ['b', 'b\0', '', '\ud800', 'B'];
        const ids = [];
        for (const name of names) ids.push((await add(d, ['1', '2'], { name })).executionId);
        assert.equal(new Set(ids).size, names.length);
        for (const [at, name] of names.entries())
          assert.equal((await d.store.batch(name))?.executionId, ids[at]);
      },
    ],
    [
      'the newest is told by its name',
      async (d) => {
        assert.equal(await d.store.batch('b'), null);
        const openedAt = d.now;
        const { executionId: id } = await add(d, ['1']);
        d.clock.advance(30);
        await add(d, ['2']);
        const dueAt = openedAt + 100;
        const open = { executionId: id, isOpen: true, count: 2, openedAt, dueAt };
        assert.deepEqual(await d.store.batch('b'), open);
        d.clock.advance(70);
        assert.deepEqual(await d.store.batch('b'), open);
        const { lease } = await d.claimOne();
        assert.deepEqual(await d.store.batch('b'), { ...open, isOpen: false });
        const next = await add(d, ['3']);
        assert.equal((await d.store.batch('b'))?.executionId, next.executionId);
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 2 } }), 'ok');
        assert.equal((await d.store.batch('b'))?.isOpen, true);
      },
    ],
    [
      'what was claimed takes no more: the next event opens another',
      async (d) => {
        const first = await add(d, ['1', '2']);
        d.clock.advance(100);
        const { lease, batch } = await d.claimOne();
        assert.deepEqual(batch, { count: 2, dueAt: d.now, flushed: false, lastSeq: 2 });
        const next = await add(d, ['3']);
        assert.notEqual(next.executionId, first.executionId);
        assert.deepEqual(next.batch, { count: 1, dueAt: d.now + 100 });
        d.is(await d.commit(lease, { record: { status: 'pending' } }), 'ok');
        assert.equal((await add(d, ['4'])).executionId, next.executionId);
        assert.deepEqual(await itemsOf(d, first.executionId), ['1', '2']);
        assert.deepEqual(await itemsOf(d, next.executionId), ['3', '4']);
      },
    ],
    [
      'the last that it takes closes it',
      async (d) => {
        const second = await add(d, ['1', '2'], { most: 2 });
        assert.deepEqual(second.batch, { count: 2, dueAt: d.now });
        assert.equal(await isOpen(d), false);
        const third = await add(d, ['3'], { most: 2 });
        assert.notEqual(third.executionId, second.executionId);
        assert.deepEqual(await d.claimedIds(), [second.executionId]);
        assert.deepEqual((await add(d, ['4'], { name: 'one', most: 1 })).batch, { count: 1, dueAt: d.now });
        assert.equal(await isOpen(d, 'one'), false);
      },
    ],
    [
      'a cancel closes it',
      async (d) => {
        const first = await add(d, ['1']);
        d.is(await d.append(first.executionId, 'cancel'), 'ok');
        assert.equal(await isOpen(d), false);
        const second = await add(d, ['2']);
        assert.notEqual(second.executionId, first.executionId);
        assert.deepEqual(await d.claimedIds(), [first.executionId]);
        assert.deepEqual(await itemsOf(d, second.executionId), ['2']);
      },
    ],
    [
      'what is sent again joins nothing twice, before it begins, after, and when it has ended',
      async (d) => {
        const [a, b] = [collected(d, { item: 'a' }), collected(d, { item: 'b' })];
        const first = d.published(await d.publishEvents(a))[0];
        d.is(await d.publishEvents(b), 'ok');
        assert.ok(first !== undefined);
        const again = async () => {
          for (const event of [a, b]) {
            const verdict = await d.publishEvents(event);
            d.is(verdict, 'already');
            assert.deepEqual(d.published(verdict).map(joined), [[first.executionId, 2, false]]);
          }
          assert.deepEqual(await itemsOf(d, first.executionId), ['a', 'b']);
          assert.equal((await d.store.list({ limit: 10 })).length, 1);
        };
        await again();
        d.clock.advance(100);
        const { lease } = await d.claimOne();
        await again();
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 2, value: '1' } }), 'ok');
        await again();
      },
    ],
    [
      'a known explicit id joins nothing, and names the execution it joined',
      async (d) => {
        const until = d.now + dayMs;
        const event = (item: string, hash = 'h') =>
          collected(d, { item }, {}, { id: eventId('e'), dedup: { hash, until } });
        const first = await add(d, ['0']);
        const own = event('1');
        const joins = d.published(await d.publishEvents(own));
        assert.deepEqual(joins.map(joined), [[first.executionId, 2, false]]);
        d.is(await d.publishEvents(own), 'already');
        const other = await d.publishEvents(event('1'));
        d.is(other, 'ok');
        assert.deepEqual(d.published(other).map(joined), [[first.executionId, undefined, true]]);
        d.is(await d.publishEvents(event('2', 'h2')), 'rejected', 'event-conflict');
        assert.deepEqual(await itemsOf(d, first.executionId), ['0', '1']);
      },
    ],
    [
      'events of one write join one after the other, beside executions of their own',
      async (d) => {
        const both = collected(d, { item: '1' });
        const alone = d.execution({ definition: mails });
        const events = [{ ...both, executions: [...both.executions, alone] }, collected(d, { item: '2' })];
        const published = d.published(await d.publishEvents(...events));
        assert.deepEqual(
          published.map(({ executionId: id, eventIndex, batch }) => [id, eventIndex, batch?.count]),
          [
            [both.executions[0]?.id, 0, 1],
            [alone.id, 0, undefined],
            [both.executions[0]?.id, 1, 2],
          ],
        );
        assert.deepEqual(await d.claimedIds(), [alone.id]);
      },
    ],
    [
      'of a write that is refused nothing joins',
      async (d) => {
        await add(d, ['1']);
        d.is(await d.publishEvents(d.explicit('e')), 'ok');
        const refused = await d.publishEvents(collected(d, { item: '2' }), d.explicit('e', { hash: 'h2' }));
        d.is(refused, 'rejected', 'event-conflict');
        assert.equal((await d.store.batch('b'))?.count, 1);
      },
    ],
    [
      'what a step publishes joins with its commit, once',
      async (d) => {
        const first = await add(d, ['1']);
        const lease = await d.run();
        const until = d.now + dayMs;
        const explicit = collected(d, { item: '3' }, {}, { id: eventId('e'), dedup: { hash: 'h', until } });
        const publish = { events: [collected(d, { item: '2' }), explicit] };
        const parts = { checkpoints: [d.checkpoint('a')], publish, commitNo: 1 };
        const answer = d.published(await d.commit(lease, parts)).map(joined);
        assert.deepEqual(answer, [
          [first.executionId, 2, false],
          [first.executionId, 3, false],
        ]);
        const again = await d.commit(lease, parts);
        d.is(again, 'already');
        assert.deepEqual(
          d.published(again).map(({ executionId: id }) => id),
          [first.executionId, first.executionId],
        );
        const stale = { ...lease, fence: 9 };
        d.is(await d.commit(stale, { publish: { events: [collected(d)] }, commitNo: 1 }), 'stale');
        const known = collected(d, { item: '3' }, {}, { id: eventId('e'), dedup: { hash: 'h', until } });
        d.is(await d.commit(lease, { publish: { events: [known] } }), 'rejected', 'event-known');
        assert.deepEqual(await itemsOf(d, first.executionId), ['1', '2', '3']);
      },
    ],
    [
      'items stay when they were seen, are read in pages, and go with their execution',
      async (d) => {
        const items = Array.from({ length: 1_200 }, (_, at) => String(at));
        const events = items.map((item) => collected(d, { item, most: 2_000 }));
        d.is(await d.publishEvents(...events), 'ok');
        d.clock.advance(100);
        const { lease, inbox, batch } = await d.claimOne();
        assert.equal(batch?.count, items.length);
        assert.deepEqual(inbox, [], 'items are read by themselves');
        const resend = events.at(-1);
        assert.ok(resend !== undefined);
        d.is(await d.append(lease.executionId, 'resume'), 'ok');
        const change = { status: 'waiting', seenInboxSeq: 1_201, timers: { t: d.now + 1 } } as const;
        d.is(await d.commit(lease, { record: change }), 'ok');
        d.clock.advance(1);
        const again = await d.claimOne();
        assert.deepEqual(again.batch, batch);
        assert.deepEqual(again.inbox, []);
        const read: (string | null)[] = [];
        for (let after = 0; ; ) {
          const page = await d.store.inbox(lease.executionId, after, 500);
          if (page.length === 0) break;
          assert.ok(page.length <= 500);
          read.push(...page.map(({ body }) => body));
          after = page.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER;
        }
        assert.deepEqual(read, items);
        d.is(await d.publishEvents(resend), 'already');
        d.is(await d.commit(again.lease, { record: { status: 'completed', seenInboxSeq: 1_201 } }), 'ok');
        d.clock.advance(10);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 10 });
        assert.equal(await d.store.batch('b'), null);
        assert.deepEqual(await d.store.inbox(lease.executionId, 0, 10), []);
        assert.equal(await d.store.read(lease.executionId), null);
      },
    ],
    [
      'many messages in the inbox push no item out',
      async (d) => {
        const { executionId: id } = await add(d, ['1', '2']);
        for (let sent = 0; sent < 1_300; sent += 100)
          await d.store.write(
            Array.from({ length: 100 }, () => ({ kind: 'append', message: d.message(id, 'event') }) as const),
          );
        d.clock.advance(100);
        const { lease } = await d.claimOne();
        d.is(await d.commit(lease, { record: { status: 'running', seenInboxSeq: 1_302 } }), 'ok');
        for (let sent = 0; sent < 300; sent++) d.is(await d.append(id, 'event'), 'ok');
        assert.deepEqual(await itemsOf(d, id), ['1', '2']);
      },
    ],
    [
      'one that is retried has its events, and takes no more',
      async (d) => {
        const { executionId: id } = await add(d, ['1', '2']);
        d.clock.advance(100);
        const { lease } = await d.claimOne();
        const failed = { status: 'failed', listening: ['retry'], error: '1', seenInboxSeq: 2 } as const;
        d.is(await d.commit(lease, { record: failed }), 'ok');
        const next = await add(d, ['3']);
        assert.notEqual(next.executionId, id);
        d.is(await d.append(id, 'retry'), 'ok');
        const again = await d.claimOne();
        assert.deepEqual([again.lease.executionId, again.batch?.count], [id, 2]);
        assert.deepEqual(await itemsOf(d, id), ['1', '2']);
      },
    ],
    [
      'what is asked for an owner is not leased, and its own instant is not used',
      async (d) => {
        const over = { owner: p1, dueAt: d.now + 5, id: executionId('c') };
        const published = d.published(await d.publishEvents(collected(d, rule, over)))[0];
        assert.deepEqual([published?.leased, published?.batch?.dueAt], [false, d.now + 100]);
        d.clock.advance(99);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        assert.deepEqual(await d.claimedIds(), ['c']);
      },
    ],
  ]),
);
