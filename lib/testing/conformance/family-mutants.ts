import type { MemoryExecution } from '../../adapters/memory/memory-state.js';
import type { Delta, NewExecution, Write } from '../../ports/store-write.js';
import { commitChange, each, mutant, type MutantStore } from './mutant-store.js';

/** Stores that fail executions that wait for others, give waits up, or go on with other input. */
export const familyMutants: readonly MutantStore[] = [
  mutant('nobody is told that a child ended', () => ({ write: each(orphaned) })),
  mutant('every wait below a prefix is given up, whatever it is', () => ({
    write: withdrawals((holder) => ({ holder, except: [] })),
  })),
  mutant('nothing is given up', () => ({
    write: commitChange(({ delta, ...rest }) => ({ ...rest, delta: clinging(delta) })),
  })),
  mutant('only children are given up', () => ({
    write: withdrawals((holder) => ({ holder, except: 'all' })),
  })),
  mutant('a child may be removed while its parent waits for it', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      const state = store.getState();
      const isDone = ({ record, parent }: MemoryExecution): boolean =>
        parent !== undefined && record.status === 'completed';
      const done = state.executions.filter(isDone).map(({ record }) => record.id);
      if (done.length === 0) return verdicts;
      const executions = state.executions.map((execution) => {
        const { parent: _, ...alone } = execution;
        return isDone(execution) ? alone : execution;
      });
      store.setState({ ...state, executions, ended: [...state.ended, ...done] });
      return verdicts;
    },
  })),
  mutant('a next turn is the same turn again', () => ({
    write: commitChange((commit) => {
      if (commit.delta.record?.next === undefined) return commit;
      const { next: _, ...record } = commit.delta.record;
      return { ...commit, delta: { ...commit.delta, record } };
    }),
  })),
  mutant('a turn gets the events of the one before again', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      const state = store.getState();
      const executions = state.executions.map(({ spent: _, ...execution }) => execution);
      store.setState({ ...state, executions });
      return verdicts;
    },
  })),
];

function orphaned(write: Write): Write {
  if (write.kind !== 'commit' || write.delta.publish === null) return write;
  const events = write.delta.publish.events.map((event) => ({
    ...event,
    executions: event.executions.map(withoutParent),
  }));
  return { ...write, delta: { ...write.delta, publish: { events } } };
}

function withoutParent({ parent: _, ...execution }: NewExecution): NewExecution {
  return execution;
}

function clinging({ withdraw: _, ...delta }: Delta): Delta {
  return delta;
}

function withdrawals(
  change: (holder: string) => NonNullable<Delta['withdraw']>[number],
): ReturnType<typeof each> {
  return commitChange((commit) => {
    const { withdraw } = commit.delta;
    if (withdraw === undefined) return commit;
    return { ...commit, delta: { ...commit.delta, withdraw: withdraw.map(({ holder }) => change(holder)) } };
  });
}
