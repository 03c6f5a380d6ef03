/** A worker's handlers and steps as data. A step that is called inline is a node without edges. */
export interface StepGraph {
  readonly worker: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Hash of kinds, names and edges; bodies and order of declaration do not matter. */
  readonly fingerprint: string;
}

/** A handler or a step of a worker. */
export interface GraphNode {
  readonly name: string;
  readonly kind: 'handler' | 'step';
  readonly description: string | null;
}

/** What runs after what, by name. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}
