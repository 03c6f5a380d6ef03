/** A worker's handlers and steps as data. A step that is called inline is a node without edges. */
export interface StepGraph {
  readonly worker: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Hash of kinds, names and edges; bodies and order of declaration do not matter. */
  readonly fingerprint: string;
}

export interface GraphNode {
  readonly name: string;
  readonly kind: 'handler' | 'step';
  readonly description: string | null;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}
