import type { ExecutionId } from '../../../lib/model/ids.js';
import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { stepViews } from '../../../lib/app/executions/step-views.js';
import { jsonCodec } from '../../../lib/adapters/codec/json-codec.js';
import { type Calls, declared, errorOf, Scenario, type ScenarioOptions } from './scenario.js';

const undo = { isDeclared: true };
const compensations = { charge: 'refund', reserve: 'release' };

type Methods = Record<string, (...args: never[]) => unknown>;

interface Saga extends Partial<ScenarioOptions> {
  readonly handler: ScenarioOptions['handler'];
  readonly methods?: (calls: Calls) => Methods;
}

function saga(options: Saga): { scenario: Scenario; undone: string[] } {
  const undone: string[] = [];
  const scenario = new Scenario({
    steps: { charge: {}, reserve: {}, other: {}, refund: undo, release: undo },
    compensations,
    ...options,
    methods: (calls) => ({
      refund: (receipt: string) => void undone.push(`refund ${receipt}`),
      release: (place: string) => void undone.push(`release ${place}`),
      ...options.methods?.(calls),
    }),
  });
  return { scenario, undone };
}

async function views(scenario: Scenario, id: ExecutionId): Promise<readonly string[]> {
  const journal = await scenario.simulation.store.journal(id);
  return stepViews(journal, jsonCodec()).map(({ path, status }) => `${path} ${status}`);
}

describe('compensation', () => {
  it('undoes what completed, the last first, with its value, and the execution fails with what it failed for', async () => {
    const { scenario, undone } = saga({
      handler: async ({ step }) => {
        await step('reserve', [], () => 'seat 1');
        await step('charge', [], () => 'receipt 7');
        throw new Error('no driver');
      },
      definition: { retry: { ...defaultRetryPolicy, maxAttempts: 1 } },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(10_000);
    expect(undone).toEqual(['refund receipt 7', 'release seat 1']);
    const record = await scenario.record(id);
    expect(record.status).toBe('failed');
    expect(errorOf(record)).toMatchObject({ message: 'no driver' });
    expect(await views(scenario, id)).toEqual([
      'handle/reserve compensated',
      'handle/charge compensated',
      'handle/charge/compensation completed',
      'handle/reserve/compensation completed',
    ]);
  });

  it('leaves alone what failed, what nothing undoes, and executions that completed', async () => {
    const { scenario, undone } = saga({
      handler: async ({ step }, event) => {
        await step('other', [], () => 1);
        if (event === 'good') return step('charge', [], () => 'kept');
        return step('charge', [], () => {
          throw new Error('declined');
        });
      },
    });
    await scenario.start();
    const good = await scenario.begin('good');
    const bad = await scenario.begin('bad');
    await scenario.pass(10_000);
    expect((await scenario.record(good)).status).toBe('completed');
    expect((await scenario.record(bad)).status).toBe('failed');
    expect(undone).toEqual([]);
  });

  it('goes on after a crash, each undo once', async () => {
    let releases = 0;
    const { scenario, undone } = saga({
      handler: async ({ step }) => {
        await step('reserve', [], () => 'seat 1');
        await step('charge', [], () => 'receipt 7');
        throw new Error('no driver');
      },
      definition: { retry: { ...defaultRetryPolicy, maxAttempts: 1 } },
      methods: ({ wait }) => ({
        release: async () => {
          releases++;
          await wait(1_000);
        },
      }),
      processes: 2,
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(300);
    expect(releases).toBe(1);
    scenario.crashOwner(id);
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('failed');
    expect(undone).toEqual(['refund receipt 7']);
    expect(releases).toBe(2);
    expect(scenario.effects('release').size).toBe(1);
  });

  it('retries an undo that fails, and parks the execution when it fails for good; resume() goes on with it', async () => {
    let broken = true;
    const { scenario, undone } = saga({
      handler: async ({ step }) => {
        await step('charge', [], () => 'receipt 7');
        throw new Error('no driver');
      },
      definition: { retry: { ...defaultRetryPolicy, maxAttempts: 1 } },
      steps: {
        charge: {},
        refund: { ...undo, retry: { ...defaultRetryPolicy, maxAttempts: 2 } },
      },
      methods: () => ({
        refund: (receipt: string) => {
          undone.push(receipt);
          if (broken) throw new Error('bank closed');
        },
      }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(30_000);
    const parked = await scenario.record(id);
    expect(parked.status).toBe('parked');
    expect(errorOf(parked)).toMatchObject({ code: 'COMPENSATION_FAILED', step: 'handle/charge' });
    expect(undone).toHaveLength(2);
    broken = false;
    scenario.send(id, 'resume');
    await scenario.pass(30_000);
    const ended = await scenario.record(id);
    expect(ended.status).toBe('failed');
    expect(errorOf(ended)).toMatchObject({ message: 'no driver' });
    expect(undone).toHaveLength(3);
  });

  it('lets a step that runs at the cancel give its result, and undoes that too', async () => {
    const { scenario, undone } = saga({
      handler: async ({ step, wait }) => {
        await step('reserve', [], () => 'seat 1');
        await step('charge', [], async () => {
          await wait(1_000);
          return 'receipt 7';
        });
        return step('other', [], () => 1);
      },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(200);
    scenario.send(id, 'cancel');
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
    expect(undone).toEqual(['refund receipt 7', 'release seat 1']);
    expect(scenario.began).not.toContain('other#1');
  });

  it('covers the last declared step too, when the cancel comes while it runs', async () => {
    const { scenario, undone } = saga({
      handler: (_, event) => event,
      steps: { charge: undo, refund: undo },
      definition: { declared: [declared('charge', ['handle'])] },
      methods: ({ wait }) => ({
        charge: async () => {
          await wait(1_000);
          return 'receipt 7';
        },
      }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(200);
    scenario.send(id, 'cancel');
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
    expect(undone).toEqual(['refund receipt 7']);
  });

  it('waits no longer for a body that does not heed the cancel than its timeout', async () => {
    const { scenario, undone } = saga({
      handler: async ({ step, wait }) => {
        await step('reserve', [], () => 'seat 1');
        await step('charge', [], () => wait(86_400_000));
      },
      steps: { reserve: {}, charge: { timeoutMs: 5_000 }, refund: undo, release: undo },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(200);
    scenario.send(id, 'cancel');
    await scenario.pass(20_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
    expect(undone).toEqual(['release seat 1']);
  });

  it('of a cancelled execution that sleeps begins at once', async () => {
    const { scenario, undone } = saga({
      handler: async ({ step, sleep }) => {
        await step('charge', [], () => 'receipt 7');
        await sleep(86_400_000);
      },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(1_000);
    scenario.send(id, 'cancel');
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
    expect(undone).toEqual(['refund receipt 7']);
  });

  it('is forgotten by a retry: what was undone runs again under a new idempotency key, and can be undone again', async () => {
    let failing = true;
    const { scenario, undone } = saga({
      handler: async ({ step }) => {
        const receipt = await step('charge', [], () => `receipt ${scenario.began.length}`);
        await step('other', [], () => {
          if (failing) throw new Error('down');
        });
        return receipt;
      },
      steps: { charge: {}, other: {}, refund: undo },
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(1_000);
    expect((await scenario.record(id)).status).toBe('failed');
    scenario.send(id, 'retry');
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('failed');
    expect(undone).toHaveLength(2);
    failing = false;
    scenario.send(id, 'retry');
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(undone).toHaveLength(2);
    expect(scenario.effects('charge').size).toBe(3);
    expect(scenario.effects('refund').size).toBe(2);
  });

  it('covers declared steps, items of a fan-out and the steps within a step once', async () => {
    const steps = [
      declared('reserve', ['handle'], { each: { of: (list: number[]) => list, concurrency: 2 } }),
      declared('charge', ['reserve']),
      declared('fail', ['charge']),
    ];
    const { scenario, undone } = saga({
      handler: (_, event) => event,
      steps: { reserve: undo, charge: undo, fail: undo, refund: undo, release: undo, inner: {} },
      compensations: { ...compensations, inner: 'refund' },
      definition: { declared: steps },
      methods: ({ step }) => ({
        reserve: (n: number) => `seat ${n}`,
        charge: async () => {
          await step('inner', [], () => 'inner');
          return 'receipt';
        },
        fail: () => {
          throw new Error('no');
        },
      }),
    });
    await scenario.start();
    const id = await scenario.begin([1, 2, 3]);
    await scenario.pass(20_000);
    expect((await scenario.record(id)).status).toBe('failed');
    expect(undone).toEqual(['refund receipt', 'release seat 3', 'release seat 2', 'release seat 1']);
  });
});
