import type { ExecutionMode } from '../../lib/step/pass-services.js';
import { defaultRetryPolicy, noRetryPolicy } from '../../lib/model/retry-policy.js';
import { Scenario, valueOf, type Calls } from '../unit/engine/scenario.js';

interface Case {
  readonly name: string;
  readonly handler: (calls: Calls, event: unknown) => unknown;
  readonly value: unknown;
  /** Executions in the end; 1 unless said. */
  readonly executions?: number;
  /** How often which body takes effect: two bodies under one idempotency key are one effect. */
  readonly effects: Readonly<Record<string, number>>;
  /** Events of others: how long after the first, and their data. */
  readonly arrivals?: readonly (readonly [
    afterMs: number,
    data: { readonly key: string; readonly n: number },
  ])[];
}

const fixed = { kind: 'fixed' as const, delayMs: 50 };
const thrice = { ...defaultRetryPolicy, maxAttempts: 3, jitter: 0, backoff: fixed };

const steps = {
  a: {},
  b: {},
  c: {},
  tail: {},
  refund: {},
  flaky: { retry: thrice },
  outer: {},
  failing: { retry: noRetryPolicy },
};

const work = (calls: Calls, name: string, key: unknown, ms: number): Promise<unknown> =>
  calls.step(name, [key], async () => {
    await calls.wait(ms);
    return { name, key, at: new Date(7), none: undefined };
  });

const result = (name: string, key: unknown): unknown => ({ name, key, at: new Date(7), none: undefined });

/** `Promise.all` over k steps of one name, those that end first called last; then a tail. */
const parallel = (k: number): Case => ({
  name: `Promise.all of ${k} same-named steps, then a tail`,
  handler: async (calls) => {
    const all = await Promise.all(Array.from({ length: k }, (_, at) => work(calls, 'a', at, 10 * (k - at))));
    return [all.length, await work(calls, 'tail', 'end', 5)];
  },
  value: [k, result('tail', 'end')],
  effects: { a: k, tail: 1 },
});

const cases: readonly Case[] = [
  {
    name: 'steps one after the other',
    handler: async (calls) => [
      await work(calls, 'a', 1, 5),
      await work(calls, 'b', 2, 5),
      await work(calls, 'c', 3, 5),
    ],
    value: [result('a', 1), result('b', 2), result('c', 3)],
    effects: { a: 1, b: 1, c: 1 },
  },
  {
    name: 'nested steps',
    handler: async (calls) =>
      calls.step('outer', [], async () => [
        await work(calls, 'a', 1, 5),
        await Promise.all([work(calls, 'b', 1, 5), work(calls, 'b', 2, 5)]),
      ]),
    value: [result('a', 1), [result('b', 1), result('b', 2)]],
    effects: { a: 1, b: 2 },
  },
  {
    name: 'a loop of 30',
    handler: async (calls) => {
      for (let turn = 0; turn < 30; turn++) await work(calls, 'a', turn, 1);
      return work(calls, 'tail', 'end', 1);
    },
    value: result('tail', 'end'),
    effects: { a: 30, tail: 1 },
  },
  ...[2, 3, 4, 5, 6].map(parallel),
  {
    name: 'branches of two steps each',
    handler: async (calls) =>
      (
        await Promise.all(
          [1, 2, 3].map(async (user) => {
            await work(calls, 'a', user, 10 * (4 - user));
            return work(calls, 'b', user, 10 * user);
          }),
        )
      ).length,
    value: 3,
    effects: { a: 3, b: 3 },
  },
  {
    name: 'Promise.race over steps',
    handler: async (calls) => {
      const runners = [1, 2, 3].map((lane) => work(calls, 'a', lane, 20 * lane));
      const first = (await Promise.race(runners)) as { key: unknown };
      return [typeof first.key, await work(calls, 'tail', first.key, 5).then(() => 'ended')];
    },
    value: ['number', 'ended'],
    effects: { a: 3, tail: 1 },
  },
  {
    name: 'try and catch that compensates',
    handler: async (calls) => {
      await work(calls, 'a', 1, 5);
      try {
        return await calls.step('failing', [], () => {
          throw Object.assign(new TypeError('declined'), { code: 'NO_FUNDS' });
        });
      } catch (error) {
        const { name, code, message } = error as { name: string; code: string; message: string };
        return [name, code, message, await work(calls, 'refund', 1, 5)];
      }
    },
    value: ['TypeError', 'NO_FUNDS', 'declined', result('refund', 1)],
    effects: { a: 1, refund: 1 },
  },
  {
    name: 'retries',
    handler: (calls) =>
      calls.step('flaky', [], async () => {
        await calls.wait(5);
        if (calls.frame.attempt < 3) throw new Error('again');
        return calls.frame.attempt;
      }),
    value: 3,
    effects: { flaky: 1 },
  },
  {
    name: 'sleeps',
    handler: async (calls) => {
      await work(calls, 'a', 1, 5);
      await calls.sleep(60_000);
      await Promise.all([calls.sleep(1_000), work(calls, 'b', 1, 5)]);
      return work(calls, 'tail', 1, 5);
    },
    value: result('tail', 1),
    effects: { a: 1, b: 1, tail: 1 },
  },
  {
    name: 'a publish inside',
    handler: async (calls, event) => {
      if (event === 'child') return 'child';
      await work(calls, 'a', 1, 5);
      await calls.publish('begin', 'child');
      await calls.publish('begin', 'child', 'explicit');
      return work(calls, 'tail', 1, 5);
    },
    value: result('tail', 1),
    executions: 3,
    effects: { a: 1, tail: 1 },
  },
  {
    name: 'a wait for an event that comes later',
    handler: async (calls) => {
      await work(calls, 'a', 1, 5);
      return [await calls.waitFor('approved', 'k', 86_400_000), await work(calls, 'tail', 1, 5)];
    },
    arrivals: [[60_000, { key: 'k', n: 1 }]],
    value: [{ key: 'k', n: 1 }, result('tail', 1)],
    effects: { a: 1, tail: 1 },
  },
  {
    name: 'waits for events that come about when they begin',
    handler: async (calls) => {
      await work(calls, 'a', 1, 5);
      const first = await calls.waitFor('approved', 'k');
      const [second, other] = await Promise.all([
        calls.waitFor('approved', 'k', 86_400_000),
        calls.waitFor('approved', 'other'),
      ]);
      return [first, second, other, await work(calls, 'tail', 1, 5)];
    },
    arrivals: [
      [4, { key: 'k', n: 1 }],
      [7, { key: 'other', n: 2 }],
      [9, { key: 'k', n: 3 }],
    ],
    value: [{ key: 'k', n: 1 }, { key: 'k', n: 3 }, { key: 'other', n: 2 }, result('tail', 1)],
    effects: { a: 1, tail: 1 },
  },
  {
    name: 'a wait that is over before anything comes',
    handler: async (calls) => {
      const none = await calls.waitFor('approved', 'k', 1_000);
      const later = await calls.step('outer', [], () => calls.waitFor('approved', 'k'));
      return [none, later, await work(calls, 'tail', 1, 5)];
    },
    arrivals: [[200_000, { key: 'k', n: 1 }]],
    value: [null, { key: 'k', n: 1 }, result('tail', 1)],
    effects: { tail: 1 },
  },
  {
    name: 'an event that the execution publishes and waits for',
    handler: async (calls) => {
      await calls.publish('approved', { key: 'k', n: 1 });
      return [await calls.waitFor('approved', 'k', 1_000), await work(calls, 'tail', 1, 5)];
    },
    value: [{ key: 'k', n: 1 }, result('tail', 1)],
    effects: { tail: 1 },
  },
  {
    name: 'a race whose loser waits for an event that comes later',
    handler: async (calls) => {
      const first = await calls.frame.race([
        { name: 'a', body: () => work(calls, 'a', 1, 20) },
        { name: 'b', body: () => calls.waitFor('approved', 'k') },
        { name: 'c', body: () => calls.sleep(86_400_000) },
      ]);
      return [first, await calls.waitFor('approved', 'k'), await work(calls, 'tail', 1, 5)];
    },
    arrivals: [[60_000, { key: 'k', n: 1 }]],
    value: [{ winner: 'a', value: result('a', 1) }, { key: 'k', n: 1 }, result('tail', 1)],
    effects: { a: 1, tail: 1 },
  },
  {
    name: 'races within each other, beside a loser that fails late',
    handler: async (calls) => {
      const { frame } = calls;
      const first = await frame.race([
        {
          name: 'inner',
          body: async () => {
            const inner = await calls.frame.race([
              { name: 'a', body: async () => [await work(calls, 'a', 1, 20), await work(calls, 'b', 1, 20)] },
              { name: 'b', body: () => calls.sleep(400_000) },
            ]);
            return [inner, await work(calls, 'c', 1, 5)];
          },
        },
        {
          name: 'late',
          body: async () => {
            await calls.sleep(200_000);
            throw new Error('late');
          },
        },
      ]);
      await calls.sleep(500_000);
      return [first, await work(calls, 'tail', 1, 5)];
    },
    value: [
      {
        winner: 'inner',
        value: [{ winner: 'a', value: [result('a', 1), result('b', 1)] }, result('c', 1)],
      },
      result('tail', 1),
    ],
    effects: { a: 1, b: 1, c: 1, tail: 1 },
  },
  {
    name: 'a race that fails, is caught, and is run anew by the next attempt of its step',
    handler: async (calls) =>
      calls.step('flaky', [], async () => {
        const { frame } = calls;
        try {
          return await frame.race([
            { name: 'event', body: () => calls.waitFor('approved', 'k') },
            {
              name: 'step',
              body: async () => {
                await work(calls, 'a', 1, 20);
                if (frame.attempt < 3) throw new Error('again');
                await calls.sleep(60_000);
                return work(calls, 'b', 1, 5);
              },
            },
          ]);
        } catch (error) {
          await work(calls, 'c', frame.attempt, 5);
          throw error;
        }
      }),
    value: { winner: 'step', value: result('b', 1) },
    effects: { a: 1, b: 1, c: 2 },
  },
  {
    name: 'a race around a child that loses, and another that wins',
    handler: async (calls, event) => {
      if (event === 'loses') {
        await work(calls, 'b', event, 5);
        return calls.sleep(864_000_000);
      }
      if (event === 'wins') {
        await calls.sleep(60_000);
        return work(calls, 'b', event, 5);
      }
      const { frame } = calls;
      const worker = frame.pass.worker.type;
      const first = await frame.race(
        ['loses', 'wins'].map((data) => ({
          name: data,
          body: () => calls.frame.run({ worker, method: 'handle', data }),
        })),
      );
      return [first, await work(calls, 'tail', 1, 5)];
    },
    value: [{ winner: 'wins', value: result('b', 'wins') }, result('tail', 1)],
    executions: 3,
    effects: { b: 2, tail: 1 },
  },
  {
    name: 'a race that times out again and again, then an event',
    handler: async (calls) => {
      const rounds: unknown[] = [];
      for (let round = 0; round < 2; round++) {
        const first = await calls.frame.race([
          { name: 'event', body: () => calls.waitFor('approved', 'k') },
          { name: 'time', body: async () => (await calls.sleep(50_000), work(calls, 'a', round, 5)) },
        ]);
        rounds.push(first);
      }
      return [rounds, await calls.waitFor('approved', 'k', 864_000_000)];
    },
    arrivals: [[800_000, { key: 'k', n: 1 }]],
    value: [[0, 1].map((round) => ({ winner: 'time', value: result('a', round) })), { key: 'k', n: 1 }],
    effects: { a: 2 },
  },
  {
    name: 'equal calls of one step, side by side and in a race',
    handler: async (calls) => {
      let order = 0;
      const own = (ms: number) =>
        calls.step('a', ['same'], async () => {
          await calls.wait(ms);
          return ++order > 0;
        });
      const all = await Promise.all([own(30), own(10), own(20)]);
      const first = await Promise.race([own(10), own(40)]);
      return [all, first, await work(calls, 'tail', 1, 5)];
    },
    value: [[true, true, true], true, result('tail', 1)],
    effects: { a: 5, tail: 1 },
  },
  {
    name: 'children side by side',
    handler: async (calls, event) => {
      if (typeof event === 'string') return work(calls, 'b', event, 5);
      const { frame } = calls;
      const worker = frame.pass.worker.type;
      const children = ['one', 'two'].map((data) => frame.run({ worker, method: 'handle', data }));
      return [await Promise.all(children), await work(calls, 'tail', 1, 5)];
    },
    value: [[result('b', 'one'), result('b', 'two')], result('tail', 1)],
    executions: 3,
    effects: { b: 2, tail: 1 },
  },
  {
    name: 'turns',
    handler: async (calls, event) => {
      const turn = typeof event === 'number' ? event : 0;
      await work(calls, 'a', 'each', 5);
      if (turn === 3) return work(calls, 'tail', turn, 5);
      return calls.frame.continueAsNew({ source: null, event: null, data: turn + 1 });
    },
    value: result('tail', 3),
    effects: { a: 4, tail: 1 },
  },
];

interface Crash {
  /** 1-based number of the write at which the process dies. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

async function run(
  { handler, effects, value, executions, arrivals = [] }: Case,
  mode: ExecutionMode,
  crash: Crash | null,
): Promise<number> {
  let writes = 0;
  const scenario = new Scenario({
    steps,
    handler,
    processes: 1,
    settings: { mode },
    seed: 'crashes',
    prepare: ({ machine }) => {
      machine.crashesAtCall = (call) => (call === 'write' && ++writes === crash?.at ? crash.when : null);
      machine.outlives = () => false;
    },
  });
  await scenario.start();
  const { simulation } = scenario;
  simulation.publishAt(simulation.time.elapsed, scenario.request('begin', null, { id: 'the event' }), true);
  // What comes before an execution is created is none of its.
  if (arrivals.length > 0)
    await simulation.time.run(simulation.time.elapsed + 600_000, () => simulation.accepted.length > 0);
  for (const [at, [afterMs, data]] of arrivals.entries())
    simulation.publishAt(
      simulation.time.elapsed + afterMs,
      scenario.request('approved', data, { id: `arrival ${at}` }),
      true,
    );
  await simulation.run();
  const [id] = simulation.model.records.keys();
  if (id === undefined) throw new Error('nothing was accepted');
  expect(valueOf(await scenario.record(id))).toEqual(value);
  for (const [name, count] of Object.entries(effects))
    expect([name, scenario.effects(name).size]).toEqual([name, count]);
  expect(simulation.model.records.size).toBe(executions ?? 1);
  await simulation.close();
  return writes;
}

describe.each(['UNTIL_ERROR', 'ISOLATED'] as const)(
  '%s: a process dies before and after each write',
  (mode) => {
    test.each(cases)(
      '$name',
      async (each) => {
        const writes = await run(each, mode, null);
        expect(writes).toBeGreaterThan(1);
        for (let at = 1; at <= writes; at++)
          for (const when of ['before', 'after'] as const) await run(each, mode, { at, when });
      },
      120_000,
    );
  },
);
