import { strict as assert } from 'node:assert';
import { add, collected, isOpen, itemsOf, taken } from '../collect-scene.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** When what collects begins. */
export const collectDueCases = storeCaseGroup(
  'collecting, when due',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a window begins with the first event, not a millisecond before its end',
      async (d) => {
        const { executionId: id } = await add(d, ['1']);
        d.clock.advance(60);
        const second = await add(d, ['2']);
        assert.equal(second.batch?.dueAt, d.now + 40);
        d.clock.advance(39);
        const early = await d.claim();
        assert.deepEqual([early.claimed.length, early.nextAt], [0, d.now + 1]);
        d.clock.advance(1);
        assert.deepEqual(await taken(d), [[id, { count: 2, dueAt: d.now, flushed: false, lastSeq: 2 }]]);
      },
    ],
    [
      'one that slides is due after its newest event',
      async (d) => {
        const { executionId: id } = await add(d, ['1'], { slides: true });
        for (let count = 2; count <= 4; count++) {
          d.clock.advance(60);
          const { batch } = await add(d, [String(count)], { slides: true });
          assert.deepEqual(batch, { count, dueAt: d.now + 100 });
        }
        d.clock.advance(99);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        assert.deepEqual(await taken(d), [[id, { count: 4, dueAt: d.now, flushed: false, lastSeq: 4 }]]);
      },
    ],
    [
      'one that slides waits no longer than its longest wait after the first event',
      async (d) => {
        const over = { slides: true, maxWaitMs: 150 };
        const openedAt = d.now;
        const { executionId: id } = await add(d, ['1'], over);
        d.clock.advance(60);
        assert.equal((await add(d, ['2'], over)).batch?.dueAt, openedAt + 150);
        d.clock.advance(60);
        assert.equal((await add(d, ['3'], over)).batch?.dueAt, openedAt + 150);
        d.clock.advance(29);
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(1);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'the last that it takes makes it due at once',
      async (d) => {
        const { executionId: id } = await add(d, ['1', '2'], { most: 3 });
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(7);
        await add(d, ['3'], { most: 3 });
        assert.deepEqual(await taken(d), [[id, { count: 3, dueAt: d.now, flushed: false, lastSeq: 3 }]]);
      },
    ],
    [
      'the rule of the newest event holds',
      async (d) => {
        const { executionId: id } = await add(d, ['1'], { flushAfterMs: 1_000 });
        assert.equal((await add(d, ['2'], { flushAfterMs: 10 })).batch?.dueAt, d.now + 10);
        assert.equal((await add(d, ['3'], { flushAfterMs: 50 })).batch?.dueAt, d.now + 50);
        assert.equal((await d.store.batch('b'))?.dueAt, d.now + 50);
        assert.equal((await add(d, ['4'], { most: 4 })).batch?.dueAt, d.now);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'a rule under which its time is over makes it due at once',
      async (d) => {
        const { executionId: id } = await add(d, ['1'], { flushAfterMs: 1_000 });
        d.clock.advance(500);
        assert.equal((await add(d, ['2'], { flushAfterMs: 10 })).batch?.dueAt, d.now);
        assert.deepEqual(await d.claimedIds(), [id]);
        assert.equal((await add(d, ['3'], { flushAfterMs: 0 })).batch?.dueAt, d.now);
        assert.deepEqual((await d.claimedIds()).length, 1);
      },
    ],
    [
      'a flush makes it due at once, and is told; sent again it flushes nothing else',
      async (d) => {
        const { executionId: id } = await add(d, ['1']);
        d.clock.advance(5);
        const flushed = await d.append(id, 'flush', 'f');
        d.is(flushed, 'ok');
        assert.equal(flushed.verdict === 'ok' && flushed.due, true);
        assert.equal((await add(d, ['2'])).executionId, id, 'it takes events until it is claimed');
        const { lease, batch } = await d.claimOne();
        assert.deepEqual(batch, { count: 2, dueAt: d.now, flushed: true, lastSeq: 3 });
        const next = await add(d, ['3']);
        d.is(await d.append(id, 'flush', 'f'), 'already');
        d.is(await d.append(id, 'flush', 'f2'), 'ok');
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 4 } }), 'ok');
        assert.equal((await d.store.batch('b'))?.executionId, next.executionId);
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'a flush of one that is due is not why it is due',
      async (d) => {
        const { executionId: id } = await add(d, ['1']);
        const dueAt = d.now + 100;
        d.clock.advance(120);
        d.is(await d.append(id, 'flush'), 'ok');
        assert.deepEqual(await taken(d), [[id, { count: 1, dueAt, flushed: false, lastSeq: 1 }]]);
      },
    ],
    [
      'what is due stays due, whatever joins it',
      async (d) => {
        const { executionId: id } = await add(d, ['1'], { slides: true });
        const dueAt = d.now + 100;
        d.clock.advance(100);
        assert.deepEqual((await add(d, ['2'], { slides: true })).batch, { count: 2, dueAt });
        d.clock.advance(50);
        assert.deepEqual((await add(d, ['3'], { slides: true })).batch, { count: 3, dueAt });
        assert.deepEqual(await taken(d), [[id, { count: 3, dueAt, flushed: false, lastSeq: 3 }]]);
      },
    ],
    [
      'behind its gate it takes events until it is claimed',
      async (d) => {
        const gate = { name: 'g', limit: 1 };
        const first = await add(d, ['1'], { most: 1 }, gate);
        const { lease } = await d.claimOne();
        const second = await add(d, ['2'], {}, gate);
        d.clock.advance(100);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        assert.deepEqual((await d.record(second.executionId)).waitReason, 'gate');
        assert.equal((await add(d, ['3'], {}, gate)).executionId, second.executionId);
        d.clock.advance(100);
        assert.deepEqual((await add(d, ['4'], {}, gate)).batch, { count: 3, dueAt: d.now - 100 });
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 1 } }), 'ok');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [second.executionId]);
        assert.deepEqual(await itemsOf(d, second.executionId), ['2', '3', '4']);
        assert.notEqual((await add(d, ['5'], {}, gate)).executionId, first.executionId);
      },
    ],
    [
      'behind a full gate the last that it takes closes it',
      async (d) => {
        const gate = { name: 'g', limit: 1 };
        await add(d, ['1'], { most: 1 }, gate);
        const { lease } = await d.claimOne();
        const second = await add(d, ['2', '3'], { most: 2 }, gate);
        assert.equal(await isOpen(d), false);
        const third = await add(d, ['4', '5'], { most: 2 }, gate);
        assert.notEqual(third.executionId, second.executionId);
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 1 } }), 'ok');
        assert.deepEqual(await d.claimedIds(), [second.executionId]);
      },
    ],
    [
      'what is due stays due, though the clock was set back before more joins it',
      async (d) => {
        const { executionId: id } = await add(d, ['1'], { slides: true });
        d.clock.advance(100);
        d.is(await d.append(id, 'flush'), 'ok');
        d.clock.advance(-5_000);
        await add(d, ['2'], { slides: true });
        assert.deepEqual(await d.claimedIds(), [id]);
        assert.deepEqual(await itemsOf(d, id), ['1', '2']);
      },
    ],
    [
      'behind its gate it keeps its place, though the clock was set back before more joins it',
      async (d) => {
        const gate = { name: 'g', limit: 1, untilEnd: true };
        await add(d, ['1'], { most: 1 }, gate);
        const { lease } = await d.claimOne();
        const second = await add(d, ['2'], {}, gate);
        d.clock.advance(100);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        d.clock.advance(-5_000);
        assert.equal((await add(d, ['3'], {}, gate)).executionId, second.executionId);
        assert.deepEqual((await d.record(second.executionId)).waitReason, 'gate');
        d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq: 1 } }), 'ok');
        assert.deepEqual(await d.claimedIds({ owner: p2 }), [second.executionId]);
        assert.deepEqual(await itemsOf(d, second.executionId), ['2', '3']);
        d.clock.advance(10_000);
        const later = await d.claim({ owner: p2 });
        assert.deepEqual([later.claimed.length, later.nextAt], [0, null]);
      },
    ],
    [
      'a claim by its id begins it no sooner',
      async (d) => {
        const { executionId: id } = await add(d, ['1']);
        const answer = await d.claim({ ids: [id] });
        assert.deepEqual([answer.claimed.length, answer.nextAt], [0, d.now + 100]);
        assert.equal((await add(d, ['2'])).executionId, id);
        d.clock.advance(100);
        assert.deepEqual(await d.claimedIds({ ids: [id] }), [id]);
        assert.equal(await isOpen(d), false);
      },
    ],
  ]),
);

async function reopen(d: StoreDriver): Promise<void> {
  assert.ok(d.harness.reopen !== undefined, 'a durable store can be reopened');
  d.store = await d.harness.reopen();
}

export const durableCollectCases = storeCaseGroup(
  'durable collecting',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what was collected is there after a restart, and goes on collecting',
      async (d) => {
        const event = collected(d, { item: '1' });
        d.is(await d.publishEvents(event), 'ok');
        await reopen(d);
        d.is(await d.publishEvents(event), 'already');
        const { executionId: id, batch } = await add(d, ['2']);
        assert.equal(batch?.count, 2);
        d.clock.advance(100);
        await reopen(d);
        const { batch: claimed } = await d.claimOne({ owner: p1 });
        assert.equal(claimed?.count, 2);
        await reopen(d);
        assert.deepEqual(await itemsOf(d, id), ['1', '2']);
        assert.equal(await isOpen(d), false);
      },
    ],
  ]),
  'reopen',
);

export const sharedCollectCases = storeCaseGroup(
  'collecting of several stores',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'events that two processes accept at the same time are each in one execution',
      async (d) => {
        assert.ok(d.harness.second !== undefined, 'the harness opens a second store');
        const stores = [d.store, await d.harness.second()];
        const ids = new Set<string>();
        for (let round = 0; round < 10; round++) {
          const writes = stores.map((store, at) =>
            store.write([
              { kind: 'publish', events: [collected(d, { item: `${round}-${at}`, most: 4 })] },
              { kind: 'publish', events: [collected(d, { item: `${round}-${at}+`, most: 4 })] },
            ]),
          );
          for (const verdict of (await Promise.all(writes)).flat())
            for (const { executionId: id } of d.published(verdict)) ids.add(id);
        }
        const collectedItems: (string | null)[] = [];
        for (const { id } of await d.store.list({ limit: 100 }))
          collectedItems.push(...(await itemsOf(d, id)));
        assert.equal(collectedItems.length, 40);
        assert.equal(new Set(collectedItems).size, 40);
        assert.equal(ids.size, 10);
      },
    ],
  ]),
  'second',
);
