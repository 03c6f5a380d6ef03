import type { StepDefinition } from '../../../lib/model/definition.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import type { PolicyKey } from '../../../lib/model/policies.js';
import { errorOf, Scenario, type ScenarioOptions } from './scenario.js';

const byTenant: PolicyKey = { path: 'tenant', of: (event: { tenant: string }) => event.tenant };

interface Watched {
  readonly scenario: Scenario;
  /** Bodies that run now, and the most that ever did. */
  readonly running: { now: number; most: number };
  readonly begunAt: number[];
}

/** Executions whose step waits `ms` of virtual time. */
function watched(
  policies: Partial<StepDefinition>,
  rest: Partial<ScenarioOptions> = {},
  ms = 1_000,
): Watched {
  const running = { now: 0, most: 0 };
  const begunAt: number[] = [];
  const scenario = new Scenario({
    handler: ({ step, wait }, event) =>
      step('call', [event], async () => {
        begunAt.push(scenario.simulation.time.elapsed);
        running.most = Math.max(running.most, ++running.now);
        await wait(ms);
        running.now--;
        return 1;
      }),
    steps: { call: policies },
    ...rest,
  });
  return { scenario, running, begunAt };
}

async function begin(scenario: Scenario, events: readonly unknown[]): Promise<readonly ExecutionId[]> {
  const ids: ExecutionId[] = [];
  for (const event of events) ids.push(await scenario.begin(event));
  return ids;
}

async function statuses(scenario: Scenario, ids: readonly ExecutionId[]): Promise<readonly string[]> {
  return Promise.all(ids.map(async (id) => (await scenario.record(id)).status));
}

const ten = Array.from({ length: 10 }, (_, at) => ({ tenant: at % 2 === 0 ? 'a' : 'b', at }));

describe('a concurrency limit of a step', () => {
  it('holds across processes; who waits holds no slot', async () => {
    const { scenario, running } = watched({ concurrency: { limit: 2, key: null } }, { processes: 2 });
    await scenario.start();
    const ids = await begin(scenario, ten);
    await scenario.pass(500);
    expect(scenario.used).toBe(2);
    expect((await statuses(scenario, ids)).filter((status) => status === 'waiting')).toHaveLength(8);
    await scenario.pass(30_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    expect(running.most).toBe(2);
    expect(scenario.began).toHaveLength(10);
  });

  it('with a key holds for each of its values', async () => {
    const { scenario, running } = watched({ concurrency: { limit: 1, key: byTenant } });
    await scenario.start();
    const ids = await begin(scenario, ten);
    await scenario.pass(500);
    expect(running.now).toBe(2);
    await scenario.pass(30_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    expect(running.most).toBe(2);
  });

  it('leaks no permit when the process of a holder dies', async () => {
    const { scenario, running } = watched({ concurrency: { limit: 1, key: null } }, { processes: 2 });
    await scenario.start();
    const ids = await begin(scenario, ten.slice(0, 3));
    await scenario.pass(100);
    scenario.crashOwner(ids[0] as ExecutionId);
    running.now = 0;
    await scenario.pass(120_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    expect(running.most).toBe(1);
  });

  it('among branches of one execution lets the others wait in it', async () => {
    const running = { now: 0, most: 0 };
    const scenario = new Scenario({
      handler: async ({ step, wait }) =>
        Promise.all(
          [1, 2, 3].map((n) =>
            step('call', [n], async () => {
              running.most = Math.max(running.most, ++running.now);
              await wait(100);
              running.now--;
              return n;
            }),
          ),
        ),
      steps: { call: { concurrency: { limit: 1, key: null } } },
    });
    await scenario.start();
    const id = await scenario.begin(1);
    await scenario.pass(20_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(running.most).toBe(1);
  });

  it('whose key is no plain value fails the call with what was found', async () => {
    const key: PolicyKey = { path: null, of: () => ({}) };
    const { scenario } = watched({ concurrency: { limit: 1, key } });
    await scenario.start();
    const [id] = await begin(scenario, [1]);
    await scenario.pass(1_000);
    const error = errorOf(await scenario.record(id as ExecutionId));
    expect(error).toMatchObject({ message: expect.stringContaining('scenario.call gave object') });
  });
});

describe('a rate limit of a step', () => {
  it('spreads what comes too fast, without a slot and without an attempt', async () => {
    const { scenario, begunAt } = watched({ rateLimit: { limit: 2, perMs: 10_000, key: null } }, {}, 1);
    await scenario.start();
    const ids = await begin(scenario, ten);
    await scenario.pass(1_000);
    expect(scenario.used).toBe(0);
    await scenario.pass(120_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    expect(scenario.began).toEqual(ten.map(() => 'call#1'));
    for (let at = 2; at < begunAt.length; at++)
      expect((begunAt[at] as number) - (begunAt[at - 2] as number)).toBeGreaterThan(4_990);
  });

  it('counts each attempt', async () => {
    let tries = 0;
    const begunAt: number[] = [];
    const scenario = new Scenario({
      handler: ({ step }) =>
        step('call', [], () => {
          begunAt.push(scenario.simulation.time.elapsed);
          if (++tries < 3) throw new Error('again');
          return 1;
        }),
      steps: {
        call: {
          rateLimit: { limit: 1, perMs: 60_000, key: null },
          retry: {
            maxAttempts: 3,
            backoff: { kind: 'fixed', delayMs: 10 },
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
    });
    await scenario.start();
    const id = await scenario.begin(1);
    await scenario.pass(200_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(scenario.began).toEqual(['call#1', 'call#2', 'call#3']);
    expect((begunAt[2] as number) - (begunAt[0] as number)).toBeGreaterThan(119_000);
  });
});

describe('both limits of a step', () => {
  it('let branches of one execution begin in turn, each in its time and one at a time', async () => {
    const begunAt: number[] = [];
    const scenario: Scenario = new Scenario({
      handler: ({ step }) =>
        Promise.all(
          [1, 2, 3, 4].map((at) => step('call', [at], () => begunAt.push(scenario.simulation.time.elapsed))),
        ),
      steps: {
        call: {
          concurrency: { limit: 1, key: null },
          rateLimit: { limit: 1, perMs: 60_000, key: null },
        },
      },
    });
    await scenario.start();
    const ids = await begin(scenario, [{}]);
    await scenario.pass(300_000);
    expect(await statuses(scenario, ids)).toEqual(['completed']);
    expect(begunAt).toHaveLength(4);
    for (let at = 1; at < begunAt.length; at++)
      expect((begunAt[at] as number) - (begunAt[at - 1] as number)).toBeGreaterThan(59_990);
  });
});

describe('a limit of a handler', () => {
  it('on concurrency keeps the rest behind its gate, in every process', async () => {
    const { scenario, running } = watched(
      {},
      { processes: 2, definition: { concurrency: { limit: 2, key: null } } },
    );
    await scenario.start();
    const ids = await begin(scenario, ten);
    await scenario.pass(500);
    expect(scenario.used).toBe(2);
    const waiting = await Promise.all(ids.map((id) => scenario.record(id)));
    expect(waiting.filter(({ waitReason }) => waitReason === 'gate')).toHaveLength(8);
    await scenario.pass(30_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    expect(running.most).toBe(2);
  });

  it('on concurrency by key lets another key through at once', async () => {
    const { scenario, begunAt } = watched({}, { definition: { concurrency: { limit: 1, key: byTenant } } });
    await scenario.start();
    await begin(scenario, [...Array.from({ length: 50 }, () => ({ tenant: 'a' })), { tenant: 'b' }]);
    await scenario.pass(300);
    expect(begunAt).toHaveLength(2);
  });

  it('on the rate spreads their beginnings', async () => {
    const { scenario, begunAt } = watched(
      {},
      { definition: { rateLimit: { limit: 1, perMs: 5_000, key: null } } },
      1,
    );
    await scenario.start();
    const ids = await begin(scenario, ten.slice(0, 4));
    await scenario.pass(60_000);
    expect(await statuses(scenario, ids)).toEqual(ids.map(() => 'completed'));
    for (let at = 1; at < begunAt.length; at++)
      expect((begunAt[at] as number) - (begunAt[at - 1] as number)).toBeGreaterThan(4_990);
  });
});
