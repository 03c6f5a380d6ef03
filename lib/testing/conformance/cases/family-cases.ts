import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import { p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** Starts a child in a commit of its parent. */
async function start(d: StoreDriver, { executionId, ...rest }: Lease, holder = 'c'): Promise<ExecutionId> {
  const child = d.execution({ parent: { executionId, holder }, depth: 1 });
  const lease = { executionId, ...rest };
  d.is(await d.commit(lease, { publish: { events: [d.event([child])] } }), 'ok');
  return child.id;
}

async function kinds(d: StoreDriver, id: ExecutionId): Promise<readonly string[]> {
  return (await d.store.inbox(id, 0, 100)).map(({ kind }) => kind);
}

const waiting = { status: 'waiting', waitReason: 'child', listening: ['cancel', 'child'] } as const;

/** Executions that others wait for. */
export const familyCases = storeCaseGroup(
  'parents and children',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'the end of a child wakes a parent that waits and listens, with its id',
      async (d) => {
        const parent = await d.run();
        const id = await start(d, parent);
        d.is(await d.commit(parent, { record: waiting }), 'ok');
        const { lease } = await d.claimOne();
        assert.equal(lease.executionId, id);
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
        const woken = await d.claimOne();
        assert.equal(woken.lease.executionId, parent.executionId);
        assert.deepEqual(
          woken.inbox.map(({ kind, body }) => [kind, body]),
          [['child', id]],
        );
      },
    ],
    [
      'it is a signal for a parent that runs, whatever it listens to',
      async (d) => {
        const parent = await d.run({ listening: [] });
        await start(d, parent);
        const { lease } = await d.claimOne({ owner: p2 });
        assert.deepEqual(await d.store.signals(p1), []);
        d.is(await d.commit(lease, { record: { status: 'failed', error: '"no"' } }), 'ok');
        assert.deepEqual(await d.store.signals(p1), [parent.executionId]);
        assert.deepEqual((await d.store.heartbeat(d.process(p1), 30_000)).signals, [parent.executionId]);
      },
    ],
    [
      'a child that ends before its parent rests makes it due at once',
      async (d) => {
        const parent = await d.run();
        await start(d, parent);
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { status: 'completed' } }), 'ok');
        const verdict = await d.commit(parent, { record: waiting });
        assert.equal(verdict.verdict === 'ok' && verdict.due, true);
      },
    ],
    [
      'a child that waits, or is parked, tells nobody',
      async (d) => {
        const parent = await d.run();
        await start(d, parent);
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { status: 'parked', listening: ['resume'] } }), 'ok');
        assert.deepEqual(await kinds(d, parent.executionId), []);
      },
    ],
    [
      'children that have not ended get a cancel message when their parent ends, whatever they do',
      async (d) => {
        const parent = await d.run();
        const ids = [await start(d, parent, 'a'), await start(d, parent, 'b'), await start(d, parent, 'c')];
        const [rests, ended] = (await d.claim({ limit: 2 })).claimed;
        assert.ok(rests !== undefined && ended !== undefined, 'two children are due');
        d.is(
          await d.commit(rests.lease, { record: { status: 'waiting', timers: { t: d.now + 9_999 } } }),
          'ok',
        );
        d.is(await d.commit(ended.lease, { record: { status: 'completed' } }), 'ok');
        d.is(await d.commit(parent, { record: { status: 'failed', error: '"no"' } }), 'ok');
        const told = await Promise.all(ids.map((id) => kinds(d, id)));
        const { executionId: done } = ended.lease;
        assert.deepEqual(
          told,
          ids.map((id) => (id === done ? [] : ['cancel'])),
        );
        assert.equal((await d.claimedIds()).length, 2);
      },
    ],
    [
      'an end after that of the parent tells nobody, and changes nothing of it',
      async (d) => {
        const parent = await d.run();
        await start(d, parent);
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(parent, { record: { status: 'failed', listening: ['retry', 'child'] } }), 'ok');
        d.is(await d.commit(lease, { record: { status: 'cancelled', listening: [] } }), 'ok');
        assert.deepEqual(await kinds(d, parent.executionId), []);
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'children that are given up are cancelled and tell nobody; the others stay',
      async (d) => {
        const parent = await d.run();
        const lost = await start(d, parent, 'race/a');
        const other = await start(d, parent, 'race2/a');
        d.is(await d.commit(parent, { withdraw: [{ holder: 'race', except: 'all' }] }), 'ok');
        assert.deepEqual([await kinds(d, lost), await kinds(d, other)], [['cancel'], []]);
        for (const { lease } of (await d.claim({ owner: p2 })).claimed)
          d.is(await d.commit(lease, { record: { status: 'cancelled', listening: [] } }), 'ok');
        const inbox = await d.store.inbox(parent.executionId, 0, 10);
        assert.deepEqual(
          inbox.map(({ body }) => body),
          [other],
        );
      },
    ],
    [
      'a child is not removed before its parent has ended',
      async (d) => {
        const parent = await d.run();
        const id = await start(d, parent);
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
        d.clock.advance(1);
        const all = () => ({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        assert.equal((await d.store.prune(all())).removed, 0);
        assert.equal((await d.record(id)).value, '1');
        d.is(await d.commit(parent, { record: { status: 'completed' } }), 'ok');
        d.clock.advance(1);
        assert.equal((await d.store.prune(all())).removed, 2);
      },
    ],
    [
      'a parent that is not stored is none',
      async (d) => {
        const parent = { executionId: 'nobody' as ExecutionId, holder: 'c' };
        const lease = await d.run({ parent });
        d.is(await d.commit(lease, { record: { status: 'completed' } }), 'ok');
        d.clock.advance(1);
        const pruned = await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
        assert.equal(pruned.removed, 1);
      },
    ],
  ]),
);
