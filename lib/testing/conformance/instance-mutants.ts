import type { MemoryStore } from '../../adapters/memory/memory-store.js';
import type { InstanceChange, Write } from '../../ports/store-write.js';
import { commitChange, each, mutant, type MutantStore, publishChange, recordOf } from './mutant-store.js';

/** Bugs in gates that are kept until the end, and in instances. */
export const instanceMutants: readonly MutantStore[] = [
  mutant('a gate is not kept while its execution waits', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({
        ...event,
        executions: event.executions.map((execution) =>
          execution.gate === null
            ? execution
            : { ...execution, gate: { name: execution.gate.name, limit: execution.gate.limit } },
        ),
      })),
    })),
  })),
  mutant('a gate is kept by one that is parked', () => ({
    write: commitChange((commit) =>
      commit.delta.record?.status === 'parked'
        ? {
            ...commit,
            delta: { ...commit.delta, record: { ...commit.delta.record, status: 'waiting', timers: {} } },
          }
        : commit,
    ),
  })),
  mutant('an instance is written whatever its version', (store) => ({
    write: changing(async (change) => ({
      ...change,
      expected: (await store.instance(change.id))?.version ?? null,
    })),
  })),
  mutant('a turn ends although its instance was changed meanwhile', (store) => ({
    write: commitChange(async (commit) => {
      const { instance, ...delta } = commit.delta;
      if (instance === undefined) return commit;
      const stored = (await store.instance(instance.id))?.version ?? null;
      return stored === instance.expected ? commit : { ...commit, delta };
    }),
  })),
  mutant('what an instance had ahead fires although it was replaced', (store) => ({
    write: async (writes, apply) => {
      const before = store.getState();
      const verdicts = await apply(writes);
      const state = store.getState();
      const kept = new Set(state.executions.map(({ record }) => record.id));
      const lost = before.executions.filter(({ record }) => !kept.has(record.id) && record.fence === 0);
      if (lost.length > 0) store.setState({ ...state, executions: [...state.executions, ...lost] });
      return verdicts;
    },
  })),
  mutant('what an instance has ahead goes with it although it has begun', (store) => ({
    write: async (writes, apply) => {
      const ahead = await Promise.all(changesOf(writes).map(({ id }) => begunOf(store, id)));
      const verdicts = await apply(writes);
      const gone = new Set(ahead.flat());
      const state = store.getState();
      if (verdicts.every(({ verdict }) => verdict === 'ok') && gone.size > 0)
        store.setState({
          ...state,
          executions: state.executions.filter(({ record }) => !gone.has(record.id)),
        });
      return verdicts;
    },
  })),
  mutant('an instance that is ended cancels nobody', () => ({
    write: each((write) => (write.kind === 'instance' ? { ...write, cancels: null } : write)),
  })),
  mutant('an instance that is ended cancels again what is sent again', () => {
    let sent = 0;
    return {
      write: each((write) =>
        write.kind === 'instance' && write.cancels !== null
          ? { ...write, change: { ...write.change, version: `${write.change.version}#${++sent}` } }
          : write,
      ),
    };
  }),
  mutant('nobody is told how many were cancelled', () => ({
    write: async (writes, apply) =>
      (await apply(writes)).map((verdict) =>
        'cancelled' in verdict ? { ...verdict, cancelled: 0 } : verdict,
      ),
  })),
  mutant('a resent instance is refused', (store) => ({
    write: async (writes, apply) => {
      const known = await Promise.all(changesOf(writes).map(({ id }) => store.instance(id)));
      const verdicts = await apply(writes);
      return verdicts.map((verdict, at) =>
        verdict.verdict === 'already' && writes[at]?.kind === 'instance' && known.length > 0
          ? { verdict: 'rejected', reason: 'instance-changed' }
          : verdict,
      );
    },
  })),
  mutant('the event of an instance is lost', () => ({
    write: each((write) => (write.kind === 'instance' ? { ...write, event: null } : write)),
  })),
];

function changing(change: (before: InstanceChange) => Promise<InstanceChange>) {
  return each(async (write): Promise<Write> => {
    if (write.kind === 'instance') return { ...write, change: await change(write.change) };
    if (write.kind !== 'commit' || write.delta.instance === undefined) return write;
    return { ...write, delta: { ...write.delta, instance: await change(write.delta.instance) } };
  });
}

function changesOf(writes: readonly Write[]): readonly InstanceChange[] {
  return writes.flatMap((write) => {
    if (write.kind === 'instance') return [write.change];
    return write.kind === 'commit' && write.delta.instance !== undefined ? [write.delta.instance] : [];
  });
}

/** Executions of the instance's gate that have begun and have not ended. */
async function begunOf(store: MemoryStore, instance: string) {
  const listed = await store.list({ status: 'running', limit: 100 });
  return listed
    .map(({ id }) => id)
    .filter((id) => recordOf(store, id)?.gate === instance && recordOf(store, id)?.eventName === '*alarm');
}
