import { strict as assert } from 'node:assert';
import type { DefinitionRef } from '../../../model/execution.js';
import type { StoredGraph } from '../../../ports/store.js';
import { storeCaseGroup } from '../store-case.js';
import { dayMs, orders, p1, p2, type StoreDriver } from '../store-driver.js';

const newer: DefinitionRef = { id: orders.id, fingerprint: 'f2' };

function graph(fingerprint: string, over: Partial<StoredGraph> = {}): StoredGraph {
  return { worker: 'orders', fingerprint, graph: `{"of":"${fingerprint}"}`, ...over };
}

async function kept(d: StoreDriver, worker = 'orders'): Promise<readonly string[]> {
  return (await d.store.graphs(worker)).map(({ graph: text }) => text).toSorted();
}

function prune(d: StoreDriver): Promise<unknown> {
  return d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 100 });
}

async function leaveBoth(d: StoreDriver): Promise<void> {
  await d.store.leave(p1);
  await d.store.leave(p2);
}

export const graphCases = storeCaseGroup(
  'graphs',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a graph that was declared is kept with its worker',
      async (d) => {
        await d.store.declareGraphs([graph('f1'), graph('f2'), graph('f1', { worker: 'mails' })]);
        assert.deepEqual(
          (await d.store.graphs('mails')).map((each) => ({ ...each })),
          [{ ...graph('f1', { worker: 'mails' }), firstDeclaredAt: d.now, declaredAt: d.now }],
        );
        assert.deepEqual(await kept(d), ['{"of":"f1"}', '{"of":"f2"}']);
        assert.deepEqual(await kept(d, 'nobody'), []);
      },
    ],
    [
      'one that is declared again is kept once, as it was declared last',
      async (d) => {
        await d.store.declareGraphs([graph('f1')]);
        await d.store.declareGraphs([graph('f1', { graph: 'later' })]);
        assert.deepEqual(await kept(d), ['later']);
        await d.store.declareGraphs([]);
      },
    ],
    [
      'it is told when each was declared first and last',
      async (d) => {
        const start = d.now;
        await d.store.declareGraphs([graph('f1'), graph('f2')]);
        d.clock.advance(1_234);
        await d.store.declareGraphs([graph('f2')]);
        const instants = new Map(
          (await d.store.graphs('orders')).map((each) => [
            each.fingerprint,
            [each.firstDeclaredAt - start, each.declaredAt - start],
          ]),
        );
        assert.deepEqual(Object.fromEntries(instants), { f1: [0, 0], f2: [0, 1_234] });
      },
    ],
    [
      'names of workers and fingerprints are opaque',
      async (d) => {
        const names = ['__proto__', '../x', "o'brien", 'ü\u{1f600}', 'a.b', 'a', 'nul\0nul'];
        await d.store.declareGraphs(names.map((worker) => graph(worker, { worker })));
        for (const worker of names)
          assert.deepEqual(
            (await d.store.graphs(worker)).map((each) => ({ ...each })),
            [{ ...graph(worker, { worker }), firstDeclaredAt: d.now, declaredAt: d.now }],
          );
      },
    ],
    [
      'one that nobody declares or runs on is dropped after seven days, and not before',
      async (d) => {
        await d.store.declareGraphs([graph('f9')]);
        await leaveBoth(d);
        d.clock.advance(7 * dayMs - 1);
        await prune(d);
        assert.deepEqual(await kept(d), ['{"of":"f9"}']);
        d.clock.advance(2);
        await prune(d);
        assert.deepEqual(await kept(d), []);
      },
    ],
    [
      'one of an open execution is kept, and one of a live process',
      async (d) => {
        await d.store.declareGraphs([graph('f1'), graph('f2'), graph('f3')]);
        await d.publish({ definition: newer, dueAt: d.now + 90 * dayMs });
        await leaveBoth(d);
        d.clock.advance(8 * dayMs);
        await d.store.heartbeat(
          d.process(p1, { definitions: [{ id: 'orders.other', fingerprint: 'f3' }] }),
          dayMs,
        );
        await prune(d);
        assert.deepEqual(await kept(d), ['{"of":"f2"}', '{"of":"f3"}']);
      },
    ],
    [
      'declaring again keeps it for another seven days',
      async (d) => {
        await d.store.declareGraphs([graph('f9')]);
        await leaveBoth(d);
        d.clock.advance(6 * dayMs);
        await d.store.declareGraphs([graph('f9')]);
        d.clock.advance(6 * dayMs);
        await prune(d);
        assert.deepEqual(await kept(d), ['{"of":"f9"}']);
      },
    ],
  ]),
);

export const goOnCases = storeCaseGroup(
  'another form of its definition',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a running execution that goes on with it is found under it from then on',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { record: { definition: newer } }), 'ok');
        assert.deepEqual((await d.record(lease.executionId)).definition, newer);
        assert.equal((await d.record(lease.executionId)).status, 'running');
        await d.store.leave(p1);
        assert.deepEqual(await d.claimedIds({ owner: p2, runnable: [orders] }), []);
        assert.deepEqual(await d.claimedIds({ owner: p2, runnable: [newer] }), [lease.executionId]);
      },
    ],
    [
      'one that is handed back with it is ready for those who run that form, in its lane',
      async (d) => {
        const lease = await d.run();
        const checkpoints = [d.checkpoint('a')];
        d.is(await d.commit(lease, { checkpoints, record: { status: 'pending', definition: newer } }), 'ok');
        assert.deepEqual(await d.claimedIds({ runnable: [orders] }), []);
        const again = await d.claimOne({ runnable: [newer] });
        assert.deepEqual([again.record.definition, again.record.lane], [newer, orders.id]);
        assert.deepEqual(
          again.journal.map(({ key }) => key),
          ['a'],
        );
      },
    ],
    [
      'one that sleeps with it wakes under it',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, {
          record: {
            status: 'waiting',
            waitReason: 'timer',
            timers: { sleep: d.now + 10 },
            definition: newer,
          },
        });
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds({ runnable: [orders] }), []);
        assert.deepEqual(await d.claimedIds({ runnable: [newer] }), [lease.executionId]);
      },
    ],
    [
      'one that ends with it is counted as before, and no open execution has either form',
      async (d) => {
        await leaveBoth(d);
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'completed', value: '1', definition: newer } });
        assert.deepEqual(await d.store.definitions(), []);
        assert.deepEqual(
          (await d.store.counts()).map((each) => ({ ...each })),
          [{ definition: orders.id, status: 'completed', count: 1 }],
        );
      },
    ],
    [
      'its form is that of open executions, and the former one is not any more',
      async (d) => {
        await leaveBoth(d);
        const lease = await d.run();
        await d.commit(lease, { record: { definition: newer } });
        assert.deepEqual(
          (await d.store.definitions()).map((each) => ({ ...each })),
          [newer],
        );
      },
    ],
    [
      'under a fence that is not current it stays as it was',
      async (d) => {
        const lease = await d.run();
        await d.store.leave(p1);
        await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { record: { definition: newer } }), 'stale');
        assert.deepEqual((await d.record(lease.executionId)).definition, orders);
      },
    ],
  ]),
);
