import { strict as assert } from 'node:assert';
import type { Lease } from '../../../model/lease.js';
import { executionId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end, one, two } from './gate-scene.js';

/** Bodies of the `granted` messages in an execution's inbox. */
async function granted(d: StoreDriver, { executionId: id }: Lease): Promise<readonly (string | null)[]> {
  return (await d.store.inbox(id, 0, 100)).filter(({ kind }) => kind === 'granted').map(({ body }) => body);
}

export const permitCases = storeCaseGroup(
  'permits',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'as many as the limit are granted, and the next is not',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        assert.equal(await d.acquire(a, 'x', two), true);
        assert.equal(await d.acquire(a, 'y', two), true);
        assert.equal(await d.acquire(b, 'x', two), false);
        assert.deepEqual(await granted(d, b), []);
      },
    ],
    [
      'asked again by the same holder the answer is the same, and one permit is held',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        for (let i = 0; i < 3; i++) assert.equal(await d.acquire(a, 'x', one), true);
        for (let i = 0; i < 3; i++) assert.equal(await d.acquire(b, 'x', one), false);
        d.is(await d.commit(a, { release: ['x'] }), 'ok');
        assert.equal(await d.acquire(b, 'x', one), true);
        d.is(await d.commit(b, { release: ['x'] }), 'ok');
        assert.equal(await d.acquire(a, 'x', one), true);
        assert.deepEqual(await granted(d, b), ['x']);
      },
    ],
    [
      'asked again under the name of another gate, a holder has what it has and no place there',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        const other = { name: 'other', limit: 1 };
        assert.equal(await d.acquire(a, 'x', one), true);
        assert.equal(await d.acquire(b, 'x', one), false);
        assert.equal(await d.acquire(a, 'x', other), true);
        assert.equal(await d.acquire(b, 'x', other), false, 'it queues where it asked first');
        assert.equal(await d.acquire(b, 'y', other), true, 'nobody is in the other');
        d.is(await d.commit(a, { release: ['x'] }), 'ok');
        assert.equal(await d.acquire(b, 'x', other), true);
      },
    ],
    [
      'nobody gets one who is not running under the current lease',
      async (d) => {
        const old = await d.run();
        const ended = await d.run();
        await end(d, ended);
        await d.store.leave(p1);
        const { lease } = await d.claimOne({ owner: p2 });
        const gone = { ...old, executionId: executionId('nobody'), key: 9_999_999 };
        for (const wrong of [old, ended, gone])
          d.is(await d.write({ kind: 'acquire', lease: wrong, holder: 'x', gate: one }), 'stale');
        assert.equal(await d.acquire(lease, 'x', one), true);
      },
    ],
    [
      'a permit given back goes to the first in the queue, who is told once and is signalled',
      async (d) => {
        const [a, b, c] = [await d.run(), await d.run(), await d.run()];
        await d.acquire(a, 'body', one);
        await d.acquire(b, 'first', one);
        await d.acquire(c, 'second', one);
        assert.deepEqual(await d.store.signals(p1), []);
        d.is(await d.commit(a, { checkpoints: [d.checkpoint('done')], release: ['body'] }), 'ok');
        assert.deepEqual([await granted(d, b), await granted(d, c)], [['first'], []]);
        assert.deepEqual(await d.store.signals(p1), [b.executionId]);
        const { signals } = await d.store.heartbeat(d.process(p1), 30_000);
        assert.deepEqual(signals, [b.executionId]);
        assert.equal(await d.acquire(b, 'first', one), true);
        assert.equal(await d.acquire(c, 'second', one), false);
      },
    ],
    [
      'one execution may hold and queue for several, each by itself',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        assert.equal(await d.acquire(a, '1', one), true);
        for (const holder of ['2', '3']) assert.equal(await d.acquire(a, holder, one), false);
        assert.equal(await d.acquire(b, '4', one), false);
        d.is(await d.commit(a, { release: ['1', '2'] }), 'ok');
        assert.deepEqual(await granted(d, a), ['3'], 'the place of 2 in the queue is gone');
        d.is(await d.commit(a, { release: ['3'] }), 'ok');
        assert.deepEqual(await granted(d, b), ['4']);
      },
    ],
    [
      'who queues a second time is told a second time',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        for (let round = 1; round <= 3; round++) {
          await d.acquire(a, 'x', one);
          assert.equal(await d.acquire(b, 'y', one), false);
          d.is(await d.commit(a, { release: ['x'] }), 'ok');
          assert.equal((await granted(d, b)).length, round);
          d.is(await d.commit(b, { release: ['y'] }), 'ok');
        }
      },
    ],
    [
      'a release that is sent again, that is stale or refused gives nothing back',
      async (d) => {
        const [a, b, c] = [await d.run(), await d.run(), await d.run()];
        d.is(await d.commit(a, { checkpoints: [d.checkpoint('taken')] }), 'ok');
        await d.acquire(a, 'x', one);
        const refused = { checkpoints: [d.checkpoint('taken')], release: ['x'] };
        d.is(await d.commit(a, refused), 'rejected', 'checkpoint-exists');
        d.is(await d.commit({ ...a, fence: 7 }, { release: ['x'] }), 'stale');
        assert.equal(await d.acquire(b, 'x', one), false);
        const release = d.delta(a, { release: ['x'] });
        d.is(await d.write(release), 'ok');
        assert.equal(await d.acquire(a, 'x', one), false);
        assert.equal(await d.acquire(c, 'x', one), false);
        d.is(await d.write(release), 'already');
        d.is(await d.commit(b, { release: ['x'] }), 'ok');
        assert.deepEqual([await granted(d, a), await granted(d, c)], [['x'], []]);
      },
    ],
    [
      'what is unknown is released without harm, and holders of two executions do not meet',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        await d.acquire(a, 'x', one);
        d.is(await d.commit(b, { release: ['x', 'nobody', ''] }), 'ok');
        assert.equal(await d.acquire(b, 'x', one), false);
        d.is(await d.commit(a, { release: ['x', 'x'] }), 'ok');
        assert.equal(await d.acquire(a, 'y', one), false, 'b has it');
      },
    ],
    [
      'names of gates and holders are opaque, and gates of executions are others',
      async (d) => {
        const lease = await d.run({ gate: one });
        assert.equal(await d.acquire(lease, 'x', one), true);
        for (const name of ['', '=', 'One', 'a\0', '__proto__', '\ud800'])
          assert.equal(await d.acquire(lease, `in ${name}`, { name, limit: 1 }), true, JSON.stringify(name));
        const other = await d.run();
        for (const holder of ['', '=', 'a\0', 'a', '__proto__', '\ud800'])
          assert.equal(await d.acquire(other, holder, one), false);
        d.is(await d.commit(lease, { release: ['x'] }), 'ok');
        for (const holder of ['', '=', 'a\0', 'a', '__proto__', '\ud800']) {
          assert.equal((await granted(d, other)).at(-1), holder);
          d.is(await d.commit(other, { release: [holder] }), 'ok');
        }
      },
    ],
    [
      'the limit that was written last holds',
      async (d) => {
        const [a, b, c] = [await d.run(), await d.run(), await d.run()];
        await d.acquire(a, 'x', one);
        await d.acquire(b, 'x', one);
        assert.equal(await d.acquire(c, 'x', { name: 'one', limit: 3 }), true);
        assert.deepEqual(await granted(d, b), ['x']);
        assert.equal(await d.acquire(c, 'y', one), false);
        d.is(await d.commit(a, { release: ['x'] }), 'ok');
        d.is(await d.commit(b, { release: ['x'] }), 'ok');
        assert.deepEqual(await granted(d, c), []);
        d.is(await d.commit(c, { release: ['x'] }), 'ok');
        assert.deepEqual(await granted(d, c), ['y']);
      },
    ],
    [
      'listeners are told when one is granted',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        await d.acquire(a, 'x', one);
        await d.acquire(b, 'x', one);
        await d.breathe();
        let told = 0;
        const stop = d.store.onChange(() => told++);
        d.is(await d.commit(a, { release: ['x'] }), 'ok');
        await d.eventually(() => told > 0, 'the listener is told');
        stop();
      },
    ],
  ]),
);
