import { strict as assert } from 'node:assert';
import { executionId, orders, p1, processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** Names that have broken stores: paths, prototypes, prefixes, quotes, NUL, beyond the BMP, case folds, normal forms. */
const hostileNames: readonly string[] = [
  '',
  ' ',
  '../x',
  '..',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'CON',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'step1',
  'step10',
  'step',
  'Step1',
  'STEP1',
  'a:b',
  'a b',
  'a\u0000b',
  'a',
  'a\nb',
  "'; DROP TABLE executions; --",
  '"quoted"',
  '%',
  '_',
  '*',
  '{"json":true}',
  'null',
  '0',
  '00',
  '1e3',
  '😀',
  '👨‍👩‍👧‍👦',
  '\u00e9',
  'e\u0301',
  'straße',
  'STRASSE',
  'ı',
  'İ',
  '\ufeffbom',
  '\u202eright-to-left',
  'k'.repeat(10_240),
  `${'k'.repeat(10_239)}l`,
];

const show = (name: string): string => JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);

export const hostileNameCases = storeCaseGroup(
  'hostile names',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'event ids never meet',
      async (d) => {
        for (const [i, name] of hostileNames.entries())
          d.is(await d.publishEvents(d.explicit(name, { hash: `h${i}` })), 'ok');
        for (const [i, name] of hostileNames.entries()) {
          const verdict = await d.publishEvents(d.explicit(name, { hash: `h${i}` }));
          assert.equal(d.published(verdict)[0]?.duplicate, true, show(name));
          d.is(await d.publishEvents(d.explicit(name, { hash: 'other' })), 'rejected', 'event-conflict');
        }
        assert.equal((await d.store.list({ limit: 1_000 })).length, hostileNames.length);
      },
    ],
    [
      'sessions never meet, and ids in them never do',
      async (d) => {
        for (const session of hostileNames)
          d.is(await d.publishEvents(d.explicit('same', { session, hash: session })), 'ok');
        for (const session of hostileNames) {
          const found = await d.store.list({ session, limit: 10 });
          assert.deepEqual(
            found.map((record) => record.session),
            [session],
            show(session),
          );
        }
      },
    ],
    [
      'session and event id are not run together',
      async (d) => {
        const pairs = [
          ['a', 'b:c'],
          ['a:b', 'c'],
          ['a\u0000b', 'c'],
          ['a', 'b\u0000c'],
          ['', 'abc'],
          ['abc', ''],
        ] as const;
        for (const [session, id] of pairs)
          d.is(await d.publishEvents(d.explicit(id, { session, hash: `${session}|${id}` })), 'ok');
        assert.equal((await d.store.list({ limit: 100 })).length, pairs.length);
      },
    ],
    [
      'execution ids never meet',
      async (d) => {
        for (const name of hostileNames)
          await d.publish({ id: executionId(name), input: JSON.stringify(name) });
        for (const name of hostileNames) {
          assert.equal((await d.record(executionId(name))).input, JSON.stringify(name), show(name));
          const { lease, record } = await d.claimOne({ ids: [executionId(name)] });
          assert.equal(record.id, name);
          d.is(
            await d.commit(lease, { checkpoints: [d.checkpoint('a', { value: JSON.stringify(name) })] }),
            'ok',
          );
          d.is(await d.append(executionId(name), 'cancel', 'm', JSON.stringify(name)), 'ok');
        }
        for (const name of hostileNames) {
          const id = executionId(name);
          assert.deepEqual(
            (await d.store.journal(id)).map(({ value }) => value),
            [JSON.stringify(name)],
            show(name),
          );
          assert.deepEqual(
            (await d.store.inbox(id, 0, 9)).map(({ body }) => body),
            [JSON.stringify(name)],
            show(name),
          );
        }
      },
    ],
    [
      'lanes never meet',
      async (d) => {
        for (const lane of hostileNames) for (let i = 0; i < 2; i++) await d.publish({ lane });
        const { claimed } = await d.claim({ limit: hostileNames.length });
        assert.deepEqual(new Set(claimed.map(({ record }) => record.lane)), new Set(hostileNames));
      },
    ],
    [
      'definitions never meet',
      async (d) => {
        for (const id of hostileNames) await d.publish({ definition: { id, fingerprint: 'f1' }, lane: 'l' });
        for (const id of hostileNames) {
          const { record } = await d.claimOne({ runnable: [{ id, fingerprint: 'f1' }] });
          assert.equal(record.definition.id, id, show(id));
        }
      },
    ],
    [
      'fingerprints never meet',
      async (d) => {
        for (const fingerprint of hostileNames)
          await d.publish({ definition: { id: orders.id, fingerprint } });
        for (const fingerprint of hostileNames) {
          const { record } = await d.claimOne({ runnable: [{ id: orders.id, fingerprint }] });
          assert.equal(record.definition.fingerprint, fingerprint, show(fingerprint));
        }
      },
    ],
    [
      'checkpoint keys and paths never meet',
      async (d) => {
        const lease = await d.run();
        for (const [i, key] of hostileNames.entries()) {
          const row = d.checkpoint(key, { path: key, seq: i + 1, value: JSON.stringify(key) });
          d.is(await d.commit(lease, { checkpoints: [row] }), 'ok');
          d.is(await d.commit(lease, { checkpoints: [row] }), 'rejected', 'checkpoint-exists');
        }
        const journal = await d.store.journal(lease.executionId);
        assert.deepEqual(
          journal.map(({ key, path, value }) => [key, path, value]),
          hostileNames.map((name) => [name, name, JSON.stringify(name)]),
        );
      },
    ],
    [
      'forgotten keys never take others with them',
      async (d) => {
        const lease = await d.run();
        await d.commit(lease, {
          checkpoints: hostileNames.map((key, i) => d.checkpoint(key, { seq: i + 1 })),
        });
        const forget = hostileNames.filter((_, i) => i % 2 === 0);
        d.is(await d.commit(lease, { record: { status: 'running', epoch: 1, forget } }), 'ok');
        assert.deepEqual(
          await d.journalKeys(lease.executionId),
          hostileNames.filter((_, i) => i % 2 === 1),
        );
      },
    ],
    [
      'message ids never meet',
      async (d) => {
        const id = await d.publish();
        for (const name of hostileNames) d.is(await d.append(id, 'event', name, JSON.stringify(name)), 'ok');
        for (const name of hostileNames) d.is(await d.append(id, 'event', name), 'already');
        assert.deepEqual(
          (await d.store.inbox(id, 0, 1_000)).map((m) => m.id),
          hostileNames,
        );
      },
    ],
    [
      'timer names never meet',
      async (d) => {
        const lease = await d.run();
        const timers = Object.fromEntries(hostileNames.map((name, i) => [name, d.now + 1_000 + i]));
        d.is(await d.commit(lease, { record: { status: 'waiting', timers } }), 'ok');
        const stored = (await d.record(lease.executionId)).timers;
        assert.deepEqual(new Map(Object.entries(stored)), new Map(Object.entries(timers)));
        assert.equal((await d.claim()).nextAt, d.now + 1_000);
      },
    ],
    [
      'process ids never meet',
      async (d) => {
        await d.store.leave(p1);
        for (const name of hostileNames) await d.beat(processId(name));
        for (const name of hostileNames) await d.run({ owner: processId(name) });
        for (const name of hostileNames.slice(1)) {
          await d.store.leave(processId(name));
          assert.equal(
            (await d.claimedIds({ owner: processId(hostileNames[0] ?? '') })).length,
            1,
            show(name),
          );
        }
      },
    ],
    [
      'event names never meet in subscriptions and lists',
      async (d) => {
        await d.store.subscribe(
          hostileNames.map((event) => ({ event, definition: orders, worker: 'orders', method: 'fulfil' })),
        );
        assert.deepEqual(
          new Set((await d.store.subscriptions()).map(({ event }) => event)),
          new Set(hostileNames),
        );
        for (const name of hostileNames) await d.publish({}, { name });
        for (const event of hostileNames) {
          assert.deepEqual(
            (await d.store.list({ event, limit: 9 })).map(({ eventName }) => eventName),
            [event],
            show(event),
          );
        }
      },
    ],
    [
      'paused names hold only themselves',
      async (d) => {
        for (const id of hostileNames) await d.publish({ definition: { id, fingerprint: 'f1' }, lane: 'l' });
        await d.store.setPaused(
          hostileNames.filter((_, i) => i % 2 === 0),
          true,
        );
        const runnable = hostileNames.map((id) => ({ id, fingerprint: 'f1' }));
        const claimed = (await d.claim({ runnable })).claimed.map(({ record }) => record.definition.id);
        assert.deepEqual(new Set(claimed), new Set(hostileNames.filter((_, i) => i % 2 === 1)));
      },
    ],
    [
      'text of every kind comes back as it went in',
      async (d) => {
        for (const text of hostileNames) {
          const lease = await d.run({ input: text });
          await d.append(lease.executionId, 'event', 'm', text);
          await d.commit(lease, { record: { status: 'failed', value: text, error: text } });
          const { input, value, error } = await d.record(lease.executionId);
          assert.deepEqual([input, value, error], [text, text, text]);
        }
      },
    ],
  ]),
);
