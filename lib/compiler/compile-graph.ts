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
      sortedBy(edges, (edge) => [edge.from, edge.to, edge.kind]).map((edge) => Object.freeze({ ...edge })),
    ),
    fingerprint: fingerprint(nodes, edges),
  });
}

/** What of a node makes the shape of its graph. */
export type NodeShape = Pick<GraphNode, 'kind' | 'name' | 'renamedFrom' | 'join' | 'route' | 'fanOut'>;

/**
 * Names the shape of a graph. Equal whatever the order of declaration, the bodies, the descriptions and the policies;
 * 22 characters of base64url, 132 bits.
 */
export function fingerprint(nodes: readonly NodeShape[], edges: readonly GraphEdge[]): string {
  const shape = [nodes.map(shapeOfNode).sort(), edges.map(shapeOfEdge).sort()];
  return createHash('sha256').update(JSON.stringify(shape)).digest('base64url').slice(0, 22);
}

/**
 * Handlers and inline steps are written as before there was anything else, so that their workers' prints stay. Former names
 * count: processes that read what was recorded under them are not alike those that do not.
 */
function shapeOfNode({ kind, name, join, route, fanOut, renamedFrom }: NodeShape): string {
  const declared = kind === 'declared' ? [join, route, fanOut !== null] : [];
  const former = renamedFrom.length > 0 ? [{ renamedFrom: renamedFrom.toSorted() }] : [];
  return JSON.stringify([kind, name, ...declared, ...former]);
}

function shapeOfEdge({ from, to, kind }: GraphEdge): string {
  return JSON.stringify(kind === 'after' ? [from, to] : [from, to, kind]);
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => readonly string[]): Item[] {
  const keyed = items.map((item) => ({ item, key: JSON.stringify(key(item)) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}
