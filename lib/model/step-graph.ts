/** A worker's handlers and steps as data. A step that is called inline is a node without edges. */
export interface StepGraph {
  readonly worker: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /**
   * Hash of kinds, names, edges, joins, routes, former names and whether a step fans out; bodies, descriptions, policies and
   * order of declaration do not matter.
   */
  readonly fingerprint: string;
}

/** What a node is: the root of an execution, a step that code calls, one that runs by itself, one that undoes another. */
export type GraphNodeKind = 'handler' | 'step' | 'declared' | 'compensation';

/** A handler or a step of a worker. */
export interface GraphNode {
  readonly name: string;
  readonly kind: GraphNodeKind;
  readonly description: string | null;
  /** Names that it was recorded under before: `@RenamedFrom`. */
  readonly renamedFrom: readonly string[];
  /** How a declared step waits for several predecessors; null: it has one, or none. */
  readonly join: 'all' | 'any' | null;
  /** What decides whether a branch of a route is taken; null: it is no branch. */
  readonly route: 'predicate' | 'otherwise' | null;
  /** Items that run at the same time; null: the step runs once. */
  readonly fanOut: { readonly concurrency: number } | null;
  readonly policies: GraphPolicies;
}

/** What holds for a node, functions left out. */
export interface GraphPolicies {
  /** The first attempt counts; null: without bound. */
  readonly maxAttempts: number | null;
  /** Of a handler: the whole execution. Null: none, on a step the app's `timeout`. */
  readonly timeoutMs: number | null;
  readonly concurrency: GraphLimit | null;
  readonly rateLimit: (GraphLimit & { readonly perMs: number }) | null;
  /** Of a handler's executions; 0 on steps. */
  readonly priority: number;
}

/** How many, and of what each. */
export interface GraphLimit {
  readonly limit: number;
  /** The field path that the limit is counted by, `function` where code tells; null: one limit for all. */
  readonly key: string | null;
}

/** What runs after what, by name. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `after`: `to` runs by itself after `from`. `compensation`: `to` undoes `from`. */
  readonly kind: 'after' | 'compensation';
}
