import fc from 'fast-check';
import { compileGraph, fingerprint } from '../../../lib/compiler/compile-graph.js';
import type { GraphEdge, GraphNode } from '../../../lib/model/step-graph.js';

const NO_POLICIES: GraphNode['policies'] = {
  maxAttempts: 3,
  timeoutMs: null,
  concurrency: null,
  rateLimit: null,
  priority: 0,
};
const policies = fc.record({
  maxAttempts: fc.option(fc.integer({ min: 1, max: 9 })),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 9 })),
  concurrency: fc.option(fc.record({ limit: fc.integer({ min: 1, max: 9 }), key: fc.option(fc.string()) })),
  rateLimit: fc.constant(null),
  priority: fc.integer({ min: -100, max: 100 }),
});
const node: fc.Arbitrary<GraphNode> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 8 }),
  kind: fc.constantFrom('handler', 'step', 'declared', 'compensation'),
  description: fc.option(fc.string(), { nil: null }),
  renamedFrom: fc.uniqueArray(fc.string(), { maxLength: 2 }),
  join: fc.constantFrom('all', 'any', null),
  route: fc.constantFrom('predicate', 'otherwise', null),
  fanOut: fc.option(fc.record({ concurrency: fc.integer({ min: 1, max: 9 }) })),
  policies,
});
const nodes = fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 12 });
const edge: fc.Arbitrary<GraphEdge> = fc.record({
  from: fc.string(),
  to: fc.string(),
  kind: fc.constantFrom('after', 'compensation'),
});
const plain: GraphNode = {
  name: 'charge',
  kind: 'step',
  description: null,
  renamedFrom: [],
  join: null,
  route: null,
  fanOut: null,
  policies: NO_POLICIES,
};

it('a fingerprint ignores the order of declaration, descriptions, policies and how many items run at once', () => {
  fc.assert(
    fc.property(
      nodes.chain((list) =>
        fc.record({
          list: fc.constant(list),
          shuffled: fc.shuffledSubarray(list, { minLength: list.length }),
          edges: fc.array(edge, { maxLength: 5 }),
        }),
      ),
      ({ list, shuffled, edges }) => {
        const changed = shuffled.map((each) => ({
          ...each,
          description: null,
          policies: NO_POLICIES,
          fanOut: each.fanOut === null ? null : { concurrency: 77 },
        }));
        expect(compileGraph('a', changed, [...edges].reverse()).fingerprint).toBe(
          compileGraph('b', list, edges).fingerprint,
        );
      },
    ),
  );
});

it('a fingerprint changes with every name, kind and edge', () => {
  fc.assert(
    fc.property(nodes, node, (list, added) => {
      fc.pre(!list.some(({ name }) => name === added.name));
      const flipped = { ...added, kind: added.kind === 'step' ? 'handler' : 'step' } as const;
      const prints = [
        fingerprint(list, []),
        fingerprint([...list, added], []),
        fingerprint([...list, flipped], []),
        fingerprint([...list, added], [{ from: 'x', to: added.name, kind: 'after' }]),
        fingerprint([...list, added], [{ from: 'x', to: added.name, kind: 'compensation' }]),
      ];
      expect(new Set(prints).size).toBe(5);
    }),
  );
});

it('a fingerprint changes with the join, the route and the fan-out of a declared step', () => {
  const declared: GraphNode = { ...plain, kind: 'declared' };
  const changes: Partial<GraphNode>[] = [
    {},
    { join: 'all' },
    { join: 'any' },
    { route: 'predicate' },
    { route: 'otherwise' },
    { fanOut: { concurrency: 1 } },
  ];
  const prints = changes.map((change) => fingerprint([{ ...declared, ...change }], []));
  expect(new Set(prints).size).toBe(changes.length);
});

it('workers without declared steps keep the fingerprint that they were recorded with', () => {
  const handler: GraphNode = { ...plain, kind: 'handler', name: 'fulfil' };
  expect(fingerprint([plain, handler], [])).toBe('MlCoVJxw2g3xPdwGqoUWJA');
});

it('a fingerprint is 22 characters that a path or a key can hold', () => {
  expect(fingerprint([{ ...plain, name: '__proto__' }], [])).toMatch(/^[A-Za-z0-9_-]{22}$/);
});
