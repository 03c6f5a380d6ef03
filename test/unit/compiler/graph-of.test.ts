import { Compensate as TypedCompensate } from '../../../lib/decorators/compensate.js';
import { Concurrency as TypedConcurrency } from '../../../lib/decorators/concurrency.js';
import { OnEvent as TypedOnEvent } from '../../../lib/decorators/on-event.js';
import { RateLimit as TypedRateLimit } from '../../../lib/decorators/rate-limit.js';
import { RenamedFrom } from '../../../lib/decorators/renamed-from.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step as TypedStep } from '../../../lib/decorators/step.js';
import { Timeout } from '../../../lib/decorators/timeout.js';
import { compiled, type Loose } from './worker-of.js';

const Compensate = TypedCompensate as unknown as Loose;
const Concurrency = TypedConcurrency as Loose;
const OnEvent = TypedOnEvent as Loose;
const RateLimit = TypedRateLimit as Loose;
const Step = TypedStep as Loose;
const yes = (): boolean => true;

const base = {
  go: [OnEvent('x')],
  note: [Step()],
  big: [Step({ after: 'go', when: yes })],
  small: [Step({ after: 'go', when: 'otherwise' })],
  both: [Step({ after: ['big', 'small'], join: 'any' })],
  items: [Step({ after: 'go', each: { of: yes, concurrency: 3 } })],
  undo: [Compensate('big')],
};

describe('the graph of a worker', () => {
  const { graph } = compiled(base);

  it('tells handlers, inline steps, declared steps and compensations apart', () => {
    expect(graph.nodes.map(({ kind, name }) => [kind, name])).toEqual([
      ['compensation', 'undo'],
      ['declared', 'big'],
      ['declared', 'both'],
      ['declared', 'items'],
      ['declared', 'small'],
      ['handler', 'go'],
      ['step', 'note'],
    ]);
  });

  it('has an edge for each predecessor, and one of its own kind for each compensation', () => {
    expect(graph.edges).toEqual([
      { from: 'big', to: 'both', kind: 'after' },
      { from: 'big', to: 'undo', kind: 'compensation' },
      { from: 'go', to: 'big', kind: 'after' },
      { from: 'go', to: 'items', kind: 'after' },
      { from: 'go', to: 'small', kind: 'after' },
      { from: 'small', to: 'both', kind: 'after' },
    ]);
  });

  it('has joins of several predecessors, kinds of conditions and fan-outs, and no functions', () => {
    const wiring = graph.nodes.map(({ name, join, route, fanOut }) => ({ name, join, route, fanOut }));
    expect(wiring.filter(({ join, route, fanOut }) => join ?? route ?? fanOut)).toEqual([
      { name: 'big', join: null, route: 'predicate', fanOut: null },
      { name: 'both', join: 'any', route: null, fanOut: null },
      { name: 'items', join: null, route: null, fanOut: { concurrency: 3 } },
      { name: 'small', join: null, route: 'otherwise', fanOut: null },
    ]);
    expect(structuredClone(graph)).toEqual(graph);
  });

  it('has the policies that hold for each node', () => {
    const { nodes } = compiled({
      go: [
        OnEvent('x', { priority: 7 }),
        Retry({ maxAttempts: Infinity }),
        Timeout('1h'),
        Concurrency({ limit: 2, key: 'customer.id' }),
      ],
      charge: [Step(), RateLimit({ limit: 10, per: '1s', key: yes })],
    }).graph;
    expect(nodes.map(({ name, policies }) => [name, policies])).toEqual([
      [
        'go',
        {
          maxAttempts: null,
          timeoutMs: 3_600_000,
          concurrency: { limit: 2, key: 'customer.id' },
          rateLimit: null,
          priority: 7,
        },
      ],
      [
        'charge',
        {
          maxAttempts: 3,
          timeoutMs: null,
          concurrency: null,
          rateLimit: { limit: 10, perMs: 1_000, key: 'function' },
          priority: 0,
        },
      ],
    ]);
  });

  it('is frozen to the ground', () => {
    const parts = graph.nodes.flatMap((node) => [node, node.policies, node.fanOut, node.renamedFrom]);
    expect([graph, graph.nodes, graph.edges, ...graph.edges, ...parts].every(Object.isFrozen)).toBe(true);
  });
});

describe('the fingerprint of a worker', () => {
  const print = (changes: Readonly<Record<string, readonly unknown[]>>): string =>
    compiled({ ...base, ...changes }).graph.fingerprint;

  it('stays when descriptions, predicates, policies and the number of items at once change', () => {
    const changed = {
      big: [Step({ after: 'go', when: () => false, description: 'other' }), Concurrency(4), Timeout('9s')],
      items: [Step({ after: 'go', each: () => [] }), Retry({ maxAttempts: 9 })],
      go: [OnEvent('y', { priority: 3, description: 'z' })],
      both: [Step({ after: ['small', 'big'], join: 'any', atMostOnce: true })],
    };
    expect(print(changed)).toBe(print({}));
  });

  it.each([
    ['a join', { both: [Step({ after: ['big', 'go'] })] }],
    ['a predecessor', { items: [Step({ after: 'big', each: yes })] }],
    ['a fan-out', { items: [Step({ after: 'go' })] }],
    ['a condition', { small: [Step({ after: 'go', when: yes })] }],
    ['a step that is declared now', { note: [Step({ after: 'go' })] }],
    ['what a compensation undoes', { undo: [Compensate('small')] }],
    ['a former name', { note: [Step(), RenamedFrom('write')] }],
  ])('changes with %s', (_, changes) => {
    expect(print(changes)).not.toBe(print({}));
  });
});
