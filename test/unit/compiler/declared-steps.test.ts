import fc from 'fast-check';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Step as TypedStep } from '../../../lib/decorators/step.js';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { Worker } from '../../../lib/decorators/worker.js';
import { compiled, foundIn, type Loose, mistakesOf, workerOf } from './worker-of.js';

const Step = TypedStep as Loose;
const handler = [OnEvent('x')];
const after = (names: string | readonly string[], options: object = {}): unknown[] => [
  Step({ after: names, ...options }),
];
const yes = (): boolean => true;

describe('the declared steps of a handler', () => {
  it('stand in an order in which each comes after what it names', () => {
    const { handlers } = compiled({
      ship: after(['charge', 'reserve']),
      reserve: after('fulfil'),
      fulfil: handler,
      inline: [Step()],
      thank: after('ship'),
      charge: after('fulfil'),
    });
    expect(handlers[0]?.declared).toEqual([
      { name: 'charge', after: ['fulfil'], join: 'all', when: null, each: null },
      { name: 'reserve', after: ['fulfil'], join: 'all', when: null, each: null },
      { name: 'ship', after: ['charge', 'reserve'], join: 'all', when: null, each: null },
      { name: 'thank', after: ['ship'], join: 'all', when: null, each: null },
    ]);
  });

  it('are the same whatever the order of declaration, and the graph too', () => {
    const methods: [string, readonly unknown[]][] = [
      ['go', handler],
      ['a', after('go')],
      ['b', after('go')],
      ['c', after(['b', 'a'])],
      ['d', after(['c', 'go'])],
      ['e', after(['a', 'd'], { join: 'any' })],
    ];
    const expected = compiled(Object.fromEntries(methods));
    fc.assert(
      fc.property(fc.shuffledSubarray(methods, { minLength: methods.length }), (shuffled) => {
        const { handlers, graph } = compiled(Object.fromEntries(shuffled));
        expect(handlers[0]?.declared).toEqual(expected.handlers[0]?.declared);
        expect(graph.fingerprint).toBe(expected.graph.fingerprint);
      }),
    );
  });

  it('belong to the handler that they come after, and to no other', () => {
    const { handlers, steps } = compiled({
      one: handler,
      two: [OnEvent('y')],
      afterOne: after('one'),
      afterTwo: after('two'),
      inline: [Step()],
    });
    expect(handlers.map(({ declared }) => declared.map(({ name }) => name))).toEqual([
      ['afterOne'],
      ['afterTwo'],
    ]);
    expect([...steps.values()].map(({ name, isDeclared }) => [name, isDeclared])).toEqual([
      ['afterOne', true],
      ['afterTwo', true],
      ['inline', false],
    ]);
  });

  it('carry how they join, what routes them and what they fan out over', () => {
    const items = (): unknown[] => [1];
    const { handlers } = compiled({
      go: handler,
      big: after('go', { when: yes }),
      small: after('go', { when: 'otherwise', each: items }),
      first: after(['big', 'small'], { join: 'any', each: { of: items, concurrency: 5_000 } }),
    });
    expect(handlers[0]?.declared).toEqual([
      { name: 'big', after: ['go'], join: 'all', when: { kind: 'predicate', test: yes }, each: null },
      {
        name: 'small',
        after: ['go'],
        join: 'all',
        when: { kind: 'otherwise' },
        each: { of: items, concurrency: 10 },
      },
      {
        name: 'first',
        after: ['big', 'small'],
        join: 'any',
        when: null,
        each: { of: items, concurrency: 5_000 },
      },
    ]);
  });

  it('are frozen to the ground', () => {
    const { handlers } = compiled({ go: handler, a: after('go', { when: yes, each: () => [] }) });
    const declared = handlers[0]?.declared ?? [];
    const parts = [declared, ...declared.flatMap((step) => [step, step.after, step.when, step.each])];
    expect(parts).toHaveLength(5);
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('are inherited, and wired anew where a class adds to them', () => {
    class Base {
      @OnEvent('x')
      go(): number {
        return 1;
      }
      @TypedStep({ after: 'go' })
      a(_n: number): void {}
    }
    @Worker('child')
    class Child extends Base {
      @TypedStep({ after: 'a' })
      b(): void {}
    }
    const [child] = compileWorkers([Child]);
    expect(child?.handlers[0]?.declared.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('a name in after', () => {
  it('that is no method of the graph is refused, with the near ones', () => {
    const methods = {
      fulfil: handler,
      charge: after('fulfil'),
      ship: after('chrage'),
      thank: after('nobody'),
    };
    expect(mistakesOf(workerOf(methods))).toEqual([
      {
        found:
          "ship: @Step names 'chrage' in after, which is neither handler nor declared step of this class",
        write: 'Write charge',
      },
      {
        found:
          "thank: @Step names 'nobody' in after, which is neither handler nor declared step of this class",
        write: 'Write one of charge, fulfil, ship',
      },
    ]);
  });

  it('that code calls is refused', () => {
    expect(mistakesOf(workerOf({ fulfil: handler, charge: [Step()], ship: after('charge') }))).toEqual([
      {
        found: "ship: @Step names 'charge' in after, a step that code calls",
        write: "Name the handler that calls it, or declare it: @Step({ after: … }) on 'charge'",
      },
    ]);
  });

  it.each([
    ['twice', ['go', 'go'], "a: @Step has 'go' twice in after"],
    ['as an empty list', [], 'a: @Step has an empty list as after'],
    ['as a number', 5, 'a: @Step has after: 5'],
    ['among others as a number', ['go', 5], 'a: @Step has after: 5'],
    ['empty', '', "a: @Step has after: ''"],
  ])('%s is refused', (_, names, found) => {
    expect(foundIn({ go: handler, a: after(names as string[]) })).toEqual([found]);
  });
});

describe('steps that come after each other', () => {
  it('are refused, once for each cycle, which is shown', () => {
    expect(
      foundIn({
        go: handler,
        c: after(['b', 'go']),
        a: after('c'),
        b: after('a'),
        later: after('a'),
        self: after('self'),
      }),
    ).toEqual(['a: it comes after itself: a → b → c → a', 'self: it comes after itself: self → self']);
  });

  it('are refused however long the way is', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, at) => [`s${at}`, after(`s${(at + 1) % 2_000}`)]),
    );
    expect(foundIn({ go: handler, ...chain })).toHaveLength(1);
  });
});

it('a step of two handlers is refused where they meet, and not again after it', () => {
  expect(
    foundIn({
      one: handler,
      two: [OnEvent('y')],
      a: after('one'),
      both: after(['a', 'two']),
      next: after('both'),
    }),
  ).toEqual(['both: it comes after several handlers: one, two']);
});

describe('an option of a declared step', () => {
  it.each([
    ['join', { join: 'any' }, 'a: @Step has join but no after'],
    ['when', { when: yes }, 'a: @Step has when but no after'],
    ['each', { each: yes }, 'a: @Step has each but no after'],
  ])('%s needs after', (_, options, found) => {
    expect(foundIn({ go: handler, a: [Step(options)] })).toEqual([found]);
  });

  it.each([
    [{ join: 'first' }, "@Step has join: 'first'"],
    [{ join: 'any' }, "@Step has join: 'any' after one method"],
    [{ when: 'else' }, "@Step has when: 'else'"],
    [{ when: true }, '@Step has when: true'],
    [{ each: 'items' }, "@Step has each: 'items'"],
    [{ each: { concurrency: 2 } }, '@Step has each with of: undefined'],
    [{ each: { of: yes, concurrency: 0 } }, '@Step has each with concurrency: 0'],
    [{ each: { of: yes, concurrency: 5_001 } }, '@Step has each with concurrency: 5001'],
    [{ each: { of: yes, concurrency: 1.5 } }, '@Step has each with concurrency: 1.5'],
    [{ each: { of: yes, parallel: 3 } }, '@Step has each with the unknown option parallel'],
    [{ key: yes }, '@Step has key and after, but runs once'],
    [{ afterr: 'go' }, '@Step has the unknown option afterr'],
  ])('%j is refused', (options, found) => {
    expect(foundIn({ go: handler, a: after('go', options) })).toEqual([`a: ${found}`]);
  });

  it('key tells the items of a fan-out apart', () => {
    const { steps } = compiled({ go: handler, a: after('go', { each: () => [], key: yes }) });
    expect(steps.get('a')?.key).toBe(yes);
  });
});

describe('a route', () => {
  it('has one fallback', () => {
    expect(
      foundIn({
        go: handler,
        a: after('go', { when: yes }),
        b: after('go', { when: 'otherwise' }),
        c: after('go', { when: 'otherwise' }),
      }),
    ).toEqual(["c: @Step has when: 'otherwise', and so has 'b' of the same route"]);
  });

  it('has a predicate where it has a fallback', () => {
    expect(
      foundIn({
        go: handler,
        plain: after('go'),
        b: after('go', { when: 'otherwise' }),
        elsewhere: after('plain', { when: yes }),
      }),
    ).toEqual(["b: @Step has when: 'otherwise', but no step with the same after has a predicate"]);
  });

  const route = {
    go: handler,
    big: after('go', { when: yes }),
    huge: after('go', { when: yes }),
    small: after('go', { when: 'otherwise' }),
    afterBig: after('big'),
    afterSmall: after('small'),
  };
  const excluded = (names: string): string =>
    `join: it waits for all of ${names}, of which one runs only when another is skipped`;

  it('is not joined by all across branches that exclude each other, near or far', () => {
    expect(foundIn({ ...route, join: after(['big', 'small']) })).toEqual([excluded('big, small')]);
    expect(foundIn({ ...route, join: after(['afterBig', 'afterSmall']), next: after('join') })).toEqual([
      excluded('afterBig, afterSmall'),
    ]);
    expect(
      foundIn({
        ...route,
        either: after(['big', 'huge'], { join: 'any' }),
        join: after(['either', 'small']),
      }),
    ).toEqual([excluded('either, small')]);
  });

  it('is joined by any, and by all across branches that may run together', () => {
    expect(
      foundIn({
        ...route,
        first: after(['big', 'small'], { join: 'any' }),
        together: after(['big', 'huge', 'go']),
        mixed: after(['first', 'small']),
      }),
    ).toEqual([]);
  });
});
