import { commitChange, mutant, type MutantStore } from './mutant-store.js';

/** Stores that fail those who deploy. */
export const graphMutants: readonly MutantStore[] = [
  mutant('an execution keeps the form of its definition for ever', () => ({
    write: commitChange((commit) => {
      const { record } = commit.delta;
      if (record?.definition === undefined) return commit;
      const { definition: _, ...rest } = record;
      return { ...commit, delta: { ...commit.delta, record: rest } };
    }),
  })),
  mutant('graphs are kept without their workers', (store) => {
    const declare = store.declareGraphs.bind(store);
    store.declareGraphs = (graphs) =>
      declare(graphs.map((graph) => ({ ...graph, worker: graph.worker.split('.')[0] ?? '' })));
    return {};
  }),
  mutant('a prune drops graphs that open executions have', (store) => {
    const prune = store.prune.bind(store);
    const graphs = store.graphs.bind(store);
    let pruned = false;
    store.prune = (request) => {
      pruned = true;
      return prune(request);
    };
    store.graphs = async (worker) => (pruned ? [] : graphs(worker));
    return {};
  }),
];
