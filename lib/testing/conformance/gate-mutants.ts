import type { MemoryExecution } from '../../adapters/memory/memory-state.js';
import type { MemoryStore } from '../../adapters/memory/memory-store.js';
import type { ExecutionId } from '../../model/ids.js';
import type { Verdict } from '../../ports/store-write.js';
import {
  answering,
  commitChange,
  each,
  listen,
  mutant,
  type MutantStore,
  publishChange,
  recordOf,
  type Verdicts,
  type Writes,
} from './mutant-store.js';

/** Rewrites all executions after each write. */
function afterwards(store: MemoryStore, change: (execution: MemoryExecution) => MemoryExecution) {
  return async (writes: Writes, apply: (writes: Writes) => Promise<Verdicts>) => {
    const verdicts: Verdict[] = [];
    for (const write of writes) {
      verdicts.push(...(await apply([write])));
      const state = store.getState();
      store.setState({ ...state, executions: state.executions.map(change) });
    }
    return verdicts;
  };
}

/** A queued execution in its lane. */
function admitted(queued: MemoryExecution): MemoryExecution {
  const { record, places } = queued;
  const admission = places.admission === null ? null : { ...places.admission, taken: true };
  return {
    ...queued,
    place: 'ready',
    record: { ...record, status: 'pending', waitReason: null },
    places: { ...places, admission },
  };
}

/** What a store may get wrong about gates, permits and rates. */
export const gateMutants: readonly MutantStore[] = [
  mutant('a gate admits one more than its limit', () => ({
    write: publishChange((write) => ({
      ...write,
      events: write.events.map((event) => ({
        ...event,
        executions: event.executions.map((execution) =>
          execution.gate === null
            ? execution
            : { ...execution, gate: { ...execution.gate, limit: execution.gate.limit + 1 } },
        ),
      })),
    })),
  })),
  mutant('the last in the queue of a gate is served first', (store) => {
    const turned = new Map<string, number>();
    return {
      write: afterwards(store, (execution) => {
        const { admission } = execution.places;
        if (admission === null || admission.taken) return execution;
        const number = turned.get(execution.record.id) ?? -admission.number;
        turned.set(execution.record.id, number);
        return { ...execution, places: { ...execution.places, admission: { ...admission, number } } };
      }),
    };
  }),
  mutant('an execution behind a full gate is said to be leased', () => ({
    write: answering((write, verdict) =>
      write.kind === 'publish' && verdict.verdict === 'ok' && verdict.executions !== undefined
        ? { ...verdict, executions: verdict.executions.map((each) => ({ ...each, leased: true })) }
        : verdict,
    ),
  })),
  mutant('a cancel queues like anybody', (store) => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const record = write.kind === 'append' ? recordOf(store, write.message.to) : undefined;
        const queues = record?.status === 'waiting' && record.waitReason === 'gate';
        if (record !== undefined && queues) listen(store, record.id, []);
        verdicts.push(...(await apply([write])));
        if (record !== undefined && queues) listen(store, record.id, record.listening);
      }
      return verdicts;
    },
  })),
  mutant('the place of a dead process in a gate is given to another', (store) => ({
    claim: async (request, take) => {
      const live = new Set((await store.processes()).map(({ id }) => id));
      const state = store.getState();
      const next = new Map<ExecutionId, MemoryExecution>();
      for (const orphan of state.executions) {
        const { record, places } = orphan;
        if (places.admission === null || record.owner === null || live.has(record.owner)) continue;
        const first = state.executions.find(
          (each) => each.place === 'queued' && each.record.gate === record.gate,
        );
        next.set(record.id, { ...orphan, places: { ...places, admission: null } });
        if (first !== undefined) next.set(first.record.id, admitted(first));
      }
      const executions = state.executions.map((execution) => next.get(execution.record.id) ?? execution);
      store.setState({ ...state, executions });
      return take(request);
    },
  })),
  mutant('an execution that waits gives back what it holds on to', () => ({
    write: (writes, apply) =>
      apply(
        writes.map((write) =>
          write.kind === 'commit' && write.delta.record !== null
            ? { ...write, delta: { ...write.delta, record: { ...write.delta.record, holds: [] } } }
            : write,
        ),
      ),
  })),
  mutant('an execution that rests keeps its permits', (store) => ({
    write: async (writes, apply) => {
      const verdicts: Verdict[] = [];
      for (const write of writes) {
        const before = store.getState();
        const [verdict] = await apply([write]);
        if (verdict !== undefined) verdicts.push(verdict);
        const change = write.kind === 'commit' ? write.delta.record : null;
        if (write.kind !== 'commit' || verdict?.verdict !== 'ok' || change === null) continue;
        const { executionId: id } = write.lease;
        const had = before.executions.find(({ record }) => record.id === id)?.places.permits ?? [];
        const kept = had.filter(({ taken }) => taken);
        const state = store.getState();
        store.setState({
          ...state,
          gates: { ...state.gates, permits: before.gates.permits },
          executions: state.executions.map((execution) =>
            execution.record.id === id && change.status !== 'running'
              ? { ...execution, places: { ...execution.places, permits: kept } }
              : execution,
          ),
        });
      }
      return verdicts;
    },
  })),
  mutant('a permit is granted without a word', (store) => ({
    write: afterwards(store, (execution) =>
      execution.inbox === null
        ? execution
        : {
            ...execution,
            inbox: {
              ...execution.inbox,
              messages: execution.inbox.messages.filter(({ kind }) => kind !== 'granted'),
            },
          },
    ),
  })),
  mutant('permits are given under any fence', (store) => ({
    write: each((write) => {
      const record = write.kind === 'acquire' ? recordOf(store, write.lease.executionId) : undefined;
      return write.kind === 'acquire' && record?.status === 'running'
        ? { ...write, lease: { ...write.lease, fence: record.fence } }
        : write;
    }),
  })),
  mutant('a repeated acquire asks for one more permit', () => {
    let asked = 0;
    return {
      write: each((write) =>
        write.kind === 'acquire' ? { ...write, holder: `${write.holder}#${++asked}` } : write,
      ),
    };
  }),
  mutant('what a delta gives back is forgotten', () => ({
    write: commitChange((commit) => ({ ...commit, delta: { ...commit.delta, release: [] } })),
  })),
  mutant('a rate lets its first places go one by one', () => ({
    write: answering((write, verdict) => {
      if (write.kind !== 'reserve' || verdict.verdict !== 'ok' || verdict.at === undefined) return verdict;
      return { ...verdict, at: verdict.at + write.perMs - Math.ceil(write.perMs / write.limit) };
    }),
  })),
  mutant('a rate allows one more in each span', () => ({
    write: each((write) => (write.kind === 'reserve' ? { ...write, limit: write.limit + 1 } : write)),
  })),
];
