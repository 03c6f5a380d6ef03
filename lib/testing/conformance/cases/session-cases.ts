import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import type { OpenPage, OpenRequest } from '../../../ports/stored-session.js';
import { dayMs, mails, orders, p1, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

type Case = (d: StoreDriver) => Promise<void>;

/** Names that contain one another, and names that a careless store would take for something else. */
const alike = [
  '1',
  '11',
  'a',
  'a:1',
  'a%',
  'a_',
  'ä',
  '\u0000',
  'a\u0000',
  '%',
  "'",
  '__proto__',
  '\ud800',
  ' ',
];

function open(d: StoreDriver, session: string, over: Partial<OpenRequest> = {}): Promise<OpenPage> {
  return d.store.openOf({ session, upTo: null, after: 0, limit: 100, ...over });
}

async function openIds(d: StoreDriver, session: string): Promise<readonly ExecutionId[]> {
  return (await open(d, session)).executions.map(({ id }) => id);
}

/** All that counts, in pages of that size. */
async function paged(d: StoreDriver, session: string, limit: number, upTo: number): Promise<ExecutionId[]> {
  const found: ExecutionId[] = [];
  let after = 0;
  for (;;) {
    const page = await open(d, session, { upTo, after, limit });
    assert.ok(page.executions.length <= limit, 'a page holds no more than its limit');
    assert.equal(page.upTo, upTo);
    found.push(...page.executions.map(({ id }) => id));
    after = page.next;
    if (!page.more) return found;
  }
}

async function end(d: StoreDriver, lease: Lease): Promise<void> {
  d.is(await d.commit(lease, { record: { status: 'completed', listening: ['retry'] } }), 'ok');
}

/** Publishes one execution as a step of that one. */
async function publishFrom(d: StoreDriver, lease: Lease, session: string | null): Promise<ExecutionId> {
  const execution = d.execution();
  const checkpoint = d.checkpoint(`publish-${execution.id}`);
  const publish = { events: [d.event([execution], { session })] };
  d.is(await d.commit(lease, { checkpoints: [checkpoint], publish }), 'ok');
  return execution.id;
}

export const sessionCases = storeCaseGroup(
  'sessions',
  new Map<string, Case>([
    [
      'what is open in a session is found in order of creation, whatever its status, and nothing that ended',
      async (d) => {
        const running = await d.run({}, { session: 's' });
        const delayed = await d.publish({ dueAt: d.now + 1_000 }, { session: 's' });
        const parked = await d.run({}, { session: 's' });
        d.is(await d.commit(parked, { record: { status: 'parked', listening: ['resume'] } }), 'ok');
        const waiting = await d.run({ definition: mails }, { session: 's' });
        const timers = { sleep: d.now + dayMs };
        d.is(await d.commit(waiting, { record: { status: 'waiting', waitReason: 'timer', timers } }), 'ok');
        const gate = { name: 'g', limit: 0 };
        const queued = await d.publish({ gate }, { session: 's' });
        await end(d, await d.run({}, { session: 's' }));
        await d.publish({}, { session: 't' });
        await d.publish();
        const page = await open(d, 's');
        assert.deepEqual(page.executions, [
          { id: running.executionId, definition: orders.id },
          { id: delayed, definition: orders.id },
          { id: parked.executionId, definition: orders.id },
          { id: waiting.executionId, definition: mails.id },
          { id: queued, definition: orders.id },
        ]);
        assert.equal(page.more, false);
      },
    ],
    [
      'pages of any size find the same, each once, while executions end between them',
      async (d) => {
        const ids: ExecutionId[] = [];
        for (let i = 0; i < 7; i++) ids.push(await d.publish({}, { session: 's' }));
        const { upTo } = await open(d, 's');
        for (const limit of [1, 2, 3, 7, 8]) assert.deepEqual(await paged(d, 's', limit, upTo), ids);
        const first = await open(d, 's', { limit: 3 });
        assert.deepEqual(
          first.executions.map(({ id }) => id),
          ids.slice(0, 3),
        );
        for (const { lease } of (await d.claim({ ids: ids.slice(0, 4) })).claimed) await end(d, lease);
        const rest = await open(d, 's', { upTo: first.upTo, after: first.next });
        assert.deepEqual(
          rest.executions.map(({ id }) => id),
          ids.slice(4),
        );
      },
    ],
    [
      'what is accepted after the first page does not count',
      async (d) => {
        const before = await d.publish({}, { session: 's' });
        const { upTo } = await open(d, 's');
        await d.publish({}, { session: 's' });
        assert.deepEqual(await paged(d, 's', 1, upTo), [before]);
        assert.equal((await openIds(d, 's')).length, 2);
      },
    ],
    [
      'what counts and came after the last page is on the page that follows it',
      async (d) => {
        const root = await d.run({}, { session: 's' });
        const { upTo, next, more } = await open(d, 's');
        assert.equal(more, false);
        assert.deepEqual((await open(d, 's', { upTo, after: next })).executions, []);
        const child = await publishFrom(d, root, 's');
        const page = await open(d, 's', { upTo, after: next });
        assert.deepEqual(
          page.executions.map(({ id }) => id),
          [child],
        );
        assert.deepEqual((await open(d, 's', { upTo, after: page.next })).executions, []);
        assert.equal((await open(d, 'nobody', { after: 7 })).next, 7);
      },
    ],
    [
      'what an execution that counts publishes into the session counts, and so on, but not into another',
      async (d) => {
        const root = await d.run({}, { session: 's' });
        const { upTo } = await open(d, 's');
        const later = await d.run({}, { session: 's' });
        const ofLater = await publishFrom(d, later, 's');
        const child = await publishFrom(d, root, 's');
        await publishFrom(d, root, 't');
        await publishFrom(d, root, null);
        const { lease } = await d.claimOne({ ids: [child] });
        const grandchild = await publishFrom(d, lease, 's');
        assert.deepEqual(await paged(d, 's', 2, upTo), [root.executionId, child, grandchild]);
        assert.ok((await openIds(d, 's')).includes(ofLater));
      },
    ],
    [
      'sessions whose names are alike never meet',
      async (d) => {
        const ids = new Map<string, ExecutionId>();
        for (const session of alike) ids.set(session, await d.publish({}, { session }));
        for (const [session, id] of ids) {
          assert.deepEqual(await openIds(d, session), [id], JSON.stringify(session));
          assert.deepEqual(await d.store.counts(session), [
            { definition: orders.id, status: 'pending', count: 1 },
          ]);
          const listed = await d.store.list({ session, limit: 10 });
          assert.deepEqual(
            listed.map((record) => record.id),
            [id],
          );
        }
        assert.deepEqual(await openIds(d, ''), []);
        assert.deepEqual([...(await d.store.openSessions(null, 100))].sort(), [...alike].sort());
      },
    ],
    [
      'sessions are open as long as something of them is, and are told in pages',
      async (d) => {
        const leases: Lease[] = [];
        for (const session of ['c', 'a', 'b', 'a']) leases.push(await d.run({}, { session }));
        await d.run();
        const names = await d.store.openSessions(null, 10);
        assert.deepEqual([...names].sort(), ['a', 'b', 'c']);
        const first = await d.store.openSessions(null, 2);
        assert.deepEqual(first, names.slice(0, 2));
        assert.deepEqual(await d.store.openSessions(first[1] ?? '', 2), names.slice(2));
        await end(d, leases[1] as Lease);
        assert.equal((await d.store.openSessions(null, 10)).length, 3);
        await end(d, leases[3] as Lease);
        await end(d, leases[0] as Lease);
        assert.deepEqual(await d.store.openSessions(null, 10), ['b']);
        d.is(await d.append(leases[0]?.executionId as ExecutionId, 'retry'), 'ok');
        assert.deepEqual([...(await d.store.openSessions(null, 10))].sort(), ['b', 'c']);
      },
    ],
    [
      'a session is counted by itself, and forgotten when its executions are pruned',
      async (d) => {
        await d.publish({}, { session: 's' });
        const ended = await d.run({ definition: mails }, { session: 's' });
        await end(d, ended);
        await d.publish({}, { session: 't' });
        const counts = [...(await d.store.counts('s'))].sort((a, b) =>
          a.definition < b.definition ? -1 : 1,
        );
        assert.deepEqual(counts, [
          { definition: mails.id, status: 'completed', count: 1 },
          { definition: orders.id, status: 'pending', count: 1 },
        ]);
        assert.deepEqual(await d.store.counts('nobody'), []);
        await end(d, (await d.claimOne({ limit: 1, ids: await openIds(d, 's') })).lease);
        d.clock.advance(dayMs);
        await d.store.prune({ completedBefore: d.now, failedBefore: d.now, limit: 10 });
        assert.deepEqual(await d.store.counts('s'), []);
        assert.deepEqual(await openIds(d, 's'), []);
        assert.deepEqual(await d.store.openSessions(null, 10), ['t']);
      },
    ],
    [
      'a session is listed from a page to the next, with every other filter',
      async (d) => {
        const ids: ExecutionId[] = [];
        for (let i = 0; i < 6; i++) {
          ids.push(await d.publish({ definition: i % 2 === 0 ? orders : mails }, { session: 's' }));
          await d.publish({}, { session: 't' });
        }
        const find = async (filter: object): Promise<ExecutionId[]> =>
          (await d.store.list({ session: 's', limit: 3, ...filter })).map((record) => record.id);
        assert.deepEqual(await find({}), ids.slice(0, 3));
        assert.deepEqual(await find({ after: ids[2] }), ids.slice(3));
        assert.deepEqual(await find({ worker: 'mails' }), [ids[1], ids[3], ids[5]]);
        assert.deepEqual(await find({ status: 'running' }), []);
        assert.deepEqual(await find({ event: 'order.placed', after: ids[4] }), [ids[5]]);
      },
    ],
  ]),
);

export const handedOnCases = storeCaseGroup(
  'cancels that are handed on',
  new Map<string, Case>([
    [
      'what is published into the session after a cancel that has a body is cancelled with it, and so on',
      async (d) => {
        const lease = await d.run({}, { session: 's' });
        const before = await publishFrom(d, lease, 's');
        d.is(await d.append(lease.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        const after = await publishFrom(d, lease, 's');
        assert.deepEqual(await d.store.inbox(before, 0, 10), []);
        const [message] = await d.store.inbox(after, 0, 10);
        assert.deepEqual(
          { id: message?.id, to: message?.to, kind: message?.kind, body: message?.body },
          { id: 'stop-1', to: after, kind: 'cancel', body: 'stopped' },
        );
        const claimed = await d.claimOne({ ids: [after] });
        assert.equal(claimed.inbox.length, 1, 'whoever claims it learns it before anything runs');
        const next = await publishFrom(d, claimed.lease, 's');
        assert.equal((await d.store.inbox(next, 0, 10)).length, 1);
        d.is(await d.append(after, 'cancel', 'stop-1', 'stopped'), 'already');
      },
    ],
    [
      'one that queues at its gate, or is delayed, is served at once to be cancelled',
      async (d) => {
        const lease = await d.run({}, { session: 's' });
        d.is(await d.append(lease.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        const queued = d.execution({ gate: { name: 'g', limit: 0 } });
        const delayed = d.execution({ dueAt: d.now + dayMs });
        const publish = { events: [d.event([queued, delayed], { session: 's' })] };
        d.is(await d.commit(lease, { checkpoints: [d.checkpoint('publish')], publish }), 'ok');
        assert.deepEqual([...(await d.claimedIds())].sort(), [queued.id, delayed.id].sort());
      },
    ],
    [
      'a cancel without a body, one that was seen, another session and no session hand on nothing',
      async (d) => {
        const plain = await d.run({}, { session: 's' });
        d.is(await d.append(plain.executionId, 'cancel'), 'ok');
        const seen = await d.run({}, { session: 's' });
        d.is(await d.append(seen.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        d.is(await d.commit(seen, { record: { status: 'running', seenInboxSeq: 1 } }), 'ok');
        const told = await d.run({}, { session: 's' });
        d.is(await d.append(told.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        const none = await d.run();
        d.is(await d.append(none.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        const published = [
          await publishFrom(d, plain, 's'),
          await publishFrom(d, seen, 's'),
          await publishFrom(d, told, 't'),
          await publishFrom(d, told, null),
          await publishFrom(d, none, null),
        ];
        for (const id of published) assert.deepEqual(await d.store.inbox(id, 0, 10), []);
      },
    ],
    [
      'a commit that is sent again hands on once',
      async (d) => {
        const lease = await d.run({}, { session: 's' });
        d.is(await d.append(lease.executionId, 'cancel', 'stop-1', 'stopped'), 'ok');
        const execution = d.execution();
        const publish = { events: [d.event([execution], { session: 's' })] };
        const write = d.delta(lease, { checkpoints: [d.checkpoint('publish')], publish });
        d.is(await d.write(write), 'ok');
        d.is(await d.write(write), 'already');
        assert.equal((await d.store.inbox(execution.id, 0, 10)).length, 1);
      },
    ],
  ]),
);

export const durableSessionCases = storeCaseGroup(
  'sessions after a restart',
  new Map<string, Case>([
    [
      'what is open, and what it comes from, is known to the store that is opened next',
      async (d) => {
        const root = await d.run({ owner: p1 }, { session: 's' });
        const { upTo } = await open(d, 's');
        const child = await publishFrom(d, root, 's');
        await d.publish({}, { session: 's' });
        assert.ok(d.harness.reopen !== undefined, 'the harness reopens the store');
        d.store = await d.harness.reopen();
        assert.deepEqual(await paged(d, 's', 10, upTo), [root.executionId, child]);
        assert.deepEqual(await d.store.openSessions(null, 10), ['s']);
      },
    ],
  ]),
  'reopen',
);
