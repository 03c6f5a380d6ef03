import { strict as assert } from 'node:assert';
import type { NewEvent, Verdict } from '../../../ports/store-write.js';
import { executionId, leaseMs, p1, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

interface Move {
  readonly id?: string;
  readonly expected: string | null;
  readonly version: string;
  readonly state?: string | null;
  readonly event?: NewEvent | null;
}

function move(
  d: StoreDriver,
  { id = 'reports.daily', state = '{}', event = null, ...rest }: Move,
): Promise<Verdict> {
  return d.write({ kind: 'schedule', id, state, event, ...rest });
}

/** The event of an instant: whoever comes to it makes the same. */
function tick(d: StoreDriver, instant: string): NewEvent {
  return d.event([d.execution({ id: executionId(`tick-${instant}`) })], { name: '*tick' });
}

async function stored(d: StoreDriver) {
  return [...(await d.store.schedules())].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function count(d: StoreDriver): Promise<number> {
  return (await d.store.list({ limit: 100 })).length;
}

export const scheduleCases = storeCaseGroup(
  'schedules',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what was written is read, each schedule by itself',
      async (d) => {
        assert.deepEqual(await stored(d), []);
        d.is(await move(d, { expected: null, version: 'v1', state: '{"nextAt":1}' }), 'ok');
        d.is(await move(d, { id: "o'clock\u0000", expected: null, version: 'w1', state: '"ü"' }), 'ok');
        d.is(await move(d, { expected: 'v1', version: 'v2', state: '{"nextAt":2}' }), 'ok');
        assert.deepEqual(await stored(d), [
          { id: "o'clock\u0000", version: 'w1', state: '"ü"' },
          { id: 'reports.daily', version: 'v2', state: '{"nextAt":2}' },
        ]);
      },
    ],
    [
      'of two that come to one instant one moves it on, and one execution is created',
      async (d) => {
        d.is(await move(d, { expected: null, version: 'v1' }), 'ok');
        const first = await move(d, { expected: 'v1', version: 'a', event: tick(d, '10:00') });
        d.is(first, 'ok');
        assert.deepEqual(
          d.published(first).map((each) => each.executionId),
          ['tick-10:00'],
        );
        const second = await move(d, { expected: 'v1', version: 'b', event: tick(d, '10:00') });
        d.is(second, 'rejected', 'schedule-changed');
        assert.equal((await stored(d))[0]?.version, 'a');
        assert.equal(await count(d), 1);
      },
    ],
    [
      'one that was refused creates nothing',
      async (d) => {
        d.is(await move(d, { expected: null, version: 'v1', state: '1' }), 'ok');
        const late = await move(d, { expected: 'v0', version: 'v2', state: '2', event: tick(d, '10:00') });
        d.is(late, 'rejected', 'schedule-changed');
        const anew = await move(d, { expected: null, version: 'v3', state: '3', event: tick(d, '11:00') });
        d.is(anew, 'rejected', 'schedule-changed');
        assert.deepEqual(await stored(d), [{ id: 'reports.daily', version: 'v1', state: '1' }]);
        assert.equal(await count(d), 0);
      },
    ],
    [
      'sent again it is already applied, and creates nothing more',
      async (d) => {
        d.is(await move(d, { expected: null, version: 'v1' }), 'ok');
        const write = { expected: 'v1', version: 'v2', state: '2', event: tick(d, '10:00') };
        d.is(await move(d, write), 'ok');
        d.is(await move(d, write), 'already');
        assert.equal(await count(d), 1);
        // Paused since: the repeat changes nothing of that.
        d.is(await move(d, { expected: 'v2', version: 'v3', state: '"paused"' }), 'ok');
        d.is(await move(d, write), 'rejected', 'schedule-changed');
        assert.deepEqual(await stored(d), [{ id: 'reports.daily', version: 'v3', state: '"paused"' }]);
      },
    ],
    [
      'an execution that is there already is not created again',
      async (d) => {
        const event = tick(d, '10:00');
        d.is(await move(d, { expected: null, version: 'v1', event }), 'ok');
        const lease = (await d.claimOne()).lease;
        d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
        d.is(await move(d, { expected: 'v1', version: 'v2', event }), 'ok');
        assert.equal((await d.record(executionId('tick-10:00'))).status, 'completed');
        assert.equal(await count(d), 1);
      },
    ],
    [
      'what it created is due, behind its gate and not before its instant',
      async (d) => {
        const gate = { name: 'g', limit: 1 };
        const at = d.now;
        const event = (id: string, dueAt: number | null) =>
          d.event([d.execution({ id: executionId(id), gate, dueAt })], { name: '*tick' });
        d.is(await move(d, { expected: null, version: 'v1', event: event('a', null) }), 'ok');
        d.is(await move(d, { expected: 'v1', version: 'v2', event: event('b', null) }), 'ok');
        assert.deepEqual(await d.claimedIds(), ['a']);
        const later = d.event([d.execution({ id: executionId('c'), dueAt: at + 5_000 })]);
        d.is(await move(d, { expected: 'v2', version: 'v3', event: later }), 'ok');
        assert.deepEqual(await d.claimedIds(), []);
        d.clock.advance(5_000);
        assert.deepEqual(await d.claimedIds(), ['c']);
      },
    ],
    [
      'one that was removed is gone, may be removed again, and begins anew',
      async (d) => {
        d.is(await move(d, { expected: null, version: 'v1' }), 'ok');
        d.is(await move(d, { expected: 'v0', version: 'v2', state: null }), 'rejected', 'schedule-changed');
        d.is(await move(d, { expected: 'v1', version: 'v2', state: null }), 'ok');
        assert.deepEqual(await stored(d), []);
        d.is(await move(d, { expected: 'v1', version: 'v2', state: null }), 'already');
        d.is(await move(d, { expected: 'v1', version: 'v3' }), 'rejected', 'schedule-changed');
        d.is(await move(d, { expected: null, version: 'v4' }), 'ok');
      },
    ],
    [
      'in one group each sees what those before it have written',
      async (d) => {
        const verdicts = await d.store.write([
          { kind: 'schedule', id: 's', expected: null, version: '1', state: '1', event: tick(d, '1') },
          { kind: 'schedule', id: 's', expected: null, version: '2', state: '2', event: tick(d, '2') },
          { kind: 'schedule', id: 's', expected: '1', version: '3', state: '3', event: tick(d, '3') },
        ]);
        assert.deepEqual(
          verdicts.map(({ verdict }) => verdict),
          ['ok', 'rejected', 'ok'],
        );
        assert.deepEqual(new Set(await d.claimedIds()), new Set(['tick-1', 'tick-3']));
      },
    ],
    [
      'a process tells others which schedules it declares',
      async (d) => {
        const schedules = [{ id: 'reports.daily', print: 'p' }];
        await d.store.heartbeat(d.process(p1, { schedules }), leaseMs);
        const live = await d.store.processes();
        assert.deepEqual(live.find(({ id }) => id === p1)?.schedules, schedules);
        assert.deepEqual(
          live.filter(({ id }) => id !== p1).map((each) => each.schedules ?? []),
          [[]],
        );
      },
    ],
  ]),
);

export const sharedScheduleCases = storeCaseGroup(
  'schedules of several stores',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'of two processes that come to one instant at the same time one moves it on',
      async (d) => {
        assert.ok(d.harness.second !== undefined, 'the harness opens a second store');
        const stores = [d.store, await d.harness.second()];
        let version = '';
        for (let instant = 0; instant < 20; instant++) {
          const event = tick(d, String(instant));
          const verdicts = await Promise.all(
            stores.map(async (store, at) => {
              const next = `${instant}-${at}`;
              const expected = version === '' ? null : version;
              const write = {
                kind: 'schedule',
                id: 's',
                expected,
                version: next,
                state: '{}',
                event,
              } as const;
              const [verdict] = await store.write([write]);
              return verdict?.verdict === 'ok' ? [next] : [];
            }),
          );
          assert.equal(verdicts.flat().length, 1, 'one of them is accepted');
          version = verdicts.flat()[0] ?? '';
        }
        assert.equal(await count(d), 20);
        for (const store of stores) assert.equal((await store.schedules())[0]?.version, version);
      },
    ],
  ]),
  'second',
);

export const durableScheduleCases = storeCaseGroup(
  'schedules after a restart',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a schedule and the execution of its instant are both there, or neither is',
      async (d) => {
        d.is(await move(d, { expected: null, version: 'v1', state: '1' }), 'ok');
        d.is(await move(d, { expected: 'v1', version: 'v2', state: '2', event: tick(d, '10:00') }), 'ok');
        assert.ok(d.harness.reopen !== undefined, 'the harness reopens the store');
        d.store = await d.harness.reopen();
        assert.deepEqual(await stored(d), [{ id: 'reports.daily', version: 'v2', state: '2' }]);
        assert.equal((await d.record(executionId('tick-10:00'))).status, 'pending');
      },
    ],
  ]),
  'reopen',
);
