import { strict as assert } from 'node:assert';
import { MAILBOX_CAPACITY } from '../../../model/mailbox.js';
import { approve, approved, ask, told } from '../mailbox-scene.js';
import { dayMs, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function fill(d: StoreDriver, count = MAILBOX_CAPACITY): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => approved(d, String(at)));
  d.is(await d.publishEvents(...events), 'ok');
}

const prune = (d: StoreDriver, limit: number) =>
  d.store.prune({ completedBefore: 0, failedBefore: 0, limit });

/** How much mailboxes hold, and how long. */
export const mailboxRoomCases = storeCaseGroup(
  'room of mailboxes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'one event more than a mailbox holds is refused, with all its neighbours and executions',
      async (d) => {
        const lease = await d.run();
        await fill(d);
        const [execution, other] = [d.execution(), d.execution()];
        const one = { ...approved(d, 'too much'), executions: [execution] };
        const verdict = await d.publishEvents(d.event([other]), one);
        d.is(verdict, 'rejected', 'mailbox-full');
        assert.equal(verdict.verdict === 'rejected' ? verdict.eventId : null, one.id);
        for (const { id } of [execution, other]) assert.equal(await d.store.read(id), null);
        d.is(await d.publishEvents(approved(d, 'elsewhere', { mail: { key: 'k2' } })), 'ok');
        for (let at = 0; at < MAILBOX_CAPACITY; at++) assert.equal(await ask(d, lease, `w${at}`), String(at));
        assert.equal(await ask(d, lease, 'one more'), null);
      },
    ],
    [
      'a write that brings more than there is room for is refused whole',
      async (d) => {
        const lease = await d.run();
        await fill(d, MAILBOX_CAPACITY - 1);
        await ask(d, lease, 'w', { key: 'k2' });
        const events = [
          approved(d, 'x', { mail: { key: 'k2' } }),
          approved(d, 'fits'),
          approved(d, 'does not'),
        ];
        d.is(await d.publishEvents(...events), 'rejected', 'mailbox-full');
        assert.deepEqual(await told(d, lease), []);
        d.is(await d.publishEvents(approved(d, 'fits')), 'ok');
      },
    ],
    [
      'a commit that publishes more is refused whole',
      async (d) => {
        const lease = await d.run();
        await fill(d);
        const publish = { events: [approved(d, 'too much')] };
        const checkpoints = [d.checkpoint('published')];
        d.is(await d.commit(lease, { checkpoints, publish }), 'rejected', 'mailbox-full');
        assert.deepEqual(await d.journalKeys(lease.executionId), []);
      },
    ],
    [
      'the last that found room may be sent again',
      async (d) => {
        await fill(d, MAILBOX_CAPACITY - 1);
        const last = approved(d, 'last');
        d.is(await d.publishEvents(last), 'ok');
        assert.notEqual((await d.publishEvents(last)).verdict, 'rejected');
      },
    ],
    [
      'what has expired takes no room, and nobody new gets it',
      async (d) => {
        const lease = await d.run();
        await fill(d);
        d.clock.advance(7 * dayMs - 1);
        d.is(await d.publishEvents(approved(d, 'too early')), 'rejected', 'mailbox-full');
        d.clock.advance(1);
        await d.beat(lease.owner);
        assert.equal(await ask(d, lease, 'w'), null);
        await approve(d, 'new');
        assert.deepEqual(await told(d, lease), ['w']);
      },
    ],
    [
      'a prune removes what has expired, a bounded piece at a time; who got it keeps it',
      async (d) => {
        const lease = await d.run();
        await fill(d, 10);
        assert.equal(await ask(d, lease, 'w'), '0');
        assert.deepEqual(await prune(d, 4), { removed: 0, more: false });
        d.clock.advance(7 * dayMs);
        assert.deepEqual(await prune(d, 4), { removed: 4, more: true });
        assert.deepEqual(await prune(d, 4), { removed: 4, more: true });
        assert.deepEqual(await prune(d, 4), { removed: 2, more: false });
        assert.equal(await ask(d, lease, 'w'), '0');
      },
    ],
  ]),
);
