import { strict as assert } from 'node:assert';
import type { Subscription } from '../../../ports/store.js';
import { dayMs, leaseMs, mails, orders, p1, p2, processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

const subscription: Subscription = {
  event: 'order.placed',
  definition: orders,
  worker: 'orders',
  method: 'fulfil',
};

function refs(definitions: readonly { readonly id: string; readonly fingerprint: string }[]): string[] {
  return definitions.map(({ id, fingerprint }) => `${id} ${fingerprint}`).sort();
}

export const registryCases = storeCaseGroup(
  'registry',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'live processes are listed as they registered',
      async (d) => {
        const id = processId('p3');
        const process = d.process(id, { deployment: 'd9', role: 'publisher', definitions: [] });
        await d.store.heartbeat(process, leaseMs);
        const found = (await d.store.processes()).find((other) => other.id === id);
        assert.deepEqual(
          found === undefined ? null : { ...found, definitions: [...found.definitions] },
          process,
        );
      },
    ],
    [
      'a heartbeat counts live processes, itself included',
      async (d) => {
        assert.equal((await d.store.heartbeat(d.process(p1), leaseMs)).liveProcesses, 2);
        await d.store.leave(p2);
        assert.equal((await d.store.heartbeat(d.process(p1), leaseMs)).liveProcesses, 1);
      },
    ],
    [
      'an expired process is listed no more',
      async (d) => {
        d.clock.advance(leaseMs);
        await d.beat(p2);
        assert.deepEqual(
          (await d.store.processes()).map(({ id }) => id),
          [p2],
        );
      },
    ],
    [
      'a heartbeat replaces what the process declared',
      async (d) => {
        await d.store.heartbeat(d.process(p1, { deployment: 'd2', definitions: [orders] }), leaseMs);
        const found = (await d.store.processes()).find(({ id }) => id === p1);
        assert.deepEqual([found?.deployment, refs(found?.definitions ?? [])], ['d2', ['orders.fulfil f1']]);
      },
    ],
    [
      'a heartbeat answers everything that the process runs',
      async (d) => {
        const own = [await d.run(), await d.run({ definition: mails })];
        await d.run({ owner: p2 });
        const ended = await d.run();
        await d.commit(ended, { record: { status: 'completed' } });
        const { owned } = await d.store.heartbeat(d.process(p1), leaseMs);
        assert.deepEqual(
          owned.map(({ id, fence }) => `${id} ${fence}`).sort(),
          own.map(({ executionId, fence }) => `${executionId} ${fence}`).sort(),
        );
      },
    ],
    [
      'a process takes back what it runs at the fence that it names, under a new one',
      async (d) => {
        const lease = await d.run();
        const own = [{ id: lease.executionId, fence: lease.fence }];
        const { lease: again } = await d.claimOne({ own });
        assert.deepEqual([again.fence, again.owner], [2, p1]);
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'stale');
        d.is(await d.commit(again, { checkpoints: [d.checkpoint('a')] }), 'ok');
      },
    ],
    [
      'what a process took since it asked to take it back is left alone',
      async (d) => {
        const lease = await d.run();
        const late = { own: [{ id: lease.executionId, fence: lease.fence }] };
        const { lease: again } = await d.claimOne(late);
        assert.deepEqual(await d.claimedIds(late), []);
        d.is(await d.commit(again, { checkpoints: [d.checkpoint('a')] }), 'ok');
      },
    ],
    [
      "only its own running executions are taken back: not another's, nor what is merely due",
      async (d) => {
        const lease = await d.run();
        const due = await d.publish();
        const own = [lease.executionId, due].flatMap((id) => [0, 1].map((fence) => ({ id, fence })));
        assert.deepEqual(await d.claimedIds({ owner: p2, own }), []);
        assert.deepEqual(await d.claimedIds({ own, limit: 0 }), []);
        assert.deepEqual(await d.claimedIds({ own: [...own, ...own] }), [lease.executionId]);
      },
    ],
    [
      'what a process cannot run any more is taken back too, unless it is paused',
      async (d) => {
        const lease = await d.run();
        const late = { own: [{ id: lease.executionId, fence: lease.fence }], runnable: [] };
        await d.store.setPaused([orders.id], true);
        assert.deepEqual(await d.claimedIds(late), []);
        await d.store.setPaused([orders.id], false);
        assert.deepEqual(await d.claimedIds(late), [lease.executionId]);
      },
    ],
    [
      'a claim by id leaves alone what the process itself runs',
      async (d) => {
        const lease = await d.run();
        assert.deepEqual(await d.claimedIds({ ids: [lease.executionId] }), []);
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
      },
    ],
    [
      'a heartbeat tells what is declared, as it is read, and once only',
      async (d) => {
        const beat = async (known?: string) =>
          (await d.store.heartbeat(d.process(p1), leaseMs, known)).declared;
        const told = await beat();
        if (told === undefined) return;
        const [{ store }, { mark }] = [d, told];
        assert.deepEqual(told.changed, {
          subscriptions: await store.subscriptions(),
          paused: await store.paused(),
          definitions: await store.definitions(),
        });
        assert.deepEqual(await beat(mark), { mark });
        await d.beat(p2);
        assert.deepEqual(await beat(mark), { mark });
        assert.notEqual((await beat('another'))?.changed, undefined);
      },
    ],
    [
      'a heartbeat tells of every change to what is declared',
      async (d) => {
        const { store } = d;
        let known: string | undefined;
        const changed = async () => {
          const { declared } = await store.heartbeat(d.process(p1), leaseMs, known);
          if (declared !== undefined) known = declared.mark;
          return declared === undefined ? null : declared.changed;
        };
        if ((await changed()) === null) return;
        const unheld = { ...subscription, definition: { id: 'gone.one', fingerprint: 'f1' } };
        await store.subscribe([unheld]);
        assert.deepEqual((await changed())?.subscriptions, [unheld]);
        await store.subscribe([{ ...unheld, rule: '{}' }]);
        assert.deepEqual((await changed())?.subscriptions, [{ ...unheld, rule: '{}' }]);
        await store.setPaused(['mails.send'], true);
        assert.deepEqual((await changed())?.paused, ['mails.send']);
        await store.setPaused(['mails.send'], false);
        assert.deepEqual((await changed())?.paused, []);
        const old = { id: orders.id, fingerprint: 'old' };
        await d.publish({ definition: old });
        assert.ok(refs((await changed())?.definitions ?? []).includes('orders.fulfil old'));
        await store.heartbeat(
          d.process(p2, { definitions: [mails, { ...mails, fingerprint: 'new' }] }),
          leaseMs,
        );
        assert.ok(refs((await changed())?.definitions ?? []).includes('mails.send new'));
        await store.leave(p2);
        assert.ok(!refs((await changed())?.definitions ?? []).includes('mails.send new'));
        d.clock.advance(7 * dayMs + leaseMs);
        assert.deepEqual((await changed())?.subscriptions.length, 0);
        assert.equal(await changed(), undefined);
      },
    ],
    [
      'definitions are those of open executions and live processes',
      async (d) => {
        await d.store.leave(p1);
        await d.store.heartbeat(d.process(p2, { definitions: [mails] }), leaseMs);
        await d.publish({ definition: { id: orders.id, fingerprint: 'old' } });
        const ended = await d.run({ owner: p2, definition: { id: 'gone.one', fingerprint: 'f1' } });
        await d.commit(ended, { record: { status: 'completed' } });
        assert.deepEqual(refs(await d.store.definitions()), ['mails.send f1', 'orders.fulfil old']);
      },
    ],
    [
      'a parked execution keeps its definition listed',
      async (d) => {
        const lease = await d.run({ definition: { id: orders.id, fingerprint: 'old' } });
        await d.commit(lease, { record: { status: 'parked', error: '{}' } });
        assert.ok(refs(await d.store.definitions()).includes('orders.fulfil old'));
      },
    ],
    [
      'a subscription is known to every process',
      async (d) => {
        await d.store.subscribe([subscription]);
        assert.deepEqual(
          (await d.store.subscriptions()).map((s) => ({ ...s, definition: { ...s.definition } })),
          [subscription],
        );
      },
    ],
    [
      'a subscription keeps how its events find their instance, and loses it with a form that says nothing of it',
      async (d) => {
        const rules = async () => (await d.store.subscriptions()).map(({ rule }) => rule);
        await d.store.subscribe([{ ...subscription, rule: '{"key":"é"}' }]);
        assert.deepEqual(await rules(), ['{"key":"é"}']);
        await d.store.subscribe([subscription]);
        assert.deepEqual(await rules(), [undefined]);
      },
    ],
    [
      'a newer fingerprint replaces the subscription',
      async (d) => {
        await d.store.subscribe([subscription]);
        await d.store.subscribe([{ ...subscription, definition: { id: orders.id, fingerprint: 'f2' } }]);
        assert.deepEqual(
          (await d.store.subscriptions()).map(({ definition }) => definition.fingerprint),
          ['f2'],
        );
      },
    ],
    [
      'subscriptions of several events and definitions stand side by side',
      async (d) => {
        await d.store.subscribe([
          subscription,
          { ...subscription, event: 'order.paid' },
          { event: 'order.placed', definition: mails, worker: 'mails', method: 'send' },
        ]);
        const found = (await d.store.subscriptions()).map(({ event, worker }) => `${event} ${worker}`).sort();
        assert.deepEqual(found, ['order.paid orders', 'order.placed mails', 'order.placed orders']);
      },
    ],
    [
      'a subscription that nobody held for seven days ends',
      async (d) => {
        await d.store.leave(p1);
        await d.store.leave(p2);
        await d.store.subscribe([subscription]);
        d.clock.advance(7 * dayMs - 1);
        assert.equal((await d.store.subscriptions()).length, 1);
        d.clock.advance(2);
        assert.deepEqual(await d.store.subscriptions(), []);
      },
    ],
    [
      'subscribing again keeps it',
      async (d) => {
        await d.store.subscribe([subscription]);
        d.clock.advance(6 * dayMs);
        await d.store.subscribe([subscription]);
        d.clock.advance(6 * dayMs);
        assert.equal((await d.store.subscriptions()).length, 1);
      },
    ],
  ]),
);

export const pauseCases = storeCaseGroup(
  'pause',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a paused definition is not claimed, others are',
      async (d) => {
        await d.publish();
        const mail = await d.publish({ definition: mails });
        await d.store.setPaused([orders.id], true);
        const { claimed, more } = await d.claim();
        assert.deepEqual([claimed.map(({ lease }) => lease.executionId), more], [[mail], false]);
      },
    ],
    [
      'the definitions that are paused can be read, until they are freed',
      async (d) => {
        await d.store.setPaused([orders.id, mails.id, '__proto__'], true);
        await d.store.setPaused([mails.id], false);
        assert.deepEqual([...(await d.store.paused())].toSorted(), ['__proto__', orders.id].toSorted());
      },
    ],
    [
      'a pause holds every fingerprint and every process',
      async (d) => {
        await d.publish({ definition: { id: orders.id, fingerprint: 'f2' } });
        await d.store.setPaused([orders.id], true);
        assert.deepEqual(
          await d.claimedIds({ owner: p2, runnable: [orders, { id: orders.id, fingerprint: 'f2' }] }),
          [],
        );
      },
    ],
    [
      'a paused definition is not claimed by id',
      async (d) => {
        const id = await d.publish();
        await d.store.setPaused([orders.id], true);
        assert.deepEqual(await d.claimedIds({ ids: [id] }), []);
      },
    ],
    [
      'expired work and due timers of a paused definition wait',
      async (d) => {
        await d.run();
        await d.publish({ dueAt: d.now + 5 });
        await d.store.setPaused([orders.id], true);
        await d.store.leave(p1);
        d.clock.advance(10);
        assert.deepEqual(await d.claimedIds({ owner: p2 }), []);
        await d.store.setPaused([orders.id], false);
        assert.equal((await d.claimedIds({ owner: p2 })).length, 2);
      },
    ],
    [
      'running work of a paused definition goes on',
      async (d) => {
        const lease = await d.run();
        await d.store.setPaused([orders.id], true);
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
      },
    ],
    [
      'freeing makes it due again; twice changes nothing',
      async (d) => {
        const id = await d.publish();
        await d.store.setPaused([orders.id], true);
        await d.store.setPaused([orders.id], true);
        await d.store.setPaused([orders.id], false);
        await d.store.setPaused(['never.paused'], false);
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
  ]),
);
