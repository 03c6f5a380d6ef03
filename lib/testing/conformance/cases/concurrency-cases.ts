import { strict as assert } from 'node:assert';
import { dayMs, orders, p1, p2, processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

export const concurrencyCases = storeCaseGroup(
  'concurrency',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      '64 claimers share 500 executions: each has one winner',
      async (d) => {
        await d.publishEvents(...Array.from({ length: 500 }, () => d.event([d.execution()])));
        const owners = Array.from({ length: 64 }, (_, i) => processId(`claimer-${i}`));
        for (const owner of owners) await d.beat(owner);
        const won: string[] = [];
        await Promise.all(
          owners.map(async (owner) => {
            for (;;) {
              const ids = await d.claimedIds({ owner, limit: 3 });
              if (ids.length === 0 || won.length > 500) return;
              won.push(...ids);
            }
          }),
        );
        assert.equal(won.length, 500);
        assert.equal(new Set(won).size, 500);
      },
    ],
    [
      '64 claimers of one id have one winner',
      async (d) => {
        const id = await d.publish();
        const answers = await Promise.all(
          Array.from({ length: 64 }, (_, i) => d.claimedIds({ owner: processId(`c${i}`), ids: [id] })),
        );
        assert.equal(answers.flat().length >= 1, true);
        assert.equal((await d.record(id)).fence, answers.flat().length, 'each winner has a fence of its own');
      },
    ],
    [
      '200 publishes of one id make one execution',
      async (d) => {
        const answers = await Promise.all(
          Array.from({ length: 200 }, () => d.publishEvents(d.explicit('e1'))),
        );
        const published = answers.map((answer) => d.published(answer)[0]);
        assert.equal(new Set(published.map((p) => p?.executionId)).size, 1);
        assert.equal(published.filter((p) => p?.duplicate === false).length, 1);
        assert.equal((await d.store.list({ limit: 1_000 })).length, 1);
      },
    ],
    [
      '200 publishes of one id with two payloads accept one payload',
      async (d) => {
        const answers = await Promise.all(
          Array.from({ length: 200 }, (_, i) => d.publishEvents(d.explicit('e1', { hash: `h${i % 2}` }))),
        );
        assert.equal(answers.filter(({ verdict }) => verdict === 'rejected').length, 100);
        assert.equal((await d.store.list({ limit: 1_000 })).length, 1);
      },
    ],
    [
      '100 appends of one message id store one message',
      async (d) => {
        const id = await d.publish();
        const verdicts = await Promise.all(Array.from({ length: 100 }, () => d.append(id, 'event', 'm1')));
        assert.equal(verdicts.filter(({ verdict }) => verdict === 'ok').length, 1);
        assert.equal((await d.store.inbox(id, 0, 1_000)).length, 1);
      },
    ],
    [
      'appends that race a release are never slept over',
      async (d) => {
        for (let round = 0; round < 25; round++) {
          const lease = await d.run({ listening: ['event'] });
          const release = d.delta(lease, {
            record: { status: 'waiting', listening: ['event'], timers: { t: d.now + dayMs } },
          });
          const send = { kind: 'append' as const, message: d.message(lease.executionId, 'event') };
          const order = round % 2 === 0 ? [release, send] : [send, release];
          await Promise.all(order.map((write) => d.write(write)));
          assert.deepEqual(await d.claimedIds({ owner: p2 }), [lease.executionId]);
        }
      },
    ],
    [
      'of an old owner and a new one only the new one commits',
      async (d) => {
        for (let round = 0; round < 25; round++) {
          const old = await d.run();
          await d.store.leave(p1);
          const { lease } = await d.claimOne({ owner: p2 });
          const verdicts = await Promise.all([
            d.commit(old, { record: { status: 'completed', value: '"old"' } }),
            d.commit(lease, { record: { status: 'completed', value: '"new"' } }),
          ]);
          assert.deepEqual(
            verdicts.map(({ verdict }) => verdict),
            ['stale', 'ok'],
          );
          assert.equal((await d.record(old.executionId)).value, '"new"');
        }
      },
    ],
    [
      'one commit sent many times at once applies once',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, {
          checkpoints: [d.checkpoint('a')],
          publish: { events: [d.event([d.execution()])] },
        });
        const verdicts = await Promise.all(Array.from({ length: 20 }, () => d.write(write)));
        assert.equal(verdicts.filter(({ verdict }) => verdict === 'ok').length, 1);
        assert.equal(verdicts.filter(({ verdict }) => verdict === 'already').length, 19);
        assert.equal((await d.store.list({ limit: 10 })).length, 2);
      },
    ],
  ]),
);

export const sharedCases = storeCaseGroup(
  'shared by processes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what one wrote the other reads and claims',
      async (d) => {
        const other = await second(d);
        const id = await d.publish();
        assert.equal((await other.read(id))?.status, 'pending');
        const { claimed } = await other.claim({ owner: p2, runnable: [orders], limit: 10 });
        assert.deepEqual(
          claimed.map(({ lease }) => lease.executionId),
          [id],
        );
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'two processes that claim by turns never share an execution',
      async (d) => {
        const other = await second(d);
        await d.publishEvents(...Array.from({ length: 100 }, () => d.event([d.execution()])));
        const won: string[] = [];
        const take = async (store: StoreDriver['store'], owner: typeof p1) => {
          for (;;) {
            const { claimed } = await store.claim({ owner, runnable: [orders], limit: 3 });
            if (claimed.length === 0 || won.length > 100) return;
            won.push(...claimed.map(({ lease }) => lease.executionId));
          }
        };
        await Promise.all([take(d.store, p1), take(other, p2)]);
        assert.deepEqual([won.length, new Set(won).size], [100, 100]);
      },
    ],
    [
      'a message sent by one wakes what the other left waiting',
      async (d) => {
        const other = await second(d);
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'waiting', listening: ['event'] } });
        await other.write([{ kind: 'append', message: d.message(lease.executionId, 'event') }]);
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    ...(['work became due', 'an execution ended', 'a message came', 'a handler subscribed'] as const).map(
      (what): [string, (d: StoreDriver) => Promise<void>] => [
        `a listener hears that ${what} elsewhere`,
        async (d) => {
          const other = await second(d);
          await d.store.heartbeat(d.process(p1), 600_000);
          await other.heartbeat(d.process(p2), 600_000);
          const lease = await d.run();
          for (let i = 0; i < 5; i++) await d.breathe();
          let calls = 0;
          const remove = d.store.onChange(() => calls++);
          if (what === 'work became due')
            await other.write([{ kind: 'publish', events: [d.event([d.execution()])] }]);
          else if (what === 'an execution ended')
            await other.write([d.delta(lease, { record: { status: 'completed' } })]);
          else if (what === 'a message came')
            await other.write([{ kind: 'append', message: d.message(lease.executionId, 'cancel') }]);
          else
            await other.subscribe([{ event: 'e', definition: orders, worker: 'orders', method: 'fulfil' }]);
          await d.eventually(() => calls > 0, `the listener hears that ${what}`);
          remove();
        },
      ],
    ),
    [
      'a removed listener hears nothing',
      async (d) => {
        const other = await second(d);
        let calls = 0;
        d.store.onChange(() => calls++)();
        await other.write([{ kind: 'publish', events: [d.event([d.execution()])] }]);
        for (let i = 0; i < 30; i++) {
          await d.breathe();
          d.clock.advance(10);
        }
        assert.equal(calls, 0);
      },
    ],
  ]),
  'second',
);

async function second(d: StoreDriver): Promise<StoreDriver['store']> {
  assert.ok(d.harness.second !== undefined, 'a shared store has a second opener');
  return d.harness.second();
}
