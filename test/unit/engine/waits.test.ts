import { MailboxFullError } from '../../../lib/model/errors-event.js';
import type { EventId, ExecutionId } from '../../../lib/model/ids.js';
import { MAILBOX_CAPACITY } from '../../../lib/model/mailbox.js';
import { defaultRetryPolicy } from '../../../lib/model/retry-policy.js';
import { delayedAnswers } from './delayed-answers.js';
import { errorOf, Scenario, type ScenarioOptions, valueOf } from './scenario.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function started(options: ScenarioOptions): Promise<Scenario> {
  const scenario = new Scenario(options);
  await scenario.start();
  return scenario;
}

/** The event reaches the store about now. */
function approve(scenario: Scenario, n: number, id?: string, key = 'k'): void {
  const request = scenario.request('approved', { key, n }, { id: id ?? null });
  scenario.simulation.publishAt(scenario.simulation.time.elapsed, request, id !== undefined);
}

async function value(scenario: Scenario, id: ExecutionId): Promise<unknown> {
  const record = await scenario.record(id);
  expect([record.status, errorOf(record)]).toEqual(['completed', null]);
  return valueOf(record);
}

describe('waitFor', () => {
  it('holds no slot and no timer of the process, and goes on when the event comes', async () => {
    const scenario = await started({ handler: ({ waitFor }) => waitFor('approved', 'k'), processes: 2 });
    const ids = [await scenario.begin(), await scenario.begin()];
    await scenario.pass(5_000);
    expect(scenario.used).toBe(0);
    for (const id of ids)
      expect(await scenario.record(id)).toMatchObject({ status: 'waiting', waitReason: 'event', timers: {} });
    approve(scenario, 1);
    await scenario.pass(1_000);
    for (const id of ids) expect(await value(scenario, id)).toEqual({ key: 'k', n: 1 });
  });

  it('goes on in the pass that began it while a sibling keeps that alive', async () => {
    let passes = 0;
    const scenario = await started({
      handler: ({ step, wait, waitFor }) => {
        passes++;
        return Promise.all([waitFor('approved', 'k', DAY_MS), step('slow', [], () => wait(20_000))]);
      },
      steps: { slow: {} },
    });
    const id = await scenario.begin();
    await scenario.pass(1_000);
    approve(scenario, 1);
    await scenario.pass(30_000);
    expect(await value(scenario, id)).toEqual([{ key: 'k', n: 1 }, undefined]);
    expect(passes).toBe(1);
  });

  it('ends with null at its time, in a pass that lives as well', async () => {
    const scenario = await started({
      handler: ({ step, wait, waitFor }) =>
        Promise.all([
          waitFor('approved', 'k', 2_000).then(() => scenario.simulation.time.elapsed),
          step('slow', [], () => wait(5_000)),
        ]),
      steps: { slow: {} },
    });
    const beganAt = scenario.simulation.time.elapsed;
    const id = await scenario.begin();
    await scenario.pass(10_000);
    const [endedAt] = (await value(scenario, id)) as [number];
    expect(endedAt - beganAt).toBeGreaterThanOrEqual(2_000);
    expect(endedAt - beganAt).toBeLessThan(3_000);
  });

  it('has one outcome when the event comes about at its end, whatever dies then', async () => {
    const outcomes = new Set<string>();
    for (let offset = -40; offset <= 40; offset += 4) {
      const got: unknown[] = [];
      const scenario = await started({
        handler: async ({ step, waitFor }) => {
          const first = await waitFor('approved', 'k', 10_000);
          got.push(first);
          await step('tail', [], () => 1);
          return first;
        },
        steps: { tail: {} },
        processes: 2,
        seed: `offset ${offset}`,
      });
      const id = await scenario.begin();
      const createdAt = (await scenario.record(id)).createdAt;
      const { simulation } = scenario;
      await scenario.pass(createdAt + 10_000 + offset - simulation.time.now() - 10);
      approve(scenario, 1, 'approval');
      await scenario.pass(60 + Math.abs(offset));
      if ((await scenario.record(id)).status === 'running') scenario.crashOwner(id);
      await scenario.pass(120_000);
      const final = await value(scenario, id);
      for (const each of got) expect(each).toEqual(final);
      outcomes.add(JSON.stringify(final));
    }
    expect([...outcomes].toSorted()).toEqual(['null', '{"key":"k","n":1}']);
  });

  it('does not miss an event of which it is told before it knows that it waits', async () => {
    let told = 0;
    const scenario = new Scenario({
      handler: ({ waitFor }) => waitFor('approved', 'k'),
      wrapStore: (store) =>
        delayedAnswers(store, async (_, verdicts) => {
          if (!verdicts.some((verdict) => 'mail' in verdict && verdict.mail === null) || told++ > 0) return;
          const { processes, model, time } = scenario.simulation;
          const mail = { key: 'k', payload: '{"n":1}', schemaHash: null, until: time.now() + DAY_MS };
          const event = { id: 'e' as EventId, name: 'approved', session: null, dedup: null, executions: [] };
          await store.write([{ kind: 'publish', events: [{ ...event, mail }] }]);
          const [id] = [...model.records.keys()];
          expect(await store.inbox(id as ExecutionId, 0, 10)).toMatchObject([{ kind: 'event' }]);
          for (const { runtime } of processes) await runtime.consumer.signal([id as ExecutionId]);
        }),
    });
    await scenario.start();
    const id = await scenario.begin();
    await scenario.pass(60_000);
    expect(told).toBeGreaterThan(0);
    expect(await value(scenario, id)).toEqual({ n: 1 });
  });

  it('inside a step does not count for the timeout of the step, and is asked once over its attempts', async () => {
    const scenario = await started({
      handler: ({ step, waitFor }) =>
        step('outer', [], async () => {
          const got = await waitFor('approved', 'k', DAY_MS);
          if (scenario.began.length < 3) throw new Error('again');
          return [got, await waitFor('approved', 'k', 1_000)];
        }),
      steps: {
        outer: {
          timeoutMs: 2_000,
          retry: { ...defaultRetryPolicy, jitter: 0, backoff: { kind: 'fixed', delayMs: 10 } },
        },
      },
    });
    const id = await scenario.begin();
    await scenario.pass(HOUR_MS);
    approve(scenario, 1);
    await scenario.pass(60_000);
    expect(await value(scenario, id)).toEqual([{ key: 'k', n: 1 }, null]);
  });

  it('ends with the execution that is cancelled', async () => {
    const scenario = await started({ handler: ({ waitFor }) => waitFor('approved', 'k') });
    const id = await scenario.begin();
    await scenario.pass(1_000);
    scenario.send(id, 'cancel');
    await scenario.pass(10_000);
    approve(scenario, 1);
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('cancelled');
  });

  it('gives the same event again when a retry forgets it, and the next wait the next', async () => {
    let fails = true;
    const scenario = await started({
      handler: async ({ step, waitFor }) => {
        await step('a', [], () => 1);
        const first = await waitFor('approved', 'k');
        await step('b', [], () => {
          if (fails) throw new Error('not now');
        });
        return [first, await waitFor('approved', 'k')];
      },
      steps: { a: {}, b: {} },
    });
    const id = await scenario.begin();
    await scenario.pass(500);
    approve(scenario, 1);
    await scenario.pass(10_000);
    expect((await scenario.record(id)).status).toBe('failed');
    approve(scenario, 2);
    await scenario.pass(1_000);
    fails = false;
    scenario.send(id, 'retry', 'handle/a');
    await scenario.pass(10_000);
    expect(await value(scenario, id)).toEqual([
      { key: 'k', n: 1 },
      { key: 'k', n: 2 },
    ]);
  });

  it('is drained: an execution that waits is handed back, and goes on elsewhere', async () => {
    const scenario = await started({
      handler: async ({ step, wait, waitFor }) => {
        const [got] = await Promise.all([waitFor('approved', 'k'), step('slow', [], () => wait(2_000))]);
        return got;
      },
      steps: { slow: {} },
      processes: 2,
    });
    const id = await scenario.begin();
    await scenario.pass(500);
    const owner = (await scenario.record(id)).owner;
    const process = scenario.simulation.processes.find(({ runtime }) => runtime.owner === owner);
    void process?.runtime.stop();
    await scenario.pass(10_000);
    approve(scenario, 1);
    await scenario.pass(10_000);
    expect(await value(scenario, id)).toEqual({ key: 'k', n: 1 });
  });
});

it('a publish into a full mailbox fails the call of the execution that made it', async () => {
  const scenario = await started({
    handler: async ({ publish }) => {
      for (let n = 0; n <= MAILBOX_CAPACITY; n++)
        try {
          await publish('approved', { key: 'k', n });
        } catch (error) {
          return [n, error instanceof MailboxFullError ? error.message : 'another error'];
        }
      return 'never';
    },
  });
  const id = await scenario.begin();
  await scenario.pass(10_000);
  expect(await value(scenario, id)).toEqual([
    MAILBOX_CAPACITY,
    expect.stringContaining("100 events 'approved' of key 'k'"),
  ]);
});
