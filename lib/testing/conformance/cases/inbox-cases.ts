import { strict as assert } from 'node:assert';
import { dayMs, executionId, p1, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

const TWO_DAYS_MS = 2 * dayMs;

export const inboxCases = storeCaseGroup(
  'inbox',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'messages come back in order of arrival, with growing numbers',
      async (d) => {
        const id = await d.publish();
        await d.append(id, 'event', 'm2', '{"b":1}');
        await d.append(id, 'cancel', 'm1');
        await d.append(id, 'event', 'm3');
        const messages = await d.store.inbox(id, 0, 10);
        assert.deepEqual(
          messages.map(({ id, kind, body, to }) => [id, kind, body, to]),
          [
            ['m2', 'event', '{"b":1}', id],
            ['m1', 'cancel', null, id],
            ['m3', 'event', null, id],
          ],
        );
        const seqs = messages.map(({ seq }) => seq);
        assert.ok(
          seqs.every((seq, i) => seq > (seqs[i - 1] ?? 0)),
          `growing: ${seqs.join()}`,
        );
      },
    ],
    [
      'a page starts after a number and holds its limit',
      async (d) => {
        const id = await d.publish();
        for (let i = 0; i < 10; i++) await d.append(id, 'event', `m${i}`);
        const first = await d.store.inbox(id, 0, 4);
        const second = await d.store.inbox(id, first.at(-1)?.seq ?? 0, 4);
        assert.deepEqual(
          [...first, ...second].map((m) => m.id),
          Array.from({ length: 8 }, (_, i) => `m${i}`),
        );
      },
    ],
    [
      'one message id is taken once',
      async (d) => {
        const id = await d.publish();
        d.is(await d.append(id, 'event', 'm1', '1'), 'ok');
        d.is(await d.append(id, 'event', 'm1', '1'), 'already');
        assert.equal((await d.store.inbox(id, 0, 10)).length, 1);
      },
    ],
    [
      'a resent message of an acknowledged id is already applied',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        await d.append(lease.executionId, 'event', 'm1');
        const seen = (await d.store.inbox(lease.executionId, 0, 1))[0]?.seq ?? 0;
        d.is(
          await d.commit(lease, { record: { status: 'waiting', listening: ['event'], seenInboxSeq: seen } }),
          'ok',
        );
        d.is(await d.append(lease.executionId, 'event', 'm1'), 'already');
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'a message to nobody is refused',
      async (d) => {
        d.is(await d.append(executionId('nobody'), 'cancel'), 'rejected', 'unknown-execution');
      },
    ],
    [
      'a message wakes a waiting execution that listens to it',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, {
          record: {
            status: 'waiting',
            waitReason: 'event',
            listening: ['event'],
            timers: { t: d.now + TWO_DAYS_MS },
          },
        });
        const verdict = await d.append(lease.executionId, 'event', 'm1', '7');
        d.is(verdict, 'ok');
        assert.equal((await d.record(lease.executionId)).status, 'pending');
        const { lease: next, inbox } = await d.claimOne();
        assert.deepEqual(
          [next.executionId, next.fence, inbox.map(({ body }) => body)],
          [lease.executionId, 2, ['7']],
        );
      },
    ],
    [
      'a message of another kind is stored and wakes nobody',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'waiting', listening: ['cancel'] } });
        d.is(await d.append(lease.executionId, 'event'), 'ok');
        assert.equal((await d.record(lease.executionId)).status, 'waiting');
        assert.deepEqual(await d.claimedIds(), []);
        assert.equal((await d.store.inbox(lease.executionId, 0, 10)).length, 1);
      },
    ],
    [
      'a message makes a delayed execution due at once',
      async (d) => {
        const id = await d.publish({ dueAt: d.now + TWO_DAYS_MS, listening: ['cancel'] });
        d.is(await d.append(id, 'cancel'), 'ok');
        assert.deepEqual(await d.claimedIds(), [id]);
      },
    ],
    [
      'a message to what is ready changes neither its turn nor its number',
      async (d) => {
        const first = await d.publish();
        const second = await d.publish();
        await d.append(second, 'cancel');
        await d.append(first, 'cancel');
        assert.deepEqual(await d.claimedIds(), [first, second]);
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'a message to a running execution is signalled to its owner alone',
      async (d) => {
        const lease = await d.run();
        await d.run();
        d.is(await d.append(lease.executionId, 'cancel'), 'ok');
        assert.deepEqual(await d.store.signals(p1), [lease.executionId]);
        assert.deepEqual(await d.store.signals(p2), []);
        assert.deepEqual((await d.store.heartbeat(d.process(p1), 30_000)).signals, [lease.executionId]);
        assert.equal((await d.record(lease.executionId)).status, 'running');
      },
    ],
    [
      'a message that a running execution does not listen to is not signalled',
      async (d) => {
        const lease = await d.run({ listening: ['cancel'] });
        await d.append(lease.executionId, 'graph');
        assert.deepEqual(await d.store.signals(p1), []);
      },
    ],
    [
      'a running commit that acknowledges the message ends the signal',
      async (d) => {
        const lease = await d.run();
        await d.append(lease.executionId, 'cancel');
        const seen = (await d.store.inbox(lease.executionId, 0, 1))[0]?.seq ?? 0;
        await d.commit(lease, { record: { status: 'running', seenInboxSeq: seen } });
        assert.deepEqual(await d.store.signals(p1), []);
      },
    ],
    [
      'a running commit that begins to listen raises the signal',
      async (d) => {
        const lease = await d.run({ listening: ['cancel'] });
        await d.append(lease.executionId, 'event');
        await d.commit(lease, { record: { status: 'running', listening: ['cancel', 'event'] } });
        assert.deepEqual(await d.store.signals(p1), [lease.executionId]);
      },
    ],
    [
      'acknowledged messages are gone, later ones stay',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        for (const id of ['m1', 'm2', 'm3']) await d.append(lease.executionId, 'event', id);
        const [, second] = await d.store.inbox(lease.executionId, 0, 10);
        await d.commit(lease, {
          record: { status: 'running', listening: ['event'], seenInboxSeq: second?.seq ?? 0 },
        });
        assert.deepEqual(
          (await d.store.inbox(lease.executionId, 0, 10)).map(({ id }) => id),
          ['m3'],
        );
      },
    ],
    [
      'numbers keep growing after all messages were acknowledged',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        await d.append(lease.executionId, 'event', 'm1');
        const first = (await d.store.inbox(lease.executionId, 0, 1))[0]?.seq ?? 0;
        await d.commit(lease, { record: { status: 'running', listening: ['event'], seenInboxSeq: first } });
        await d.append(lease.executionId, 'event', 'm2');
        const second = (await d.store.inbox(lease.executionId, first, 1))[0];
        assert.equal(second?.id, 'm2');
        assert.ok(second.seq > first);
      },
    ],
    [
      'an ended execution refuses what it does not listen to',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, { record: { status: 'completed', value: '1', listening: ['retry'] } });
        d.is(await d.append(lease.executionId, 'cancel'), 'rejected', 'not-listening');
        assert.deepEqual(await d.store.inbox(lease.executionId, 0, 10), []);
        assert.equal((await d.record(lease.executionId)).status, 'completed');
      },
    ],
    [
      'a message taken while it ran is already applied after the end',
      async (d) => {
        const lease = await d.run();
        await d.append(lease.executionId, 'cancel', 'm1');
        await d.commit(lease, { record: { status: 'completed', listening: [] } });
        d.is(await d.append(lease.executionId, 'cancel', 'm1'), 'already');
      },
    ],
    [
      'a message does not cost an attempt or a strike',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        await d.commit(lease, { record: { status: 'waiting', listening: ['event'] } });
        await d.append(lease.executionId, 'event');
        const { record, strikes } = await d.claimOne();
        assert.deepEqual([record.attempt, strikes], [1, 0]);
      },
    ],
  ]),
);

/** Rule 1 of the kernel: a message is never slept over, wherever between load and commit it lands. */
export const raceCases = storeCaseGroup(
  'append between load and commit',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    ...(
      [
        'before the claim',
        'after the claim',
        'after a checkpoint',
        'before the release in its group',
        'after the release in its group',
        'after the release',
      ] as const
    ).map((point): [string, (d: StoreDriver) => Promise<void>] => [
      `a message ${point} is due at once`,
      async (d) => {
        const id = await d.publish({ listening: ['event'] });
        const send = { kind: 'append' as const, message: d.message(id, 'event', 'm1') };
        if (point === 'before the claim') await d.write(send);
        const { lease, inbox } = await d.claimOne();
        // The pass acts on an empty inbox, as one that loaded before the message came.
        assert.equal(inbox.length, point === 'before the claim' ? 1 : 0);
        if (point === 'after the claim') await d.write(send);
        await d.commit(lease, { checkpoints: [d.checkpoint('a')] });
        if (point === 'after a checkpoint') await d.write(send);
        const release = d.delta(lease, {
          record: {
            status: 'waiting',
            waitReason: 'event',
            listening: ['event'],
            timers: { t: d.now + TWO_DAYS_MS },
          },
        });
        const group =
          point === 'before the release in its group'
            ? [send, release]
            : point === 'after the release in its group'
              ? [release, send]
              : [release];
        for (const { verdict } of await d.store.write(group)) assert.equal(verdict, 'ok');
        if (point === 'after the release') await d.write(send);
        assert.equal((await d.record(id)).status, 'pending');
        const next = await d.claimOne({ owner: p2 });
        assert.deepEqual(
          next.inbox.map(({ id }) => id),
          ['m1'],
        );
      },
    ]),
    [
      'a release over an unseen message says that it is due',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        await d.append(lease.executionId, 'event');
        const verdict = await d.commit(lease, {
          record: { status: 'waiting', listening: ['event'], timers: { t: d.now + TWO_DAYS_MS } },
        });
        assert.equal(verdict.verdict === 'ok' && verdict.due, true);
      },
    ],
    [
      'a release without unseen messages does not say that it is due',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        const verdict = await d.commit(lease, {
          record: { status: 'waiting', listening: ['event'], timers: { t: d.now + TWO_DAYS_MS } },
        });
        assert.equal(verdict.verdict, 'ok');
        assert.notEqual(verdict.verdict === 'ok' && verdict.due, true);
      },
    ],
    [
      'a release that begins to listen sees messages that came before',
      async (d) => {
        const lease = await d.run({ listening: [] });
        await d.append(lease.executionId, 'event');
        await d.commit(lease, { record: { status: 'waiting', listening: ['event'] } });
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'a release that acknowledges the message sleeps',
      async (d) => {
        const lease = await d.run({ listening: ['event'] });
        await d.append(lease.executionId, 'event');
        const seen = (await d.store.inbox(lease.executionId, 0, 1))[0]?.seq ?? 0;
        await d.commit(lease, { record: { status: 'waiting', listening: ['event'], seenInboxSeq: seen } });
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
    [
      'a parked release over an unseen resume is due at once',
      async (d) => {
        const lease = await d.run({ listening: ['cancel', 'resume'] });
        await d.append(lease.executionId, 'resume');
        await d.commit(lease, { record: { status: 'parked', error: '{}', listening: ['cancel', 'resume'] } });
        assert.deepEqual(await d.claimedIds(), [lease.executionId]);
      },
    ],
    [
      'an end over an unseen cancel stays an end',
      async (d) => {
        const lease = await d.run();
        await d.append(lease.executionId, 'cancel');
        d.is(
          await d.commit(lease, { record: { status: 'completed', value: '1', listening: ['retry'] } }),
          'ok',
        );
        assert.equal((await d.record(lease.executionId)).status, 'completed');
        assert.deepEqual(await d.claimedIds(), []);
      },
    ],
  ]),
);
