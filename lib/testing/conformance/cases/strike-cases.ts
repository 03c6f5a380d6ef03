import { strict as assert } from 'node:assert';
import type { Lease } from '../../../model/lease.js';
import type { RecordChange } from '../../../ports/store-write.js';
import { approve, ask } from '../mailbox-scene.js';
import { p1, p2, processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

type Parts = Parameters<StoreDriver['commit']>[1];

const found: Partial<RecordChange> = { status: 'pending' };

/** An execution that two processes took in vain, taken once more: it has two strikes. */
async function suspected(d: StoreDriver, over: Parameters<StoreDriver['publish']>[0] = {}): Promise<Lease> {
  await d.publish(over);
  for (const owner of [processId('first'), processId('second')]) {
    await d.beat(owner);
    await d.claimOne({ owner });
    await d.store.leave(owner);
  }
  const { lease, strikes } = await d.claimOne();
  assert.equal(strikes, 2);
  return lease;
}

/** How many strikes it has when it is claimed again. */
async function strikesAfter(d: StoreDriver, lease: Lease, ...commits: readonly Parts[]): Promise<number> {
  for (const parts of commits) d.is(await d.commit(lease, parts), 'ok');
  return (await d.claimOne()).strikes;
}

export const strikeCases = storeCaseGroup(
  'strikes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'each claim without an accepted commit counts',
      async (d) => {
        await d.publish();
        for (let strikes = 0; strikes < 6; strikes++) {
          const owner = processId(`doomed-${strikes}`);
          await d.beat(owner);
          assert.equal((await d.claimOne({ owner })).strikes, strikes);
          await d.store.leave(owner);
        }
      },
    ],
    [
      'creation with an owner counts as a claim',
      async (d) => {
        await d.run();
        await d.store.leave(p1);
        assert.equal((await d.claimOne({ owner: p2 })).strikes, 1);
      },
    ],
    [
      'a commit of checkpoints alone resets them',
      async (d) => {
        await d.run();
        await d.store.leave(p1);
        const { lease } = await d.claimOne({ owner: p2 });
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('a')] }), 'ok');
        await d.store.leave(p2);
        await d.beat(p1);
        assert.equal((await d.claimOne()).strikes, 0);
      },
    ],
    [
      'a commit of the record resets them',
      async (d) => {
        const lease = await d.run();
        d.is(await d.commit(lease, { record: { status: 'running' } }), 'ok');
        await d.store.leave(p1);
        assert.equal((await d.claimOne({ owner: p2 })).strikes, 0);
      },
    ],
    [
      'a claim that is handed back does not count, nor does creation with an owner',
      async (d) => {
        const created = await d.run();
        assert.equal(await strikesAfter(d, created, { record: found }), 0);
        await d.store.leave(p1);
        for (let i = 0; i < 4; i++) {
          const { lease, strikes } = await d.claimOne({ owner: p2 });
          assert.equal(strikes, 1);
          d.is(await d.commit(lease, { record: found }), 'ok');
        }
      },
    ],
    [
      'one that is handed back as it was found keeps those it had, and goes on from there',
      async (d) => {
        let lease = await suspected(d);
        for (let i = 0; i < 3; i++) {
          d.is(await d.commit(lease, { record: found }), 'ok');
          const again = await d.claimOne();
          assert.equal(again.strikes, 2);
          lease = again.lease;
        }
        await d.store.leave(p1);
        const third = await d.claimOne({ owner: p2 });
        assert.equal(third.strikes, 3);
        d.is(await d.commit(third.lease, { record: found }), 'ok');
        assert.equal((await d.claimOne({ owner: p2 })).strikes, 3);
      },
    ],
    [
      'a hand-back is none for what it leaves besides: timers, permits, waits, the form of the definition, a place in a gate',
      async (d) => {
        const lease = await suspected(d, { gate: { name: 'one', limit: 1 } });
        await d.acquire(lease, 'step', { name: 'few', limit: 1 });
        await ask(d, lease, 'wait');
        const left = { release: ['step'], withdraw: [{ holder: 'wait', except: [] }] };
        const definition = { id: 'mails.send', fingerprint: 'f1' };
        const record = { ...found, timers: { timeout: d.now + 1 }, definition };
        assert.equal(await strikesAfter(d, lease, { ...left, record }), 2);
      },
    ],
    [
      'sent again, a hand-back takes nothing more back',
      async (d) => {
        const lease = await suspected(d);
        const handBack = d.delta(lease, { record: found });
        d.is(await d.write(handBack), 'ok');
        d.is(await d.write(handBack), 'already');
        const { lease: next, strikes } = await d.claimOne();
        d.is(await d.write(handBack), 'already');
        d.is(await d.commit(next, { record: found }), 'ok');
        assert.deepEqual([strikes, (await d.claimOne()).strikes], [2, 2]);
      },
    ],
    [
      'handed back after something was stored under the same claim it has none',
      async (d) => {
        const before: readonly Parts[] = [
          { checkpoints: [d.checkpoint('a')] },
          { record: { status: 'running' } },
          { publish: { events: [d.event([])] } },
          {},
        ];
        for (const parts of before) {
          const lease = await suspected(d);
          assert.equal(await strikesAfter(d, lease, parts, { record: found }), 0);
          await d.store.leave(p1);
          const { lease: last, strikes } = await d.claimOne({ owner: p2 });
          assert.equal(strikes, 1);
          d.is(await d.commit(last, { record: { status: 'completed' } }), 'ok');
          await d.beat(p1);
        }
      },
    ],
    [
      'a hand-back that stores something resets them',
      async (d) => {
        const stored: readonly Parts[] = [
          { checkpoints: [d.checkpoint('a')], record: found },
          { publish: { events: [d.event([])] }, record: found },
          { record: { ...found, gate: { name: 'another', limit: 1 } } },
          { record: { ...found, next: { event: 'order.changed', input: '{"n":2}', schemaHash: null } } },
        ];
        for (const parts of stored) {
          const lease = await suspected(d);
          assert.equal(await strikesAfter(d, lease, parts), 0);
          d.is(
            await d.commit({ ...lease, fence: lease.fence + 1 }, { record: { status: 'completed' } }),
            'ok',
          );
        }
      },
    ],
    [
      'one that waits, or is parked and resumed, has none',
      async (d) => {
        const waits = await suspected(d);
        await ask(d, waits, 'wait');
        const record = { status: 'waiting', listening: ['event'] } as const;
        d.is(await d.commit(waits, { record }), 'ok');
        await approve(d, '1');
        const woken = await d.claimOne();
        assert.equal(woken.strikes, 0);
        d.is(await d.commit(woken.lease, { record: { status: 'completed' } }), 'ok');
        const parks = await suspected(d);
        d.is(await d.commit(parks, { record: { status: 'parked', listening: ['resume'] } }), 'ok');
        d.is(await d.append(parks.executionId, 'resume'), 'ok');
        assert.equal((await d.claimOne()).strikes, 0);
      },
    ],
    [
      'a refused commit resets nothing',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        await d.store.leave(p1);
        const second = await d.claimOne({ owner: p2 });
        d.is(
          await d.commit(second.lease, { checkpoints: [d.checkpoint('a')] }),
          'rejected',
          'checkpoint-exists',
        );
        d.is(await d.commit(lease, { commitNo: 9, checkpoints: [d.checkpoint('b')] }), 'stale');
        await d.store.leave(p2);
        await d.beat(p1);
        assert.equal((await d.claimOne()).strikes, 1);
      },
    ],
  ]),
);
