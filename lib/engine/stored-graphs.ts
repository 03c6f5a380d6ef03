import type { WorkerDefinition } from '../model/definition.js';
import type { StepGraph } from '../model/step-graph.js';
import type { Store, StoredGraph } from '../ports/store.js';

/** The graph of a worker, as it is declared. */
export function storedGraph({ graph }: WorkerDefinition): StoredGraph {
  return { worker: graph.worker, fingerprint: graph.fingerprint, graph: JSON.stringify(graph) };
}

/** The graphs that processes have declared to the store; what was read once is not read again. */
export class StoredGraphs {
  private readonly known = new Map<string, StepGraph>();

  constructor(private readonly store: Pick<Store, 'graphs'>) {}

  /** Null: it is not kept any more, or was declared by another version of Holdfast. */
  async find(worker: string, fingerprint: string): Promise<StepGraph | null> {
    const key = JSON.stringify([worker, fingerprint]);
    if (!this.known.has(key))
      for (const each of await this.store.graphs(worker)) {
        const graph = parsed(each.graph);
        if (graph !== null) this.known.set(JSON.stringify([worker, each.fingerprint]), graph);
      }
    return this.known.get(key) ?? null;
  }
}

function parsed(text: string): StepGraph | null {
  try {
    const graph = JSON.parse(text) as Partial<StepGraph> | null;
    const isGraph = Array.isArray(graph?.nodes) && Array.isArray(graph.edges);
    return isGraph && graph.nodes.every((node) => Array.isArray(node.renamedFrom))
      ? (graph as StepGraph)
      : null;
  } catch {
    return null;
  }
}
