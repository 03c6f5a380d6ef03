import { GraphNode, type Readiness } from '../../lib/behaviours/graph-node.js';
import { GraphRun } from '../../lib/behaviours/graph-run.js';
import { ListValue } from '../../lib/behaviours/node-value.js';
import { Consumer } from '../../lib/dispatch/consumer.js';
import type { Timers } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import { segment } from '../../lib/model/path.js';
import { Frame } from '../../lib/step/frame.js';
import { Pass } from '../../lib/step/pass.js';
import { Replay } from '../../lib/step/replay.js';
import { SettleQueue } from '../../lib/step/settle-queue.js';
import { StepRun } from '../../lib/step/step-run.js';
import { Undoables } from '../../lib/step/undoables.js';
import type { Store } from '../../lib/ports/store.js';
import type { Write } from '../../lib/ports/store-write.js';
import { timeBugs } from './planted-time-bugs.js';
import { turnBugs } from './planted-turn-bugs.js';
import { mappedVerdicts, mappedWrites, parts, type PlantedBug, replaced, storeWith } from './planting.js';
import type { SeedOptions } from './run-seed.js';

function withTimers(map: (timers: Timers) => Timers): SeedOptions {
  return mappedWrites((write) =>
    write.kind !== 'commit' || write.delta.record === null
      ? write
      : {
          ...write,
          delta: {
            ...write.delta,
            record: { ...write.delta.record, timers: map(write.delta.record.timers) },
          },
        },
  );
}

const isRetry = (name: string): boolean => name.startsWith('retry:');

/** Mistakes in what runs declared graphs. */
const graphBugs: readonly PlantedBug[] = [
  {
    name: 'a join gets the value of its first branch for all',
    patch: replaced(
      GraphNode,
      'readiness',
      (original) =>
        function (this: GraphNode) {
          const ready = original.call(this) as Readiness;
          return ready.kind === 'begin'
            ? { ...ready, values: ready.values.map(() => ready.values[0]) }
            : ready;
        },
    ),
  },
  {
    name: 'a step begins though what it comes after failed',
    patch: replaced(
      GraphNode,
      'readiness',
      (original) =>
        function (this: GraphNode) {
          const ready = original.call(this) as Readiness;
          return ready.kind === 'block' ? { kind: 'skip' } : ready;
        },
    ),
  },
  {
    name: 'a branch that is not taken is not recorded',
    patch: replaced(GraphRun, 'skip', () => (node: GraphNode) => {
      node.standing = { kind: 'skipped' };
    }),
  },
  {
    name: 'equal items of a fan-out are one',
    patch: replaced(
      Frame,
      'nextPath',
      () =>
        function (this: Frame, encodedName: string, digest: string) {
          return `${this.path}/${segment(encodedName, digest, 0)}`;
        },
    ),
  },
  {
    name: 'results of a fan-out are in the wrong order',
    patch: replaced(
      ListValue,
      'take',
      (original) =>
        function (this: ListValue) {
          return (original.call(this) as unknown[]).reverse();
        },
    ),
  },
  {
    name: 'the end does not wait for branches side by side',
    patch: replaced(
      GraphRun,
      'closes',
      () =>
        function (this: { readonly returned: { readonly value: string | null } }) {
          return { kind: 'completed', text: this.returned.value };
        },
    ),
  },
  {
    name: 'what completed is not undone',
    patch: () => {
      const own = Object.getOwnPropertyDescriptor(Undoables.prototype, 'any') as PropertyDescriptor;
      Object.defineProperty(Undoables.prototype, 'any', { get: () => false, configurable: true });
      return () => void Object.defineProperty(Undoables.prototype, 'any', own);
    },
  },
];

export const plantedBugs: readonly PlantedBug[] = [
  ...graphBugs,
  ...timeBugs,
  ...turnBugs,
  {
    name: 'no process sweeps',
    from: 150,
    options: { prepare: ({ runtime }) => Object.assign(parts(runtime).sweeper, { start: () => {} }) },
  },
  {
    name: 'the store ignores the fence',
    options: storeWith((inner) => {
      const fences = new Map<string, number>();
      return {
        claim: async (request) => {
          const answer = await inner.claim(request);
          for (const { lease } of answer.claimed) fences.set(lease.executionId, lease.fence);
          return answer;
        },
        write: (writes) =>
          inner.write(
            writes.map((write) => {
              const fence = write.kind === 'commit' ? fences.get(write.lease.executionId) : undefined;
              return write.kind === 'commit' && fence !== undefined
                ? { ...write, lease: { ...write.lease, fence } }
                : write;
            }),
          ),
      };
    }),
  },
  {
    name: 'the store drops the last row of a journal',
    options: storeWith((inner) => ({
      claim: async (request) => {
        const answer = await inner.claim(request);
        return {
          ...answer,
          claimed: answer.claimed.map((work) => ({ ...work, journal: work.journal.slice(0, -1) })),
        };
      },
    })),
  },
  {
    name: 'a resent write is answered as if it were new',
    options: mappedVerdicts((verdict) =>
      verdict.verdict === 'already' ? { ...verdict, verdict: 'ok' } : verdict,
    ),
  },
  {
    name: 'a write without an answer counts as stored',
    options: {
      prepare: ({ runtime }) => {
        const writer = parts(runtime).writer as { store: Store };
        const store = writer.store;
        writer.store = new Proxy(store, {
          get: (target, name) =>
            name === 'write'
              ? (writes: readonly Write[]) =>
                  target.write(writes).catch(() => writes.map(() => ({ verdict: 'ok' })))
              : (Reflect.get(target, name) as unknown),
        });
      },
    },
  },
  {
    name: 'bodies start though the lease may have run out',
    options: { prepare: ({ runtime }) => Object.assign(parts(runtime).lease, { mayStartBody: () => true }) },
  },
  {
    name: 'a lapse of the lease goes unnoticed',
    from: 100,
    options: {
      prepare: ({ runtime }) => {
        const { lease } = parts(runtime);
        Object.defineProperty(lease, 'generation', { get: () => 0, set: () => {} });
        Object.assign(lease['options'] as object, { running: () => [] });
      },
    },
  },
  {
    name: 'results settle last first',
    patch: replaced(
      SettleQueue,
      'insert',
      () =>
        function (this: { queue: unknown[] }, settlement: unknown) {
          this.queue.unshift(settlement);
        },
    ),
  },
  {
    name: 'the store forgets which event ids it has seen',
    options: storeWith((inner) => {
      let publishes = 0;
      return {
        write: (writes) =>
          inner.write(
            writes.map((write) => {
              if (write.kind !== 'publish') return write;
              publishes++;
              const events = write.events.map((event) => ({
                ...event,
                dedup: null,
                executions: event.executions.map((each) => ({
                  ...each,
                  id: `${each.id}+${publishes}` as ExecutionId,
                })),
              }));
              return { ...write, events };
            }),
          ),
      };
    }),
  },
  {
    name: 'timers of retries are lost',
    options: withTimers((timers) =>
      Object.fromEntries(Object.entries(timers).filter(([name]) => !isRetry(name))),
    ),
  },
  {
    name: 'timers fire a second early',
    options: withTimers((timers) =>
      Object.fromEntries(Object.entries(timers).map(([name, at]) => [name, at - 1_000])),
    ),
  },
  {
    name: 'cancel is ignored',
    options: storeWith((inner) => ({
      claim: async (request) => {
        const answer = await inner.claim(request);
        return {
          ...answer,
          claimed: answer.claimed.map((work) => ({
            ...work,
            inbox: work.inbox.filter(({ kind }) => kind !== 'cancel'),
          })),
        };
      },
    })),
  },
  {
    name: 'slots are not freed',
    patch: replaced(Consumer, 'free', () => () => {}),
  },
  {
    name: 'nothing is taken back',
    patch: replaced(Consumer, 'takeStray', () => () => {}),
  },
  {
    name: 'a dead process keeps its lease',
    options: storeWith((inner) => ({ heartbeat: (process) => inner.heartbeat(process, 1e9) })),
  },
  {
    name: 'another process may take what is leased',
    options: storeWith((inner) => {
      const seen = new Set<Parameters<Store['leave']>[0]>();
      return {
        claim: async (request) => {
          seen.add(request.owner);
          for (const owner of seen) if (owner !== request.owner) await inner.leave(owner);
          return inner.claim(request);
        },
      };
    }),
  },
  {
    name: 'replay finds nothing',
    patch: replaced(Replay, 'take', () => () => null),
  },
  {
    name: 'an interrupted at-most-once body begins again',
    patch: replaced(
      StepRun,
      'startAttempt',
      (original) =>
        function (this: { spec: object }) {
          this.spec = { ...this.spec, atMostOnce: false };
          original.call(this);
        },
    ),
  },
  {
    name: 'failed attempts are not recorded',
    patch: replaced(Pass, 'later', () => () => {}),
  },
  {
    name: 'due work waits for the sweep',
    options: { healthy: true },
    patch: replaced(
      Consumer,
      'pull',
      (original) =>
        function (this: Consumer, reason: never) {
          if (reason === 'sweep') original.call(this, reason);
        },
    ),
  },
];
