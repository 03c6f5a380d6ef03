import { strict as assert } from 'node:assert';
import { storeCaseGroup } from '../store-case.js';
import type { StoreDriver } from '../store-driver.js';
import { end, isQueued } from './gate-scene.js';
import { all, gate, id, later, put } from './instance-scene.js';

export const instanceCases = storeCaseGroup(
  'instances',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what was written is read, each instance by itself, whatever its name',
      async (d) => {
        assert.equal(await d.store.instance(id), null);
        d.is(await put(d, { expected: null, version: 'v1', state: '{"n":1}' }), 'ok');
        d.is(await put(d, { id: "o'k\u0000", expected: null, version: 'w1', state: '"ü"' }), 'ok');
        d.is(await put(d, { expected: 'v1', version: 'v2', state: '{"n":2}' }), 'ok');
        assert.deepEqual(await d.store.instance(id), { id, version: 'v2', state: '{"n":2}', ahead: null });
        assert.deepEqual(await d.store.instance("o'k\u0000"), {
          id: "o'k\u0000",
          version: 'w1',
          state: '"ü"',
          ahead: null,
        });
        assert.equal(await d.store.instance("o'k"), null);
      },
    ],
    [
      'of two that read one version one writes, and nothing of the other remains',
      async (d) => {
        d.is(await put(d, { expected: null, version: 'v1', state: '1' }), 'ok');
        d.is(await put(d, { expected: 'v1', version: 'a', state: '2' }), 'ok');
        const late = await put(
          d,
          { expected: 'v1', version: 'b', state: '3', ahead: later(d, 10) },
          { event: d.event([d.execution()]) },
        );
        d.is(late, 'rejected', 'instance-changed');
        d.is(await put(d, { expected: null, version: 'c', state: '4' }), 'rejected', 'instance-changed');
        d.is(await put(d, { expected: 'v1', version: 'd', state: null }), 'rejected', 'instance-changed');
        assert.equal((await d.store.instance(id))?.version, 'a');
        assert.deepEqual(await all(d), []);
      },
    ],
    [
      'sent again it is already applied, and creates nothing more',
      async (d) => {
        const event = d.event([d.execution()]);
        const write = { expected: null, version: 'v1', ahead: later(d, 10) };
        const first = d.published(await put(d, write, { event }));
        const again = await put(d, write, { event });
        d.is(again, 'already');
        assert.deepEqual(d.published(again), first);
        assert.equal((await all(d)).length, 2);
        d.is(await put(d, { expected: 'v1', version: 'v2' }), 'ok');
        d.is(await put(d, write, { event }), 'rejected', 'instance-changed');
      },
    ],
    [
      'an event that is refused refuses the whole write',
      async (d) => {
        d.is(await d.publishEvents(d.explicit('e', { hash: 'h1' })), 'ok');
        const verdict = await put(
          d,
          { expected: null, version: 'v1', ahead: later(d, 10) },
          { event: d.explicit('e', { hash: 'h2' }) },
        );
        d.is(verdict, 'rejected', 'event-conflict');
        assert.equal(await d.store.instance(id), null);
        assert.equal((await all(d)).length, 1);
      },
    ],
    [
      'what it has ahead is read, and taken at its instant by the usual claim',
      async (d) => {
        const alarm = later(d, 1_000);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        assert.deepEqual((await d.store.instance(id))?.ahead, {
          executionId: alarm.of,
          definition: 'orders.fulfil',
          dueAt: d.now + 1_000,
        });
        assert.equal((await d.claim()).nextAt, d.now + 1_000);
        d.clock.advance(1_000);
        assert.deepEqual(await d.claimedIds(), [alarm.of]);
        assert.equal((await d.store.instance(id))?.ahead, null);
      },
    ],
    [
      'what was ahead is replaced, dropped or kept as the change says, without a trace',
      async (d) => {
        const first = later(d, 1_000);
        const second = later(d, 2_000);
        d.is(await put(d, { expected: null, version: 'v1', ahead: first }), 'ok');
        d.is(await put(d, { expected: 'v1', version: 'v2', ahead: second }), 'ok');
        assert.deepEqual(await all(d), [second.of]);
        assert.equal(await d.store.read(first.of), null);
        d.is(await put(d, { expected: 'v2', version: 'v3', state: '"kept"' }), 'ok');
        assert.equal((await d.store.instance(id))?.ahead?.executionId, second.of);
        d.is(await put(d, { expected: 'v3', version: 'v4', ahead: null }), 'ok');
        assert.deepEqual([await all(d), (await d.store.instance(id))?.ahead], [[], null]);
        d.clock.advance(5_000);
        assert.deepEqual(await d.claim(), { claimed: [], nextAt: null, more: false });
        assert.deepEqual(await d.store.counts(), []);
      },
    ],
    [
      'what was ahead and queues at its gate leaves the queue',
      async (d) => {
        const holder = await d.run({ gate });
        const alarm = later(d, 10);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds(), []);
        assert.ok(await isQueued(d, alarm.of));
        assert.equal((await d.store.instance(id))?.ahead?.executionId, alarm.of);
        const next = await d.publish({ gate });
        d.is(await put(d, { expected: 'v1', version: 'v2', ahead: null }), 'ok');
        await end(d, holder);
        assert.deepEqual(await d.claimedIds(), [next]);
      },
    ],
    [
      'what was ahead and was let in, but never claimed, makes room for the next',
      async (d) => {
        const alarm = later(d, 0);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        const next = await d.publish({ gate });
        assert.ok(await isQueued(d, next));
        d.is(await d.append(alarm.of, 'cancel'), 'ok');
        d.is(await put(d, { expected: 'v1', version: 'v2', ahead: null }), 'ok');
        assert.deepEqual(await d.claimedIds(), [next]);
        assert.deepEqual(await all(d), [next]);
      },
    ],
    [
      'what has begun stays, whatever becomes of the instance',
      async (d) => {
        const alarm = later(d, 0);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        const { lease } = await d.claimOne();
        d.is(await put(d, { expected: 'v1', version: 'v2', ahead: null }), 'ok');
        d.is(await d.commit(lease, { record: { status: 'waiting', timers: { t: d.now + 10 } } }), 'ok');
        d.is(await put(d, { expected: 'v2', version: 'v3', state: null }), 'ok');
        assert.equal(await d.store.instance(id), null);
        assert.deepEqual(await all(d), [alarm.of]);
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds(), [alarm.of]);
      },
    ],
    [
      'numbers of what was dropped are not used again',
      async (d) => {
        const alarm = later(d, 10);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        const before = await d.run();
        d.is(await put(d, { expected: 'v1', version: 'v2', ahead: later(d, 20) }), 'ok');
        d.is(await put(d, { expected: 'v2', version: 'v3', ahead: null }), 'ok');
        const after = await d.run();
        assert.ok(after.key > before.key + 1, 'the dropped one keeps its number');
      },
    ],
    [
      'prune leaves what is ahead',
      async (d) => {
        const alarm = later(d, 1_000);
        d.is(await put(d, { expected: null, version: 'v1', ahead: alarm }), 'ok');
        d.clock.advance(500);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        d.clock.advance(500);
        assert.deepEqual(await d.claimedIds(), [alarm.of]);
      },
    ],
  ]),
);
