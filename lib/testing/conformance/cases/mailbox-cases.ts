import { strict as assert } from 'node:assert';
import { approve, approved, ask, told } from '../mailbox-scene.js';
import { eventId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** What goes into mailboxes, and who gets it. */
export const mailboxCases = storeCaseGroup(
  'mailboxes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an event that came before the wait is answered at once, and nobody is told',
      async (d) => {
        const lease = await d.run();
        d.clock.advance(5);
        const mail = { schemaHash: 's1' };
        d.is(await d.publishEvents(approved(d, '1', { mail })), 'ok');
        assert.equal(await ask(d, lease, 'w'), '1');
        assert.deepEqual(await told(d, lease), []);
      },
    ],
    [
      'the payload comes with the hash of its schema',
      async (d) => {
        const lease = await d.run();
        d.is(await d.publishEvents(approved(d, '{"n":1}', { mail: { schemaHash: 's1' } })), 'ok');
        const verdict = await d.write({
          kind: 'await',
          lease,
          holder: 'w',
          event: 'approved',
          key: 'k',
          except: null,
          until: null,
          isOver: false,
        });
        const mail = verdict.verdict === 'ok' ? verdict.mail : null;
        assert.deepEqual([mail?.payload, mail?.schemaHash], ['{"n":1}', 's1']);
      },
    ],
    [
      'one from before the execution was created is none of its',
      async (d) => {
        await approve(d, 'early');
        d.clock.advance(1);
        const lease = await d.run();
        assert.equal(await ask(d, lease, 'w'), null);
      },
    ],
    [
      'one from after the execution was created is its, though the clock was set back in between',
      async (d) => {
        const lease = await d.run();
        d.clock.advance(-5_000);
        await approve(d, 'later');
        assert.equal(await ask(d, lease, 'w'), 'later');
      },
    ],
    [
      'another name or another key is another mailbox',
      async (d) => {
        const lease = await d.run();
        d.is(
          await d.publishEvents(
            approved(d, '1', { name: 'refused' }),
            approved(d, '2', { mail: { key: 'k2' } }),
          ),
          'ok',
        );
        assert.equal(await ask(d, lease, 'w'), null);
        d.is(await d.publishEvents(approved(d, '3', { mail: { key: 'K' } })), 'ok');
        assert.deepEqual(await told(d, lease), []);
        assert.equal(await ask(d, lease, 'other', { event: 'refused' }), '1');
        assert.equal(await ask(d, lease, 'another', { key: 'k2' }), '2');
      },
    ],
    [
      'the event that started the execution is not what it waits for',
      async (d) => {
        const event = approved(d, 'trigger');
        const execution = d.execution({ owner: p1 });
        const published = d.published(await d.publishEvents({ ...event, executions: [execution] }));
        const lease = {
          executionId: execution.id,
          key: published[0]?.key as number,
          owner: p1,
          fence: 1,
        };
        assert.equal(await ask(d, lease, 'w', { except: event.id }), null);
        await approve(d, 'next');
        assert.equal(await ask(d, lease, 'w', { except: event.id }), 'next');
      },
    ],
    [
      'every execution that waits gets the event, once',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        for (const lease of [a, b]) assert.equal(await ask(d, lease, 'w'), null);
        await approve(d, '1');
        for (const lease of [a, b]) assert.deepEqual(await told(d, lease), ['w']);
        for (const lease of [a, b]) assert.equal(await ask(d, lease, 'w'), '1');
        await approve(d, '2');
        for (const lease of [a, b]) assert.deepEqual(await told(d, lease), ['w']);
      },
    ],
    [
      'the next wait of an execution gets the next event',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1', '2');
        assert.equal(await ask(d, lease, 'first'), '1');
        assert.equal(await ask(d, lease, 'second'), '2');
        assert.equal(await ask(d, lease, 'third'), null);
        await approve(d, '3');
        assert.equal(await ask(d, lease, 'third'), '3');
      },
    ],
    [
      'of two open waits the first gets the first event',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'b');
        await ask(d, lease, 'a');
        await approve(d, '1');
        assert.deepEqual(await told(d, lease), ['b']);
        await approve(d, '2');
        assert.deepEqual(await told(d, lease), ['b', 'a']);
        assert.deepEqual([await ask(d, lease, 'a'), await ask(d, lease, 'b')], ['2', '1']);
      },
    ],
    [
      'a publish that is sent again delivers nothing again',
      async (d) => {
        const lease = await d.run();
        await ask(d, lease, 'first');
        await ask(d, lease, 'second');
        const event = approved(d, '1');
        await d.publishEvents(event);
        await d.publishEvents(event);
        assert.deepEqual(await told(d, lease), ['first']);
        assert.equal(await ask(d, lease, 'second'), null);
      },
    ],
    [
      'an explicit id is remembered although no execution starts, also when the mail is gone',
      async (d) => {
        const lease = await d.run();
        const mail = { until: d.now + 10 };
        const event = (payload: string, hash: string) =>
          approved(d, payload, {
            id: eventId('e1'),
            dedup: { hash, until: d.now + 1_000 },
            mail: { ...mail },
          });
        d.is(await d.publishEvents(event('1', 'h1')), 'ok');
        assert.equal(await ask(d, lease, 'first'), '1');
        assert.equal(await ask(d, lease, 'second'), null);
        d.clock.advance(20);
        mail.until = d.now + 500;
        await d.publishEvents(event('1', 'h1'));
        assert.deepEqual(await told(d, lease), []);
        d.is(await d.publishEvents(event('2', 'h2')), 'rejected', 'event-conflict');
      },
    ],
    [
      'what a commit publishes is delivered with it',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        await ask(d, b, 'w');
        const write = d.delta(a, {
          checkpoints: [d.checkpoint('published')],
          publish: { events: [approved(d, '1')] },
        });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.deepEqual(await told(d, b), ['w']);
        assert.equal(await ask(d, b, 'w'), '1');
      },
    ],
    [
      'a refused commit delivers nothing',
      async (d) => {
        const [a, b] = [await d.run(), await d.run()];
        await ask(d, b, 'w');
        d.is(await d.commit(a, { checkpoints: [d.checkpoint('a')] }), 'ok');
        const publish = { events: [approved(d, '1')] };
        d.is(await d.commit(a, { checkpoints: [d.checkpoint('a')], publish }), 'rejected');
        assert.deepEqual(await told(d, b), []);
      },
    ],
    [
      'hostile names and keys do not meet',
      async (d) => {
        const lease = await d.run();
        const keys = ['a', 'a\0', '\u0001a', '\ud800', '["a"]', 'a b', ' a'];
        for (const [at, key] of keys.entries()) {
          await ask(d, lease, `w\0${at}`, { key });
          d.is(await d.publishEvents(approved(d, `${key}${at}`, { mail: { key } })), 'ok');
        }
        assert.deepEqual(
          await told(d, lease),
          keys.map((_, at) => `w\0${at}`),
        );
        for (const [at, key] of keys.entries())
          assert.equal(await ask(d, lease, `w\0${at}`, { key }), `${key}${at}`);
      },
    ],
  ]),
);

async function reopen(d: StoreDriver): Promise<void> {
  assert.ok(d.harness.reopen !== undefined, 'a durable store can be reopened');
  d.store = await d.harness.reopen();
}

export const durableMailboxCases = storeCaseGroup(
  'durable mailboxes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'mail, waits and what they got are still there',
      async (d) => {
        const lease = await d.run();
        await approve(d, '1', '2');
        assert.equal(await ask(d, lease, 'first'), '1');
        await reopen(d);
        assert.equal(await ask(d, lease, 'second'), '2');
        assert.equal(await ask(d, lease, 'third'), null);
        await reopen(d);
        await approve(d, '3');
        assert.deepEqual(await told(d, lease), ['third']);
        await d.store.leave(p1);
        const taken = await d.claimOne({ owner: p2 });
        for (const [at, holder] of ['first', 'second', 'third'].entries())
          assert.equal(await ask(d, taken.lease, holder), String(at + 1));
      },
    ],
  ]),
  'reopen',
);
