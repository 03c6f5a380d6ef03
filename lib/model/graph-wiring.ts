import type { GraphNode, StepGraph } from './step-graph.js';

/** A node with what it comes after. */
export interface NodeWiring extends Pick<GraphNode, 'name' | 'kind' | 'join' | 'route' | 'renamedFrom'> {
  /** Sorted. */
  readonly after: readonly string[];
  readonly fansOut: boolean;
  /** The step that undoes it; null: none. */
  readonly undo: string | null;
}

/** A graph by the names that its nodes have and had. */
export class WiredGraph {
  readonly nodes: readonly NodeWiring[];
  private readonly byName = new Map<string, NodeWiring>();

  constructor(graph: StepGraph) {
    const after = new Map<string, string[]>();
    const undos = new Map<string, string>();
    for (const { from, to, kind } of graph.edges) {
      if (kind === 'compensation') undos.set(from, to);
      if (kind !== 'after') continue;
      const known = after.get(to);
      if (known === undefined) after.set(to, [from]);
      else known.push(from);
    }
    this.nodes = graph.nodes.map(({ name, kind, join, route, fanOut, renamedFrom }) => ({
      name,
      kind,
      join,
      route,
      renamedFrom,
      fansOut: fanOut !== null,
      after: (after.get(name) ?? []).toSorted(),
      undo: undos.get(name) ?? null,
    }));
    for (const node of this.nodes) this.byName.set(node.name, node);
    // What was recorded under a former name is read as the new one, whoever has that name now.
    for (const node of this.nodes) for (const former of node.renamedFrom) this.byName.set(former, node);
  }

  /** The node that goes on with what was recorded under that name; null: none. */
  nodeOf(recorded: string): NodeWiring | null {
    return this.byName.get(recorded) ?? null;
  }

  /** Every name under which something may be recorded. */
  recordable(): IterableIterator<string> {
    return this.byName.keys();
  }

  /** All branches of the route that a node with a condition is one of. */
  routeOf(node: NodeWiring): readonly NodeWiring[] {
    const key = (each: NodeWiring): string => JSON.stringify([each.join, each.after]);
    return this.nodes.filter((each) => each.route !== null && key(each) === key(node));
  }
}
