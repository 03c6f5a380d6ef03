import fc from 'fast-check';
import { compileGraph, fingerprint } from '../../../lib/compiler/compile-graph.js';
import type { GraphNode } from '../../../lib/model/step-graph.js';

const node = fc.record({
  name: fc.string({ minLength: 1, maxLength: 8 }),
  kind: fc.constantFrom<GraphNode['kind']>('handler', 'step'),
  description: fc.option(fc.string(), { nil: null }),
});
const nodes = fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 12 });

it('a fingerprint ignores the order of declaration and the descriptions', () => {
  fc.assert(
    fc.property(
      nodes.chain((list) =>
        fc.record({
          list: fc.constant(list),
          shuffled: fc.shuffledSubarray(list, { minLength: list.length }),
          edges: fc.array(fc.record({ from: fc.string(), to: fc.string() }), { maxLength: 5 }),
        }),
      ),
      ({ list, shuffled, edges }) => {
        const redescribed = shuffled.map((each) => ({ ...each, description: null }));
        expect(compileGraph('a', redescribed, [...edges].reverse()).fingerprint).toBe(
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
        fingerprint([...list, added], [{ from: 'x', to: added.name }]),
      ];
      expect(new Set(prints).size).toBe(4);
    }),
  );
});

it('a fingerprint is 22 characters that a path or a key can hold', () => {
  expect(fingerprint([{ name: '__proto__', kind: 'step' }], [])).toMatch(/^[A-Za-z0-9_-]{22}$/);
});
