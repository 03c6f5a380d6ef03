import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import type { Change, Store } from '../../../ports/store.js';
import type { Write } from '../../../ports/store-write.js';
import { storeCaseGroup } from '../store-case.js';
import { orders, p1, p2, type StoreDriver } from '../store-driver.js';
import { end, fullGate, one } from './gate-scene.js';

/** Longer than any case. */
const LONG_MS = 600_000;
const settledStatuses = ['completed', 'failed', 'cancelled', 'skipped', 'parked'] as const;

/** What a listener has heard. */
class Heard {
  readonly changes: Change[] = [];
  readonly stop: () => void;

  constructor(store: Store) {
    this.stop = store.onChange((change) => this.changes.push(change));
  }

  /** Whether whoever waits for that execution was told to look. */
  tells(id: ExecutionId): boolean {
    return this.changes.some(({ settled }) => settled === 'unknown' || settled.includes(id));
  }

  /** Whether the process was told to look for due work. */
  get mayBeDue(): boolean {
    return this.changes.some(({ settledOnly }) => settledOnly !== true);
  }

  get declared(): boolean {
    return this.changes.some((change) => change.declared);
  }

  forget(): void {
    this.changes.length = 0;
  }
}

export const changeCases = storeCaseGroup(
  'changes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'what the own gates let in settles nothing and declares nothing',
      async (d) => {
        const { inside } = await fullGate(d, 1);
        await d.breathe();
        const heard = new Heard(d.store);
        await end(d, inside);
        await d.eventually(() => heard.changes.length > 0, 'the listener is told');
        heard.stop();
        for (const change of heard.changes) assert.deepEqual(change, { settled: [], declared: false });
      },
    ],
  ]),
);

/** Writes that make something due, now or later. */
const dueCases: readonly [string, (d: StoreDriver) => Promise<Write>][] = [
  ['an event', async (d) => ({ kind: 'publish', events: [d.event([d.execution()])] })],
  [
    'an event that begins later',
    async (d) => ({ kind: 'publish', events: [d.event([d.execution({ dueAt: d.now + LONG_MS })])] }),
  ],
  ['a hand-back', async (d) => d.delta(await d.run(), { record: { status: 'pending' } })],
  [
    'a wait for an instant',
    async (d) =>
      d.delta(await d.run(), { record: { status: 'waiting', timers: { retry: d.now + LONG_MS } } }),
  ],
  [
    'a message',
    async (d) => {
      const lease = await d.run();
      await d.write(d.delta(lease, { record: { status: 'waiting', listening: ['resume'] } }));
      return { kind: 'append', message: d.message(lease.executionId, 'resume') };
    },
  ],
  [
    'what a gate lets in',
    async (d) => {
      const inside = await d.run({ gate: one });
      await d.publish({ gate: one });
      return d.delta(inside, { record: { status: 'completed' } });
    },
  ],
];

export const sharedChangeCases = storeCaseGroup(
  'changes of others',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    ...settledStatuses.map((status): [string, (d: StoreDriver) => Promise<void>] => [
      `an execution that is ${status} is told`,
      async (d) => {
        const { other, heard } = await shared(d);
        const lease = await d.run();
        await other.write([d.delta(lease, { record: { status } })]);
        await d.eventually(() => heard.tells(lease.executionId), 'the end is told');
        heard.stop();
      },
    ]),
    [
      'of many that settle at once, in groups with other writes, none is left out',
      async (d) => {
        const { other, heard } = await shared(d);
        const leases = [];
        for (let i = 0; i < 300; i++) leases.push(await d.run());
        for (let i = 0; i < 300; i += 50) {
          const ends = leases.slice(i, i + 50).map((lease, at) => {
            const status = settledStatuses[at % settledStatuses.length] ?? 'completed';
            return d.delta(lease, { record: { status } });
          });
          await other.write([{ kind: 'publish', events: [d.event([d.execution()])] }, ...ends]);
        }
        for (const { executionId } of leases)
          await d.eventually(() => heard.tells(executionId), `the end of ${executionId} is told`);
        heard.stop();
      },
    ],
    [
      'one that ends, publishes and lets another through its gate is told',
      async (d) => {
        const { other, heard } = await shared(d);
        const inside = await d.run({ gate: one });
        await d.publish({ gate: one });
        const publish = { events: [d.event([d.execution()])] };
        await other.write([d.delta(inside, { publish, record: { status: 'completed' } })]);
        await d.eventually(() => heard.tells(inside.executionId), 'the end is told');
        heard.stop();
      },
    ],
    [
      'one that settles again is told again',
      async (d) => {
        const { other, heard } = await shared(d);
        const listening = ['resume'] as const;
        const lease = await d.run();
        await other.write([d.delta(lease, { record: { status: 'parked', listening } })]);
        await d.eventually(() => heard.tells(lease.executionId), 'the park is told');
        await d.append(lease.executionId, 'resume');
        const again = await d.claimOne();
        await d.breathe();
        heard.forget();
        await other.write([d.delta(again.lease, { record: { status: 'completed' } })]);
        await d.eventually(() => heard.tells(lease.executionId), 'the end is told');
        heard.stop();
      },
    ],
    ...dueCases.map(([what, makeDue]): [string, (d: StoreDriver) => Promise<void>] => [
      `${what}, written with the end of another execution, is told as due`,
      async (d) => {
        const { other, heard } = await shared(d);
        const ending = await d.run();
        const write = await makeDue(d);
        await d.breathe();
        heard.forget();
        await other.write([d.delta(ending, { record: { status: 'completed' } }), write]);
        await d.eventually(() => heard.mayBeDue, `${what} is told`);
        heard.stop();
      },
    ]),
    ...(['a handler that subscribes', 'a pause', 'the end of a pause', 'a schedule'] as const).map(
      (what): [string, (d: StoreDriver) => Promise<void>] => [
        `${what} is told as declared`,
        async (d) => {
          const { other, heard } = await shared(d);
          if (what === 'a handler that subscribes')
            await other.subscribe([{ event: 'e', definition: orders, worker: 'orders', method: 'fulfil' }]);
          else if (what === 'a schedule')
            await other.write([
              { kind: 'schedule', id: 's', expected: null, version: '1', state: '{}', event: null },
            ]);
          else await other.setPaused([orders.id], what === 'a pause');
          await d.eventually(() => heard.declared, `${what} is told`);
          heard.stop();
        },
      ],
    ),
  ]),
  'second',
);

/** Two live processes, each with its own opening of the store: what one does the other hears. */
async function shared(d: StoreDriver): Promise<{ other: Store; heard: Heard }> {
  assert.ok(d.harness.second !== undefined, 'a shared store has a second opener');
  const other = await d.harness.second();
  await d.store.heartbeat(d.process(p1), LONG_MS);
  await other.heartbeat(d.process(p2), LONG_MS);
  for (let i = 0; i < 5; i++) await d.breathe();
  return { other, heard: new Heard(d.store) };
}
