import type { SimulatedProcess } from '../../../lib/testing/simulation/simulated-process.js';
import type { LifecycleEvent } from '../../../lib/model/lifecycle-event.js';
import type { ExecutionId } from '../../../lib/model/ids.js';
import { noFaults } from '../../../lib/testing/simulation/fault-mix.js';
import { Scenario, errorOf } from '../engine/scenario.js';

const names = (events: readonly LifecycleEvent[]): readonly string[] => events.map(({ name }) => name);

async function publishMany(scenario: Scenario, count: number): Promise<void> {
  const { simulation } = scenario;
  for (let at = 0; at < count; at++)
    simulation.publishAt(simulation.time.elapsed, scenario.request('begin', at), false);
  await simulation.time.run(simulation.time.elapsed + 10_000, () => simulation.accepted.length === count);
}

test('more work than slots: every slot stays busy, none is given twice, and no sweep has to help', async () => {
  let running = 0;
  let most = 0;
  const scenario = new Scenario({
    settings: { concurrency: 7 },
    handler: async ({ wait }) => {
      most = Math.max(most, ++running);
      await wait(200);
      running--;
    },
  });
  await scenario.start();
  await publishMany(scenario, 700);
  const { simulation } = scenario;
  const from = simulation.time.elapsed;
  await simulation.run();
  expect(most).toBe(7);
  expect(names(simulation.events)).toEqual(['app.started']);
  // 100 rounds of 200 ms, and a claim of a few ms after each.
  expect(simulation.time.elapsed - from).toBeLessThan(100 * 220 + 31_000);
  await simulation.close();
});

test('5,000 executions queued for minutes: none counts as recovered by a sweep', async () => {
  const scenario = new Scenario({ settings: { concurrency: 50 }, handler: ({ wait }) => wait(1_500) });
  await scenario.start();
  await publishMany(scenario, 5_000);
  await scenario.simulation.run();
  expect(scenario.simulation.time.elapsed).toBeGreaterThan(150_000);
  expect(names(scenario.simulation.events)).toEqual(['app.started']);
}, 60_000);

test('work published while every slot is taken begins as soon as one is free', async () => {
  const scenario = new Scenario({
    settings: { concurrency: 1 },
    handler: ({ wait }, event) => wait(event as number),
  });
  await scenario.start();
  await scenario.begin(10_000);
  const second = await scenario.begin(1);
  expect((await scenario.record(second)).status).toBe('pending');
  await scenario.pass(10_050);
  expect((await scenario.record(second)).status).toBe('completed');
});

test('a delayed event begins when it is due, not at the next sweep', async () => {
  const scenario = new Scenario({ handler: () => 'done' });
  await scenario.start();
  const { time } = scenario.simulation;
  const id = await scenario.begin(null, { dueAt: time.now() + 7_777 });
  await scenario.pass(7_770);
  const before = (await scenario.record(id)).status;
  await scenario.pass(50);
  expect([before, (await scenario.record(id)).status]).toEqual(['pending', 'completed']);
});

test('an execution whose body kills its process is parked after five claims, and others complete meanwhile', async () => {
  const scenario = new Scenario({
    processes: 1,
    settings: { leaseMs: 3_000, sweepMs: 1_000 },
    handler: async ({ wait, machine }, event) => {
      await wait(50);
      if (event === 'poison') machine.crash();
      return 'fine';
    },
  });
  await scenario.start();
  const poison = await scenario.begin('poison');
  const { simulation } = scenario;
  for (let at = 0; at < 20; at++)
    simulation.publishAt(at * 4_000, scenario.request('begin', at, { id: `fine ${at}` }), true);
  await simulation.run();
  expect(errorOf(await scenario.record(poison))).toMatchObject({ code: 'POISONED' });
  const records = [...(await simulation.records()).values()];
  expect(records.filter(({ status }) => status === 'completed').length).toBe(20);
});

/** Executions whose body takes `bodyMs`, as a step or not, and whose process is killed that often while they run. */
async function killed(times: number, bodyMs: number, { count = 4, inStep = false } = {}) {
  const together: number[] = [];
  let running = 0;
  const scenario = new Scenario({
    processes: 1,
    settings: { leaseMs: 3_000, sweepMs: 1_000, concurrency: 5 },
    steps: { first: {} },
    handler: async ({ step, wait }) => {
      together.push(++running);
      await (inStep ? step('first', [], () => wait(bodyMs)) : wait(bodyMs));
      if (inStep) await wait(600_000);
      running--;
    },
  });
  await scenario.start();
  await publishMany(scenario, count);
  const { simulation } = scenario;
  for (let death = 1; death <= times; death++) {
    await simulation.time.run(simulation.time.elapsed + 30_000, () => together.length === count);
    simulation.processes[0]?.machine.crash();
    together.length = running = 0;
  }
  await simulation.time.run(simulation.time.elapsed + 30_000, () => together.length > 0);
  return { scenario, together, began: simulation.time.elapsed };
}

const isolated = ({ simulation }: Scenario) =>
  simulation.events.filter(({ name }) => name === 'execution.isolated');

test('one death is ordinary: what it has cut off begins again together', async () => {
  const { scenario, together } = await killed(1, 60_000);
  await scenario.pass(100);
  expect(together).toEqual([1, 2, 3, 4]);
  expect(isolated(scenario)).toEqual([]);
  expect(scenario.simulation.processes[0]?.runtime.consumer.isolation.current).toBeNull();
  await scenario.simulation.close();
});

test('what was claimed twice in vain begins with nothing beside it, and that is told', async () => {
  const { scenario, together } = await killed(2, 1_000, { count: 1 });
  const { consumer } = (scenario.simulation.processes[0] as SimulatedProcess).runtime;
  const [event] = isolated(scenario);
  expect(event).toMatchObject({ worker: 'scenario', handler: 'handle', claims: 3 });
  expect(consumer.isolation.current).toMatchObject({ worker: 'scenario', handler: 'handle', claims: 3 });
  const late = await scenario.begin();
  await scenario.pass(500);
  expect([together, (await scenario.record(late)).status]).toEqual([[1], 'pending']);
  await scenario.pass(600);
  expect(consumer.isolation.current).toBeNull();
  expect(together).toEqual([1, 1]);
  await scenario.simulation.run();
  expect(isolated(scenario)).toHaveLength(1);
  await scenario.simulation.close();
});

test('what has not killed its process for as long as the lease runs alone no longer', async () => {
  const { scenario, together } = await killed(2, 600_000, { count: 1 });
  const late = await scenario.begin();
  await scenario.pass(2_500);
  expect([together, (await scenario.record(late)).status]).toEqual([[1], 'pending']);
  await scenario.pass(520);
  expect([together, (await scenario.record(late)).status]).toEqual([[1, 2], 'running']);
  await scenario.simulation.close();
});

test('what has stored something runs alone no longer', async () => {
  const { scenario, together } = await killed(2, 1_000, { count: 1, inStep: true });
  const late = await scenario.begin();
  await scenario.pass(900);
  expect([together, (await scenario.record(late)).status]).toEqual([[1], 'pending']);
  await scenario.pass(200);
  expect([together, (await scenario.record(late)).status]).toEqual([[1, 2], 'running']);
  await scenario.simulation.close();
});

test('what was claimed twice in vain together begins one after the other, and first of all shares the time', async () => {
  const { scenario, together } = await killed(2, 600_000);
  const late = await scenario.begin();
  const running: number[] = [];
  for (const ms of [600, 200, 900, 200, 1_200, 200, 2_600]) {
    await scenario.pass(ms);
    running.push(together.length);
  }
  expect(running).toEqual([1, 2, 2, 3, 3, 4, 4]);
  expect((await scenario.record(late)).status).toBe('pending');
  await scenario.pass(500);
  expect((await scenario.record(late)).status).toBe('running');
  expect(isolated(scenario)).toHaveLength(4);
  await scenario.simulation.close();
});

test('stop() and a death end an isolation, and its timer with it', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const { scenario } = await killed(2, 600_000);
    const { runtime } = scenario.simulation.processes[0] as SimulatedProcess;
    expect(runtime.consumer.isolation.current).not.toBeNull();
    void runtime[end]();
    await scenario.pass(1);
    expect(runtime.consumer.isolation.current).toBeNull();
    await scenario.simulation.close();
    expect(scenario.timers).toBe(0);
  }
});

test('what a busy process lost sight of is taken back as soon as a slot is free, before what is merely due', async () => {
  const scenario = new Scenario({
    settings: { concurrency: 1, leaseMs: 3_000 },
    handler: ({ wait }) => wait(400),
  });
  await scenario.start();
  const { simulation } = scenario;
  await publishMany(scenario, 50);
  // A claim whose answer is lost: the store leases the next one to the process, which knows nothing of it.
  const [process] = simulation.processes;
  const { owner, definitions } = (process as SimulatedProcess).runtime;
  const runnable = definitions.runnable();
  const { claimed } = await simulation.store.claim({ owner, runnable, limit: 1 });
  const lost = claimed[0]?.record.id as ExecutionId;
  await scenario.pass(2_500);
  expect((await scenario.record(lost)).status).toBe('completed');
  const counts = await simulation.store.counts();
  expect(counts.find(({ status }) => status === 'pending')?.count).toBeGreaterThan(20);
});

test('stop() lets what runs finish, takes nothing new, and hands the lease back at once', async () => {
  const scenario = new Scenario({ settings: { concurrency: 1 }, handler: ({ wait }) => wait(5_000) });
  await scenario.start();
  const [first, second] = [await scenario.begin(), await scenario.begin()];
  const [process] = scenario.simulation.processes;
  const stopped = process?.runtime.stop();
  await scenario.pass(6_000);
  await stopped;
  expect([(await scenario.record(first)).status, (await scenario.record(second)).status]).toEqual([
    'completed',
    'pending',
  ]);
  expect([scenario.used, scenario.timers]).toEqual([0, 0]);
});

test('stop() hands back what does not finish within the drain timeout, and ends though its body goes on', async () => {
  const scenario = new Scenario({
    settings: { drainTimeoutMs: 2_000 },
    steps: { first: {}, slow: {} },
    handler: async ({ step, wait }) => {
      await step('first', [], () => 1);
      await step('slow', [], () => wait(60_000));
    },
  });
  await scenario.start();
  const id = await scenario.begin();
  await scenario.pass(100);
  let isStopped = false;
  void scenario.simulation.processes[0]?.runtime.stop().then(() => (isStopped = true));
  await scenario.pass(2_100);
  expect(isStopped).toBe(true);
  expect(await scenario.record(id)).toMatchObject({ status: 'pending', owner: null });
});

test('a claim that is answered after stop() began starts no body: what it took goes back', async () => {
  let stop = (): void => {};
  const scenario = new Scenario({
    handler: () => 'ran',
    broker: true,
    faults: { ...noFaults, slow: 0 },
    wrapStore: (store) => {
      const claim = store.claim.bind(store);
      store.claim = async (request) => {
        const answer = await claim(request);
        if (answer.claimed.length > 0) stop();
        return answer;
      };
      return store;
    },
  });
  await scenario.start();
  stop = () => void scenario.simulation.processes[0]?.runtime.stop();
  const id = await scenario.begin();
  await scenario.pass(1_000);
  expect(await scenario.record(id)).toMatchObject({ status: 'pending', owner: null, fence: 1 });
  expect(scenario.used).toBe(0);
});
