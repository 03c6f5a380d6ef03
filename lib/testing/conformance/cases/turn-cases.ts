import { strict as assert } from 'node:assert';
import type { RecordChange } from '../../../ports/store-write.js';
import { approve, ask, told } from '../mailbox-scene.js';
import { dayMs, p1, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

const next = { event: 'order.changed', input: '{"n":2}', schemaHash: 's2' };
const renewed: Partial<RecordChange> = { status: 'pending', next };

/** Waits that are given up, and executions that go on with other input. */
export const turnCases = storeCaseGroup(
  'given up waits and turns',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a wait that is given up gets nothing more',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'race/w');
        d.is(await d.commit(lease, { withdraw: [{ holder: 'race', except: [] }] }), 'ok');
        await approve(d, '1');
        assert.deepEqual(await told(d, lease), []);
        assert.equal(await ask(d, lease, 'later'), '1');
      },
    ],
    [
      'what it had got is there for the next wait, before what came later',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'race/w');
        await ask(d, lease, 'kept');
        await approve(d, '1', '2', '3');
        assert.deepEqual([await ask(d, lease, 'race/w'), await ask(d, lease, 'kept')], ['1', '2']);
        d.is(await d.commit(lease, { withdraw: [{ holder: 'race/w', except: [] }] }), 'ok');
        const later = [
          await ask(d, lease, 'first'),
          await ask(d, lease, 'second'),
          await ask(d, lease, 'third'),
        ];
        assert.deepEqual(later, ['1', '3', null]);
        assert.equal(await ask(d, lease, 'kept'), '2');
      },
    ],
    [
      'an open wait of the execution gets at once what is given back, and is told',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'race/w');
        await ask(d, lease, 'open');
        await approve(d, '1');
        d.is(await d.commit(lease, { withdraw: [{ holder: 'race', except: [] }] }), 'ok');
        assert.deepEqual(await told(d, lease), ['race/w', 'open']);
        assert.equal(await ask(d, lease, 'open'), '1');
      },
    ],
    [
      'those that are excepted stay, and so does what only begins alike',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1', '2');
        assert.deepEqual([await ask(d, lease, 'any/0'), await ask(d, lease, 'anyhow')], ['1', '2']);
        d.is(await d.commit(lease, { withdraw: [{ holder: 'any', except: ['any/0'] }] }), 'ok');
        d.is(await d.commit(lease, { withdraw: [{ holder: 'any', except: 'all' }] }), 'ok');
        assert.equal(await ask(d, lease, 'later'), null);
        assert.deepEqual([await ask(d, lease, 'any/0'), await ask(d, lease, 'anyhow')], ['1', '2']);
      },
    ],
    [
      'waits answer with the order in which their events were accepted, over all mailboxes',
      async (d) => {
        const lease = await d.run();
        await d.publishEvents(
          d.event([], {
            name: 'b',
            mail: { key: 'k', payload: '1', schemaHash: null, until: d.now + dayMs },
          }),
        );
        await d.publishEvents(
          d.event([], {
            name: 'a',
            mail: { key: 'k', payload: '2', schemaHash: null, until: d.now + dayMs },
          }),
        );
        const places: number[] = [];
        for (const event of ['a', 'b']) {
          const wait = {
            kind: 'await',
            lease,
            holder: event,
            event,
            key: 'k',
            except: null,
            until: null,
            isOver: false,
          } as const;
          const verdict = await d.write(wait);
          const mail = verdict.verdict === 'ok' ? verdict.mail : null;
          places.push(mail?.place ?? Number.NaN);
        }
        assert.ok(
          (places[1] as number) < (places[0] as number),
          `the earlier has the smaller place: ${places.join()}`,
        );
      },
    ],
    [
      'a next turn has its own input and an empty journal, and stays the same execution',
      async (d) => {
        const lease = await d.run();
        const before = await d.record(lease.executionId);
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
        const timers = { timeout: d.now + dayMs };
        const record = { ...renewed, timers, attempt: 1, epoch: 0 };
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('b')], record }), 'ok');
        const claimed = await d.claimOne();
        assert.deepEqual(claimed.journal, []);
        const { turn, eventName, input, schemaHash, createdAt, startedAt, eventId } = claimed.record;
        assert.deepEqual([turn, eventName, input, schemaHash], [1, 'order.changed', '{"n":2}', 's2']);
        assert.deepEqual(
          [createdAt, startedAt, eventId],
          [before.createdAt, before.startedAt, before.eventId],
        );
        assert.deepEqual([claimed.record.timers, claimed.strikes], [timers, 0]);
        const again = d.checkpoint('a', { turn: 1 });
        d.is(await d.commit(claimed.lease, { checkpoints: [again] }), 'ok');
        assert.deepEqual(await d.journalKeys(lease.executionId), ['a']);
      },
    ],
    [
      'the commit that begins a turn is applied once',
      async (d) => {
        const lease = await d.run();
        const write = d.delta(lease, { checkpoints: [d.checkpoint('a')], record: renewed });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.equal((await d.record(lease.executionId)).turn, 1);
      },
    ],
    [
      'its waits are gone, and what they had got is not given again',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1');
        assert.equal(await ask(d, lease, 'w'), '1');
        await ask(d, lease, 'open');
        d.is(await d.commit(lease, { record: renewed }), 'ok');
        await approve(d, '2');
        const claimed = await d.claimOne();
        assert.deepEqual(await told(d, claimed.lease), []);
        assert.equal(await ask(d, claimed.lease, 'w'), '2');
        d.is(await d.commit(claimed.lease, { record: renewed }), 'ok');
        assert.equal(await ask(d, (await d.claimOne()).lease, 'w'), null);
      },
    ],
    [
      'its children are cancelled, and tell nobody',
      async (d) => {
        const lease = await d.run();
        const child = d.execution({ parent: { executionId: lease.executionId, holder: 'c' } });
        d.is(await d.commit(lease, { publish: { events: [d.event([child])] }, record: renewed }), 'ok');
        assert.deepEqual(
          (await d.store.inbox(child.id, 0, 10)).map(({ kind }) => kind),
          ['cancel'],
        );
        const { claimed } = await d.claim({ ids: [child.id] });
        d.is(
          await d.commit(claimed[0]?.lease ?? lease, { record: { status: 'cancelled', listening: [] } }),
          'ok',
        );
        assert.deepEqual(await d.store.inbox(lease.executionId, 0, 10), []);
      },
    ],
    [
      'what was told of earlier turns is not kept once it was seen',
      async (d) => {
        let lease = await d.run();
        for (let turn = 0; turn < 3; turn++) {
          await ask(d, lease, 'w');
          await approve(d, String(turn));
          const [news] = await d.store.inbox(lease.executionId, 0, 100);
          assert.equal(await ask(d, lease, 'w'), String(turn));
          d.is(await d.commit(lease, { record: { ...renewed, seenInboxSeq: news?.seq ?? 0 } }), 'ok');
          assert.deepEqual(await d.store.inbox(lease.executionId, 0, 100), []);
          ({ lease } = await d.claimOne());
        }
      },
    ],
    [
      'messages for it stay',
      async (d) => {
        const lease = await d.run();
        await d.append(lease.executionId, 'cancel');
        d.is(await d.commit(lease, { record: renewed }), 'ok');
        const { inbox } = await d.claimOne({ owner: p1 });
        assert.deepEqual(
          inbox.map(({ kind }) => kind),
          ['cancel'],
        );
      },
    ],
  ]),
);
