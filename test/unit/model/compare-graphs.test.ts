import fc from 'fast-check';
import { compileGraph } from '../../../lib/compiler/compile-graph.js';
import { compareGraphs } from '../../../lib/model/compare-graphs.js';
import { type GraphComparison, type InFlight, isCompatible } from '../../../lib/model/graph-comparison.js';
import type { GraphEdge, GraphNode, StepGraph } from '../../../lib/model/step-graph.js';

type Written = Partial<Omit<GraphNode, 'name'>> & { readonly after?: readonly string[] };

/** A graph of the handler `fulfil` and these nodes; a node with `after` is a declared step. */
function graph(nodes: Readonly<Record<string, Written>>): StepGraph {
  const edges: GraphEdge[] = [];
  const all = { fulfil: { kind: 'handler' as const }, ...nodes };
  const list = Object.entries(all).map(([name, written]: [string, Written]): GraphNode => {
    const { after = [], ...rest } = written;
    for (const from of after) edges.push({ from, to: name, kind: 'after' });
    return {
      name,
      kind: after.length > 0 ? 'declared' : 'step',
      description: null,
      renamedFrom: [],
      join: after.length > 1 ? 'all' : null,
      route: null,
      fanOut: null,
      policies: { maxAttempts: 3, timeoutMs: null, concurrency: null, rateLimit: null, priority: 0 },
      ...rest,
    };
  });
  return compileGraph('orders', list, edges);
}

function flight(id: string, ...recorded: string[]): InFlight {
  return { id, handler: 'fulfil', recorded: new Set(recorded) };
}

function told({ verdict, differences }: GraphComparison): readonly string[] {
  return [verdict, ...differences.map((each) => [each.what, ...each.executions].join(' · '))];
}

const inline = graph({ charge: {}, ship: {} });
const chain = graph({ pack: { after: ['fulfil'] }, ship: { after: ['pack'] } });

test('equal graphs are the same, whatever is in flight', () => {
  expect(compareGraphs(inline, graph({ ship: {}, charge: {} }), [flight('x1', 'charge')])).toEqual({
    verdict: 'same',
    differences: [],
  });
});

test('a step more is additive', () => {
  const next = graph({ charge: {}, ship: {}, thank: { after: ['fulfil'] } });
  expect(told(compareGraphs(inline, next, [flight('x1', 'charge')]))).toEqual([
    'additive',
    "declared step 'thank' is new",
  ]);
});

test('a step that is gone needs mapping for those who recorded it, and is no matter for the others', () => {
  const next = graph({ ship: {} });
  const differences = compareGraphs(inline, next, [
    flight('x1', 'charge'),
    flight('x2'),
    flight('x3', 'charge'),
  ]);
  expect(differences).toEqual({
    verdict: 'needs mapping',
    differences: [
      {
        verdict: 'needs mapping',
        step: 'charge',
        what: "step 'charge' is gone",
        executions: ['x1', 'x3'],
        count: 2,
        write: "write @RenamedFrom('charge') on the step that took its place, or bring 'charge' back",
      },
    ],
  });
  expect(told(compareGraphs(inline, next, [flight('x2')]))).toEqual(['additive', "step 'charge' is gone"]);
});

test('at most ten executions are named, all are counted', () => {
  const many = Array.from({ length: 25 }, (_, at) => flight(`x${at}`, 'charge'));
  const [difference] = compareGraphs(inline, graph({ ship: {} }), many).differences;
  expect([difference?.executions.length, difference?.count]).toEqual([10, 25]);
});

test('a step that is renamed and says so is additive', () => {
  const next = graph({ bill: { renamedFrom: ['charge'] }, ship: {} });
  expect(told(compareGraphs(inline, next, [flight('x1', 'charge')]))).toEqual([
    'additive',
    "step 'charge' is 'bill' now",
  ]);
});

test('a former name that is dropped needs mapping for those who recorded it, and for nobody else', () => {
  const old = graph({ bill: { renamedFrom: ['charge'] }, ship: {} });
  const next = graph({ invoice: { renamedFrom: ['bill'] }, ship: {} });
  expect(told(compareGraphs(old, next, [flight('x1', 'charge'), flight('x2', 'bill')]))).toEqual([
    'needs mapping',
    "step 'charge' is gone · x1",
    "step 'bill' is 'invoice' now",
  ]);
  const both = graph({ invoice: { renamedFrom: ['bill', 'charge'] }, ship: {} });
  expect(compareGraphs(old, both, [flight('x1', 'charge'), flight('x2', 'bill')]).verdict).toBe('additive');
});

test('a name that is no node was given to an inline step, and is free to change', () => {
  expect(
    compareGraphs(inline, graph({ charge: {}, ship: {}, more: {} }), [flight('x1', 'note')]).verdict,
  ).toBe('additive');
});

test('a handler that is gone needs mapping for its executions', () => {
  const next = graph({ charge: {}, ship: {} });
  const called = compileGraph(
    'orders',
    next.nodes.map((node) => (node.name === 'fulfil' ? { ...node, kind: 'step' as const } : node)),
    [],
  );
  expect(told(compareGraphs(inline, called, [flight('x1')]))).toEqual([
    'needs mapping',
    "handler 'fulfil' is gone · x1",
  ]);
  const without: StepGraph = compileGraph(
    'orders',
    next.nodes.filter(({ kind }) => kind !== 'handler'),
    [],
  );
  expect(told(compareGraphs(inline, without, [flight('x1')]))).toEqual([
    'needs mapping',
    "handler 'fulfil' is gone · x1",
  ]);
});

test.each<[string, Written, string]>([
  [
    'other predecessors',
    { after: ['fulfil'] },
    "declared step 'ship' came after 'pack' and comes after 'fulfil' now",
  ],
  [
    'another join',
    { after: ['pack'], join: 'any' },
    "declared step 'ship' joined all of them and joins any of them now",
  ],
  [
    'a route',
    { after: ['pack'], route: 'predicate' },
    "declared step 'ship' was always taken and is taken by a predicate now",
  ],
  [
    'a fan-out',
    { after: ['pack'], fanOut: { concurrency: 5 } },
    "declared step 'ship' ran once and runs for each item now",
  ],
  ['calls by code', {}, "'ship' was a declared step and is a step that code calls now"],
])('a declared step with %s is incompatible for those who recorded it only', (_, ship, what) => {
  const next = graph({ pack: { after: ['fulfil'] }, ship });
  expect(told(compareGraphs(chain, next, [flight('x1', 'pack', 'ship'), flight('x2', 'pack')]))).toEqual([
    'incompatible',
    `${what} · x1`,
  ]);
  expect(compareGraphs(chain, next, [flight('x2', 'pack')]).verdict).toBe('additive');
});

test('predecessors that are renamed are the same predecessors', () => {
  const next = graph({ wrap: { after: ['fulfil'], renamedFrom: ['pack'] }, ship: { after: ['wrap'] } });
  expect(compareGraphs(chain, next, [flight('x1', 'pack', 'ship')]).verdict).toBe('additive');
});

test('how many items run at once is free to change', () => {
  const each = (concurrency: number) => graph({ pack: { after: ['fulfil'], fanOut: { concurrency } } });
  expect(compareGraphs(each(2), each(50), [flight('x1', 'pack')]).verdict).toBe('same');
});

test('a branch more is incompatible where the route was decided without it', () => {
  const old = graph({
    big: { after: ['fulfil'], route: 'predicate' },
    rest: { after: ['fulfil'], route: 'otherwise' },
  });
  const next = graph({
    big: { after: ['fulfil'], route: 'predicate' },
    huge: { after: ['fulfil'], route: 'predicate' },
    rest: { after: ['fulfil'], route: 'otherwise' },
  });
  expect(told(compareGraphs(old, next, [flight('x1', 'rest', 'big'), flight('x2')]))).toEqual([
    'incompatible',
    "declared step 'huge' is new: a branch of the route after 'fulfil' · x1",
  ]);
  expect(compareGraphs(old, next, [flight('x2')]).verdict).toBe('additive');
});

test('a step that code called does not become a compensation, which code cannot call', () => {
  const next = graph({ charge: {}, ship: { kind: 'compensation' } });
  expect(told(compareGraphs(inline, next, [flight('x1', 'ship')]))).toEqual([
    'incompatible',
    "'ship' was a step that code calls and is a compensation now · x1",
  ]);
  expect(compareGraphs(inline, next, [flight('x2')]).verdict).toBe('additive');
});

test('names that objects are born with are names like any other', () => {
  const odd = graph({ constructor: {}, toString: {} });
  expect(compareGraphs(odd, graph({ toString: {} }), [flight('x1', 'constructor')]).verdict).toBe(
    'needs mapping',
  );
  expect(compareGraphs(graph({}), odd, [flight('x1', 'hasOwnProperty')]).verdict).toBe('additive');
});

test('another undo, or none, is told and stops nobody', () => {
  const undone = (by: string | null): StepGraph => {
    const { nodes } = graph({ charge: {}, refund: {}, storno: {} });
    const edges: GraphEdge[] = by === null ? [] : [{ from: 'charge', to: by, kind: 'compensation' }];
    return compileGraph('orders', nodes, edges);
  };
  expect(told(compareGraphs(undone('refund'), undone('storno'), [flight('x1', 'charge')]))).toEqual([
    'additive',
    "'charge' was undone by 'refund' and is undone by 'storno' now",
  ]);
  expect(told(compareGraphs(undone('refund'), undone(null), []))).toEqual([
    'additive',
    "'charge' was undone by 'refund' and is undone by nothing now",
  ]);
});

test('an undo that is dropped is told to those who recorded what it undoes, and keeps nobody from going on', () => {
  const { nodes } = graph({ charge: {}, refund: {} });
  const undone = compileGraph('orders', nodes, [{ from: 'charge', to: 'refund', kind: 'compensation' }]);
  const comparison = compareGraphs(undone, compileGraph('orders', nodes, []), [
    flight('x1', 'charge'),
    flight('x2'),
  ]);
  expect(comparison).toEqual({
    verdict: 'loses undo',
    differences: [
      {
        verdict: 'loses undo',
        step: 'charge',
        what: "'charge' was undone by 'refund' and is undone by nothing now",
        executions: ['x1'],
        count: 1,
        write:
          "executions that recorded 'charge' would not be undone any more: write @Compensate('charge') on the method that undoes it, or let the old processes finish these executions",
      },
    ],
  });
  expect(isCompatible(comparison.verdict)).toBe(true);
});

describe('a declared step that is renamed without saying so', () => {
  const all = [flight('x1', 'pack', 'ship'), flight('x2', 'pack')];

  test('is told with the step that stands in its place, and not its successors', () => {
    const next = graph({ wrap: { after: ['fulfil'] }, ship: { after: ['wrap'] } });
    const comparison = compareGraphs(chain, next, all);
    expect(told(comparison)).toEqual([
      'needs mapping',
      "declared step 'pack' is gone · x1 · x2",
      "declared step 'wrap' is new",
    ]);
    expect(comparison.differences[0]?.write).toBe(
      "write @RenamedFrom('pack') on 'wrap' if that took its place, or bring 'pack' back",
    );
    const mapped = graph({ wrap: { after: ['fulfil'], renamedFrom: ['pack'] }, ship: { after: ['wrap'] } });
    expect(compareGraphs(chain, mapped, all).verdict).toBe('additive');
  });

  test('stands before what it does not explain', () => {
    const next = graph({ wrap: { after: ['fulfil'] }, ship: { after: ['fulfil', 'wrap'] } });
    expect(told(compareGraphs(chain, next, all))).toEqual([
      'incompatible',
      "declared step 'pack' is gone · x1 · x2",
      "declared step 'ship' came after 'pack' and comes after 'fulfil', 'wrap' now · x1",
      "declared step 'wrap' is new",
    ]);
    const joined = graph({ a: { after: ['fulfil'] }, b: { after: ['fulfil'] }, c: { after: ['a', 'b'] } });
    const other = graph({
      a: { after: ['fulfil'] },
      d: { after: ['fulfil'] },
      c: { after: ['a', 'd'], join: 'any' },
    });
    expect(told(compareGraphs(joined, other, [flight('x1', 'a', 'b', 'c')]))).toEqual([
      'incompatible',
      "declared step 'b' is gone · x1",
      "declared step 'c' joined all of them and joins any of them now · x1",
      "declared step 'd' is new",
    ]);
  });

  test('keeps those from going on who recorded what follows and not the step itself', () => {
    const next = graph({ wrap: { after: ['fulfil'] }, ship: { after: ['wrap'] } });
    expect(told(compareGraphs(chain, next, [flight('x3', 'ship')]))).toEqual([
      'incompatible',
      "declared step 'ship' came after 'pack' and comes after 'wrap' now · x3",
      "declared step 'pack' is gone",
      "declared step 'wrap' is new",
    ]);
  });

  test('is no branch more of its route', () => {
    const route = (name: string) =>
      graph({
        [name]: { after: ['fulfil'], route: 'predicate' },
        rest: { after: ['fulfil'], route: 'otherwise' },
      });
    const comparison = compareGraphs(route('big'), route('huge'), [flight('x1', 'big', 'rest')]);
    expect(told(comparison)).toEqual([
      'needs mapping',
      "declared step 'big' is gone · x1",
      "declared step 'huge' is new: a branch of the route after 'fulfil'",
    ]);
    expect(comparison.differences[0]?.write).toContain("@RenamedFrom('big') on 'huge'");
  });
});

const NAMES = ['fulfil', 'a', 'b', 'c', 'd', 'e', '__proto__', 'constructor'];
const wired = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES.slice(1)),
      after: fc.subarray(NAMES.slice(0, 4)),
      route: fc.constantFrom(null, 'predicate' as const, 'otherwise' as const),
      fanOut: fc.constantFrom(null, { concurrency: 3 }),
    }),
    { selector: ({ name }) => name },
  )
  .map((nodes) =>
    graph(
      Object.fromEntries(
        nodes.map(({ name, after, route, fanOut }) => {
          const before = after.filter((each) => each !== name);
          return [name, before.length === 0 ? {} : { after: before, route, fanOut }];
        }),
      ),
    ),
  );
const flights = fc.array(fc.subarray(NAMES.slice(1)).map((names) => flight(names.join(), ...names)));

test('what is in flight can make a change worse, never better, and nothing in flight makes every change harmless', () => {
  fc.assert(
    fc.property(wired, wired, flights, flights, (old, next, some, more) => {
      const rank = (list: readonly InFlight[]) =>
        ['same', 'additive', 'loses undo', 'needs mapping', 'incompatible'].indexOf(
          compareGraphs(old, next, list).verdict,
        );
      expect(rank([])).toBeLessThanOrEqual(1);
      expect(rank([...some, ...more])).toBe(Math.max(rank(some), rank(more)));
    }),
  );
});

test('a graph is the same as itself, and every other one differs in something that is told', () => {
  fc.assert(
    fc.property(wired, wired, flights, (old, next, list) => {
      expect(compareGraphs(old, old, list).verdict).toBe('same');
      const { verdict, differences } = compareGraphs(old, next, list);
      expect(differences.length > 0).toBe(old.fingerprint !== next.fingerprint);
      expect(verdict === 'same').toBe(old.fingerprint === next.fingerprint);
    }),
  );
});

test('an execution goes on where every step that it recorded is as it was', () => {
  fc.assert(
    fc.property(wired, fc.subarray(NAMES.slice(1)), (old, recorded) => {
      const kept = old.nodes.filter(({ name, kind }) => kind === 'handler' || recorded.includes(name));
      const edges = old.edges.filter(({ to }) => recorded.includes(to));
      const next = compileGraph('orders', kept, edges);
      expect(['same', 'additive']).toContain(compareGraphs(old, next, [flight('x', ...recorded)]).verdict);
    }),
  );
});
