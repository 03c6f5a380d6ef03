import { NoRouteError, TooManyItemsError } from '../../../lib/model/errors-graph.js';
import type { DeclaredStep } from '../../../lib/model/declared-step.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import type { StepDefinition } from '../../../lib/model/definition.js';
import { namesOf } from '../../../lib/model/path.js';
import { type Calls, declared, errorOf, Scenario, type ScenarioOptions, valueOf } from './scenario.js';

type Methods = Record<string, (...args: never[]) => unknown>;

function graph(
  steps: readonly DeclaredStep[],
  methods: Methods | ((calls: Calls) => Methods),
  rest: Partial<ScenarioOptions> & { policies?: Record<string, Partial<StepDefinition>> } = {},
): Scenario {
  return new Scenario({
    handler: (_, event) => event,
    methods: typeof methods === 'function' ? methods : () => methods,
    steps: Object.fromEntries(
      steps.map(({ name }) => [name, { isDeclared: true, ...rest.policies?.[name] }]),
    ),
    definition: { declared: steps },
    ...rest,
  });
}

async function ran(scenario: Scenario, data: unknown, ms = 60_000): Promise<ExecutionId> {
  await scenario.start();
  const id = await scenario.begin(data);
  await scenario.pass(ms);
  return id;
}

async function rows(scenario: Scenario, id: ExecutionId): Promise<readonly string[]> {
  const journal = await scenario.simulation.store.journal(id);
  return journal.map(({ path, kind, value }) => `${namesOf(path)} ${kind} ${value}`);
}

describe('declared steps', () => {
  it('run one after the other, each with the value of the one before', async () => {
    const scenario = graph([declared('double', ['handle']), declared('tell', ['double'])], {
      double: (value: number) => value * 2,
      tell: (value: number) => `it is ${value}`,
    });
    const id = await ran(scenario, 21);
    expect(await scenario.record(id)).toMatchObject({ status: 'completed', value: '21' });
    expect(await rows(scenario, id)).toEqual([
      'handle/return completed 21',
      'handle/double completed 42',
      'handle/tell completed "it is 42"',
    ]);
  });

  it('take one commit each, the last one together with the end', async () => {
    const scenario = graph([declared('a', ['handle']), declared('b', ['a']), declared('c', ['b'])], {
      a: () => 1,
      b: () => 2,
      c: () => 3,
    });
    await scenario.start();
    let writes = 0;
    const { store } = scenario.simulation;
    const write = store.write.bind(store);
    store.write = (group) => {
      writes += group.length;
      return write(group);
    };
    await scenario.begin(0);
    await scenario.pass(1_000);
    expect(writes).toBe(4);
  });

  it('join what ran side by side, each branch with its own value', async () => {
    const scenario = graph(
      [
        declared('reserve', ['handle']),
        declared('charge', ['handle']),
        declared('ship', ['reserve', 'charge']),
      ],
      ({ wait }) => ({
        reserve: async (order: { n: number }) => {
          order.n += 1;
          await wait(50);
          return { reserved: order.n };
        },
        charge: async (order: { n: number }) => {
          order.n += 10;
          await wait(20);
          return { charged: order.n };
        },
        ship: (reserved: object, charged: object) => ({ ...reserved, ...charged }),
      }),
    );
    const id = await ran(scenario, { n: 1 });
    expect((await rows(scenario, id)).at(-1)).toBe('handle/ship completed {"reserved":2,"charged":11}');
  });

  it('after several with join any begin with the first success', async () => {
    const scenario = graph(
      [
        declared('slow', ['handle']),
        declared('fast', ['handle']),
        declared('use', ['slow', 'fast'], { join: 'any' }),
      ],
      ({ wait }) => ({
        slow: async () => {
          await wait(500);
          return 'slow';
        },
        fast: async () => {
          await wait(5);
          return 'fast';
        },
        use: (value: string) => value,
      }),
    );
    const id = await ran(scenario, 0);
    expect(await rows(scenario, id)).toContain('handle/use completed "fast"');
    expect(await rows(scenario, id)).toContain('handle/slow completed "slow"');
    expect((await scenario.record(id)).status).toBe('completed');
  });

  it('a failure that a join any went around does not fail the execution', async () => {
    const scenario = graph(
      [
        declared('bad', ['handle']),
        declared('good', ['handle']),
        declared('use', ['bad', 'good'], { join: 'any' }),
      ],
      {
        bad: () => {
          throw new Error('no');
        },
        good: () => 'good',
        use: (value: string) => value,
      },
    );
    const id = await ran(scenario, 0);
    expect(await rows(scenario, id)).toContain('handle/use completed "good"');
    expect((await scenario.record(id)).status).toBe('completed');
  });

  it('of a route run when their condition holds; the others are recorded as skipped, and what comes after them', async () => {
    const big = declared('big', ['handle'], {
      when: { kind: 'predicate', test: (n: number) => n > 10 },
    });
    const small = declared('small', ['handle'], { when: { kind: 'otherwise' } });
    const scenario = graph(
      [big, small, declared('afterBig', ['big']), declared('end', ['big', 'small'], { join: 'any' })],
      { big: () => 'big', small: () => 'small', afterBig: () => 1, end: (which: string) => which },
    );
    const id = await ran(scenario, 3);
    expect((await rows(scenario, id)).toSorted()).toEqual([
      'handle/afterBig skipped null',
      'handle/big skipped null',
      'handle/end completed "small"',
      'handle/return completed 3',
      'handle/small completed "small"',
    ]);
  });

  it('without a branch for the value fail the execution with NoRouteError', async () => {
    const scenario = graph(
      [declared('big', ['handle'], { when: { kind: 'predicate', test: (n: number) => n > 10 } })],
      { big: () => 'big' },
    );
    const record = await scenario.record(await ran(scenario, 3));
    expect(record.status).toBe('failed');
    expect(errorOf(record)).toBeInstanceOf(NoRouteError);
  });

  it('fan out over a list, some items at a time, with results in order', async () => {
    let running = 0;
    let most = 0;
    const scenario = graph(
      [
        declared('resize', ['handle'], { each: { of: (list: number[]) => list, concurrency: 3 } }),
        declared('sum', ['resize']),
      ],
      ({ wait }) => ({
        resize: async (n: number) => {
          most = Math.max(most, ++running);
          await wait(100 - n);
          running--;
          return n * 2;
        },
        sum: (list: number[]) => list,
      }),
    );
    const list = [1, 2, 3, 3, 4, 5, 6, 7, 8, 9];
    const id = await ran(scenario, list);
    expect((await rows(scenario, id)).at(-1)).toBe(
      `handle/sum completed ${JSON.stringify(list.map((n) => n * 2))}`,
    );
    expect(most).toBe(3);
  });

  it('over an empty list give an empty list', async () => {
    const scenario = graph(
      [
        declared('resize', ['handle'], { each: { of: (list: number[]) => list, concurrency: 3 } }),
        declared('sum', ['resize']),
      ],
      { resize: () => 1, sum: (list: number[]) => list.length },
    );
    expect((await rows(scenario, await ran(scenario, []))).at(-1)).toBe('handle/sum completed 0');
  });

  it('refuse a fan-out of more items than one execution may hold', async () => {
    const scenario = graph(
      [
        declared('resize', ['handle'], {
          each: { of: () => Array.from({ length: 5_001 }, () => 0), concurrency: 3 },
        }),
      ],
      { resize: () => 1 },
    );
    expect(errorOf(await scenario.record(await ran(scenario, 0)))).toBeInstanceOf(TooManyItemsError);
  });

  it('let the others finish when one failed, then the execution fails with its error; a retry runs what failed alone', async () => {
    let broken = true;
    const scenario = graph(
      [declared('bad', ['handle']), declared('good', ['handle']), declared('end', ['bad', 'good'])],
      ({ wait }) => ({
        bad: () => {
          if (broken) throw new Error('declined');
          return 'paid';
        },
        good: async () => {
          await wait(100);
          return 'kept';
        },
        end: (a: string, b: string) => `${a} ${b}`,
      }),
    );
    const id = await ran(scenario, 0);
    const failed = await scenario.record(id);
    expect(failed.status).toBe('failed');
    expect(errorOf(failed)).toMatchObject({ message: 'declined' });
    expect(await rows(scenario, id)).toContain('handle/good completed "kept"');
    broken = false;
    scenario.send(id, 'retry');
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began).toEqual(['bad#1', 'good#1', 'bad#1', 'end#1']);
    expect(scenario.effects('bad').size).toBe(2);
  });

  it('wait for a retry without a slot, beside others that go on', async () => {
    let tries = 0;
    const scenario = graph(
      [declared('flaky', ['handle']), declared('end', ['flaky'])],
      {
        flaky: () => {
          if (++tries < 3) throw new Error('again');
          return tries;
        },
        end: (n: number) => n,
      },
      {
        policies: {
          flaky: {
            retry: {
              maxAttempts: 5,
              backoff: { kind: 'fixed', delayMs: 3_600_000 },
              jitter: 0,
              maxDurationMs: null,
              retryIf: null,
              onRetry: null,
              onExhausted: null,
              whenExhausted: 'fail',
              explicit: true,
            },
          },
        },
      },
    );
    await scenario.start();
    const id = await scenario.begin(0);
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('waiting');
    expect(scenario.used).toBe(0);
    await scenario.pass(3 * 3_600_000);
    expect((await rows(scenario, id)).at(-1)).toBe('handle/end completed 3');
    expect(scenario.began).toEqual(['flaky#1', 'flaky#2', 'flaky#3', 'end#1']);
  });

  it('never run the handler again once a step after it is stored', async () => {
    let handled = 0;
    const steps = [declared('first', ['handle']), declared('second', ['first'])];
    const scenario = new Scenario({
      handler: (_, event) => {
        handled++;
        return event;
      },
      methods: ({ wait }) => ({
        first: (n: number) => n + 1,
        second: async (n: number) => {
          await wait(1_000);
          return n + 1;
        },
      }),
      steps: { first: { isDeclared: true }, second: { isDeclared: true } },
      definition: { declared: steps },
      processes: 2,
    });
    await scenario.start();
    const id = await scenario.begin(1);
    await scenario.pass(100);
    scenario.crashOwner(id);
    await scenario.pass(60_000);
    const record = await scenario.record(id);
    expect(record.status).toBe('completed');
    expect(valueOf(record)).toBe(1);
    expect(handled).toBe(1);
    expect(scenario.began).toEqual(['first#1', 'second#1', 'second#1']);
  });

  it('run as many as are ready in each delivery of ISOLATED mode', async () => {
    const scenario = graph(
      [declared('a', ['handle']), declared('b', ['handle']), declared('end', ['a', 'b'])],
      { a: () => 'a', b: () => 'b', end: (a: string, b: string) => a + b },
      { settings: { mode: 'ISOLATED' } },
    );
    const id = await ran(scenario, 0);
    expect((await scenario.record(id)).fence).toBe(2);
    expect((await rows(scenario, id)).at(-1)).toBe('handle/end completed "ab"');
  });

  it('cannot be called by code', async () => {
    const scenario = new Scenario({
      handler: ({ step }) => step('first', [], () => 1),
      methods: () => ({ first: () => 1 }),
      steps: { first: { isDeclared: true } },
      definition: { declared: [declared('first', ['handle'])] },
    });
    await scenario.start();
    const id = await scenario.begin(1);
    await scenario.pass(1_000);
    expect(errorOf(await scenario.record(id))).toMatchObject({ code: 'DECLARED_STEP_CALLED' });
  });
});
