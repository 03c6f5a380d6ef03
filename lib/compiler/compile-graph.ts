import { createHash } from 'node:crypto';
import type { GraphEdge, GraphNode, StepGraph } from '../model/step-graph.js';

/** The graph of a worker, sorted and frozen. */
export function compileGraph(
  worker: string,
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): StepGraph {
  return Object.freeze({
    worker,
    nodes: Object.freeze(
      sortedBy(nodes, (node) => [node.kind, node.name]).map((node) => Object.freeze({ ...node })),
    ),
    edges: Object.freeze(
      sortedBy(edges, (edge) => [edge.from, edge.to]).map((edge) => Object.freeze({ ...edge })),
    ),
    fingerprint: fingerprint(nodes, edges),
  });
}

/**
 * Names the shape of a graph: kinds, names and edges. Equal whatever the order of declaration, the bodies and the
 * descriptions; 22 characters of base64url, 132 bits.
 */
export function fingerprint(
  nodes: readonly Pick<GraphNode, 'kind' | 'name'>[],
  edges: readonly Pick<GraphEdge, 'from' | 'to'>[],
): string {
  const shape = [
    nodes.map((node) => JSON.stringify([node.kind, node.name])).sort(),
    edges.map((edge) => JSON.stringify([edge.from, edge.to])).sort(),
  ];
  return createHash('sha256').update(JSON.stringify(shape)).digest('base64url').slice(0, 22);
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => readonly string[]): Item[] {
  const keyed = items.map((item) => ({ item, key: JSON.stringify(key(item)) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}
