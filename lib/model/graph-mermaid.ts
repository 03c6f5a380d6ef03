import type { GraphEdge, GraphLimit, GraphNode, StepGraph } from './step-graph.js';

/** Characters that Mermaid, or the HTML it makes, may take for more than text. */
// oxlint-disable-next-line no-control-regex -- control characters are just what has to go
const SPECIAL = /[\u0000-\u001f\u007f"#&;<>\\`{}[\]()|\u2028\u2029]/g;

const SHAPES: Readonly<Record<GraphNode['kind'], readonly [string, string]>> = {
  handler: ['(["', '"])'],
  step: ['["', '"]'],
  declared: ['["', '"]'],
  compensation: ['[/"', '"/]'],
};

/**
 * The graph as a Mermaid flowchart: handlers are rounded, fan-outs have a double border, undos are slanted and hang on dotted
 * edges; steps that code calls have no edges.
 */
export function mermaidOf({ nodes, edges }: StepGraph): string {
  const ids = new Map(nodes.map(({ name }, at) => [name, `n${at}`]));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const lines = nodes.map((node) => `  ${ids.get(node.name)}${shapeOf(node)}`);
  for (const edge of edges) {
    const from = ids.get(edge.from);
    const to = ids.get(edge.to);
    if (from !== undefined && to !== undefined)
      lines.push(`  ${from} ${arrowOf(edge, byName.get(edge.to))} ${to}`);
  }
  return ['flowchart TD', ...lines, ''].join('\n');
}

function shapeOf(node: GraphNode): string {
  const label = [node.name, ...detailsOf(node)].map(escaped).join('<br/>');
  const [open, close] = node.fanOut === null ? SHAPES[node.kind] : ['[["', '"]]'];
  return `${open}${label}${close}`;
}

function detailsOf({ description, join, fanOut, policies }: GraphNode): readonly string[] {
  const details: string[] = [];
  if (description !== null) details.push(description);
  if (join !== null) details.push(join === 'all' ? 'after all' : 'after any');
  if (fanOut !== null) details.push(`for each, ${fanOut.concurrency} at a time`);
  const { concurrency, rateLimit } = policies;
  if (concurrency !== null) details.push(`${limitOf(concurrency)} at the same time`);
  if (rateLimit !== null) details.push(`${limitOf(rateLimit)} in ${rateLimit.perMs} ms`);
  return details;
}

function limitOf({ limit, key }: GraphLimit): string {
  return key === null ? `at most ${limit}` : `at most ${limit} by ${key}`;
}

function arrowOf({ kind }: GraphEdge, to: GraphNode | undefined): string {
  if (kind === 'compensation') return '-. undone by .->';
  if (to?.route == null) return '-->';
  return to.route === 'otherwise' ? '-->|otherwise|' : '-->|when|';
}

function escaped(text: string): string {
  return text.replace(SPECIAL, codeOf);
}

function codeOf(character: string): string {
  return character < ' ' ? ' ' : `#${character.charCodeAt(0)};`;
}
