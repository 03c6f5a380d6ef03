import { mermaidOf } from '../model/graph-mermaid.js';
import type { GraphEdge, GraphNode, StepGraph } from '../model/step-graph.js';

/** The handlers and steps of a worker, and what runs after what: known before anything runs. Frozen data. */
export class WorkerGraph implements StepGraph {
  /** The worker's id. */
  readonly worker: string;
  /** Sorted by kind and name. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Equal for graphs of the same shape, whatever the order of declaration, the bodies, the policies and the descriptions. */
  readonly fingerprint: string;

  /** @internal */
  constructor({ worker, nodes, edges, fingerprint }: StepGraph) {
    this.worker = worker;
    this.nodes = nodes;
    this.edges = edges;
    this.fingerprint = fingerprint;
    Object.freeze(this);
  }

  /**
   * A flowchart in the language of Mermaid, to paste into Markdown.
   *
   * @example console.log(app.graph(OrderWorker).toMermaid());
   */
  toMermaid(): string {
    return mermaidOf(this);
  }

  /** Plain data; what `JSON.stringify` writes. */
  toJSON(): StepGraph {
    const { worker, nodes, edges, fingerprint } = this;
    return { worker, nodes, edges, fingerprint };
  }
}
