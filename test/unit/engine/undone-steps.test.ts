import type { ExecutionId } from '../../../lib/model/ids.js';
import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { errorOf, Scenario, type ScenarioOptions } from './scenario.js';

const undo = { isDeclared: true };

interface Saga {
  readonly scenario: Scenario;
  readonly undone: string[];
}

/** `charge` is undone by `refund`, `inner` too, and `reserve` by `release`. */
function saga(handler: ScenarioOptions['handler'], rest: Partial<ScenarioOptions> = {}): Saga {
  const undone: string[] = [];
  const scenario = new Scenario({
    handler,
    definition: { retry: noRetryPolicy },
    steps: { reserve: {}, charge: {}, inner: {}, refund: undo, release: undo },
    compensations: { charge: 'refund', inner: 'refund', reserve: 'release' },
    ...rest,
    methods: (calls) => ({
      refund: (value: string) => void undone.push(value),
      release: () => {},
      ...rest.methods?.(calls),
    }),
  });
  return { scenario, undone };
}

async function statusAfterRetry(scenario: Scenario, id: ExecutionId): Promise<readonly unknown[]> {
  scenario.send(id, 'retry');
  await scenario.pass(10_000);
  const record = await scenario.record(id);
  return [record.status, errorOf(record)];
}

describe('steps that were undone', () => {
  it('cover the steps within them after a crash in the middle of the compensation too', async () => {
    let releases = 0;
    const { scenario, undone } = saga(
      async ({ step }) => {
        await step('reserve', [], () => 'seat');
        await step('charge', [], async () => {
          await step('inner', [], () => 'inner');
          return 'receipt';
        });
        throw new Error('no driver');
      },
      {
        processes: 2,
        methods: ({ wait }) => ({
          release: async () => {
            releases++;
            await wait(1_000);
          },
        }),
      },
    );
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(300);
    expect(releases).toBe(1);
    scenario.crashOwner(id);
    await scenario.pass(60_000);
    expect((await scenario.record(id)).status).toBe('failed');
    expect(undone).toEqual(['receipt']);
  });

  it('let a retry complete though no step had failed: the handler had thrown by itself', async () => {
    let failing = true;
    const { scenario } = saga(async ({ step }) => {
      await step('charge', [], () => 'receipt');
      if (failing) throw new Error('no driver');
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('failed');
    failing = false;
    expect(await statusAfterRetry(scenario, id)).toEqual(['completed', null]);
  });

  it('let a retry complete after the whole execution had timed out', async () => {
    let late = true;
    const { scenario } = saga(
      async ({ step, sleep }) => {
        await step('charge', [], () => 'receipt');
        if (late) await sleep(100_000);
      },
      { definition: { retry: noRetryPolicy, timeoutMs: 2_000 } },
    );
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    expect((await scenario.record(id)).status).toBe('failed');
    late = false;
    expect(await statusAfterRetry(scenario, id)).toEqual(['completed', null]);
  });

  it('are no inline steps: one with the name of a step that has a compensation is refused', async () => {
    const { scenario, undone } = saga(({ inline }) => inline('charge', () => 'mine'));
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(5_000);
    const record = await scenario.record(id);
    expect(record.status).toBe('failed');
    expect(errorOf(record)).toMatchObject({ message: expect.stringContaining("step('charge', …)") });
    expect(scenario.began).toEqual([]);
    expect(undone).toEqual([]);
  });
});
