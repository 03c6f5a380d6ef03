import type { DeclaredStep } from '../../../lib/model/declared-step.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import { delayedAnswers, storesRow } from './delayed-answers.js';
import { declared, errorOf, Scenario, type ScenarioOptions } from './scenario.js';

const isDeclared = { isDeclared: true };
const route = [
  declared('taken', ['handle'], { when: { kind: 'predicate', test: () => true } }),
  declared('other', ['handle'], { when: { kind: 'otherwise' } }),
  declared('end', ['taken', 'other'], { join: 'any' }),
];

function graph(steps: readonly DeclaredStep[], rest: Partial<ScenarioOptions> = {}): Scenario {
  return new Scenario({
    handler: (_, event) => event,
    definition: { declared: steps },
    steps: Object.fromEntries(steps.map(({ name }) => [name, isDeclared])),
    methods: () => Object.fromEntries(steps.map(({ name }) => [name, () => name])),
    ...rest,
  });
}

describe('a route that was decided', () => {
  it('is decided alike after a crash between the first branch and the others', async () => {
    let id: ExecutionId | null = null;
    let crashes = 0;
    const scenario = graph(route, {
      processes: 2,
      wrapStore: (store) =>
        delayedAnswers(store, (writes) => {
          id ??= [...scenario.simulation.model.records.keys()][0] as ExecutionId | null;
          if (id !== null && storesRow(writes, 'handle/taken', 'completed') && crashes++ === 0)
            scenario.crashOwner(id);
        }),
    });
    await scenario.start();
    const begun = await scenario.begin();
    await scenario.pass(60_000);
    expect(crashes).toBe(1);
    expect((await scenario.record(begun)).status).toBe('completed');
    expect(scenario.began).toEqual(['taken#1', 'end#1']);
  });

  it("stays so when a retry goes on from a branch that was not taken: what comes after it runs again, it doesn't", async () => {
    const scenario = graph(route);
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    scenario.send(id, 'retry', 'other');
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began).toEqual(['taken#1', 'end#1', 'end#1']);
  });

  it('is decided anew when a retry goes on from before it', async () => {
    let big = true;
    const scenario = graph([
      declared('first', ['handle']),
      declared('big', ['first'], { when: { kind: 'predicate', test: () => big } }),
      declared('small', ['first'], { when: { kind: 'otherwise' } }),
    ]);
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    big = false;
    scenario.send(id, 'retry', 'first');
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began).toEqual(['first#1', 'big#1', 'first#1', 'small#1']);
  });

  it.each([
    ['from before it', 'first', {}],
    ['after a compensation that undid what came before it', null, { first: 'undo' }],
  ])('is decided anew by a retry %s, though a branch had failed', async (_, from, compensations) => {
    let big = true;
    const scenario = graph(
      [
        declared('first', ['handle']),
        declared('big', ['first'], { when: { kind: 'predicate', test: () => big } }),
        declared('small', ['first'], { when: { kind: 'otherwise' } }),
      ],
      {
        steps: { first: isDeclared, big: isDeclared, small: isDeclared, undo: isDeclared },
        compensations,
        methods: () => ({
          first: () => 1,
          undo: () => {},
          small: () => {},
          big: () => {
            throw new Error('too big');
          },
        }),
      },
    );
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('failed');
    big = false;
    scenario.send(id, 'retry', from);
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began.filter((name) => name !== 'undo#1')).toEqual([
      'first#1',
      'big#1',
      'first#1',
      'small#1',
    ]);
  });
});

describe('a declared step', () => {
  it('shares its name with no inline step: what runs inline under it is refused, and nothing is taken for its result', async () => {
    const scenario = graph([declared('ship', ['handle'])], {
      handler: ({ inline }) => inline('ship', () => 'inline'),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    const record = await scenario.record(id);
    expect(record.status).toBe('failed');
    expect(errorOf(record)).toMatchObject({ message: expect.stringContaining("step('ship', …)") });
    expect(scenario.began).toEqual([]);
  });

  it.each([1, 5])(
    'whose limit cannot tell the key of one item fails with that, when %d run at a time and the others have ended',
    async (concurrency) => {
      const key = {
        path: null,
        of: (n: number) => {
          if (n === 3) throw new Error('no tenant');
          return 'all';
        },
      };
      const scenario = graph(
        [declared('call', ['handle'], { each: { of: (list: number[]) => list, concurrency } })],
        {
          steps: { call: { ...isDeclared, concurrency: { limit: 9, key } } },
          methods: ({ wait }) => ({ call: () => wait(100) }),
        },
      );
      await scenario.start();
      const id = await scenario.begin([1, 2, 3, 4]);
      await scenario.pass(10_000);
      const record = await scenario.record(id);
      expect(record.status).toBe('failed');
      expect(errorOf(record)).toMatchObject({ message: expect.stringContaining('no tenant') });
      expect(scenario.began).toHaveLength(3);
    },
  );
});

test.each([undefined, 'charge', 'a'])(
  'a route whose branch failed is decided alike by retry() of what came before it (from %p)',
  async (from) => {
    let isBroken = true;
    const test = (kind: string): boolean => kind === 'a';
    const scenario = new Scenario({
      handler: (_, event) => event,
      methods: () => ({
        charge: (kind: string) => kind,
        a: () => {
          if (isBroken) throw new Error('x');
          return 'a';
        },
        b: () => 'b',
        refund: () => undefined,
      }),
      steps: {
        charge: { isDeclared: true },
        a: { isDeclared: true },
        b: { isDeclared: true },
        refund: { isDeclared: true },
      },
      compensations: { charge: 'refund' },
      definition: {
        declared: [
          declared('charge', ['handle']),
          declared('a', ['charge'], { when: { kind: 'predicate', test } }),
          declared('b', ['charge'], { when: { kind: 'otherwise' } }),
        ],
      },
    });
    await scenario.start();
    const id = await scenario.begin('a');
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('failed');
    isBroken = false;
    scenario.send(id, 'retry', from ?? null);
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began).not.toContain('b#1');
  },
);
