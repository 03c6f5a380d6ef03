import { mermaidOf } from '../../../lib/model/graph-mermaid.js';
import type { GraphNode } from '../../../lib/model/step-graph.js';

function drawn(name: string, description: string | null = null): string {
  const node: GraphNode = {
    name,
    kind: 'step',
    description,
    renamedFrom: [],
    join: null,
    route: null,
    fanOut: null,
    policies: { maxAttempts: 3, timeoutMs: null, concurrency: null, rateLimit: null, priority: 0 },
  };
  return mermaidOf({ worker: 'w', nodes: [node], edges: [], fingerprint: 'f' });
}

test.each([
  ['a quote and a bracket', 'a"] --> b["', 'a#34;#93; --#62; b#91;#34;'],
  ['HTML', '<script>', '#60;script#62;'],
  ['an entity', '#quot;&lt;', '#35;quot#59;#38;lt#59;'],
  ['a line break', 'a\nclick n0 evil', 'a click n0 evil'],
  ['Markdown', '`**bold**`', '#96;**bold**#96;'],
  ['words of Mermaid', 'end', 'end'],
])('a name with %s stays a name', (_, name, label) => {
  expect(drawn(name)).toBe(`flowchart TD\n  n0["${label}"]\n`);
  expect(drawn('x', name)).toBe(`flowchart TD\n  n0["x<br/>${label}"]\n`);
});

test('an edge to what is no node is left out', () => {
  const edges = [{ from: 'a', to: 'b', kind: 'after' as const }];
  expect(mermaidOf({ worker: 'w', nodes: [], edges, fingerprint: 'f' })).toBe('flowchart TD\n');
});
