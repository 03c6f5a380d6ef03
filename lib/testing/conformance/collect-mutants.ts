import type { MemoryExecution } from '../../adapters/memory/memory-state.js';
import type { MemoryStore } from '../../adapters/memory/memory-store.js';
import type { Collect, NewExecution } from '../../ports/store-write.js';
import { mutant, type MutantStore, publishChange } from './mutant-store.js';

/** Changes what is asked for executions that collect. */
function collectChange(change: (collect: Collect) => Collect) {
  return executionChange((execution) =>
    execution.collect === undefined ? execution : { ...execution, collect: change(execution.collect) },
  );
}

function executionChange(change: (execution: NewExecution) => NewExecution) {
  return publishChange((write) => ({
    ...write,
    events: write.events.map((event) => ({ ...event, executions: event.executions.map(change) })),
  }));
}

/** Rewrites executions where the store holds them, those that collect in the order of their making. */
function rewriteAll(store: MemoryStore, change: (execution: MemoryExecution) => MemoryExecution): void {
  const state = store.getState();
  store.setState({ ...state, executions: state.executions.map(change) });
}

function reopen(execution: MemoryExecution): MemoryExecution {
  return execution.batch === undefined
    ? execution
    : { ...execution, batch: { ...execution.batch, isOpen: true } };
}

/** Stores that lose, double or misplace what was collected. */
export const collectMutants: readonly MutantStore[] = [
  mutant('what has begun takes more events', (store) => ({
    claim: async (request, take) => {
      const answer = await take(request);
      rewriteAll(store, reopen);
      return answer;
    },
  })),
  mutant('an event that is sent again is collected again', () => {
    let sent = 0;
    return {
      write: executionChange((execution) =>
        execution.collect === undefined
          ? execution
          : { ...execution, id: `${execution.id}#${++sent}` as NewExecution['id'] },
      ),
    };
  }),
  mutant('all events are collected under one name', () => ({
    write: collectChange((collect) => ({ ...collect, name: 'b' })),
  })),
  mutant('collecting never ends by number', () => ({
    write: collectChange((collect) => ({ ...collect, most: Number.MAX_SAFE_INTEGER })),
  })),
  mutant('each event prolongs a window', () => ({
    write: collectChange((collect) => ({ ...collect, slides: true })),
  })),
  mutant('what slides may slide for ever', () => ({
    write: collectChange((collect) => ({ ...collect, maxWaitMs: null })),
  })),
  mutant('what was cancelled goes on collecting', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      if (writes.some((write) => write.kind === 'append' && write.message.kind === 'cancel'))
        rewriteAll(store, reopen);
      return verdicts;
    },
  })),
  mutant('a batch that is flushed by hand looks like any other', () => ({
    claim: async (request, take) => {
      const answer = await take(request);
      const claimed = answer.claimed.map((each) =>
        each.batch === undefined ? each : { ...each, batch: { ...each.batch, flushed: false } },
      );
      return { ...answer, claimed };
    },
  })),
  mutant('items are gone once they were seen', (store) => ({
    write: async (writes, apply) => {
      const verdicts = await apply(writes);
      rewriteAll(store, (execution) => {
        const { inbox, record } = execution;
        if (inbox === null) return execution;
        const items = inbox.items?.filter(({ seq }) => seq > record.seenInboxSeq) ?? [];
        return { ...execution, inbox: { ...inbox, items } };
      });
      return verdicts;
    },
  })),
];
