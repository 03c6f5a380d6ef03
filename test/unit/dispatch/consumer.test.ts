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

test('what was claimed once in vain runs with nothing new beside it', async () => {
  const beside: number[] = [];
  let running = 0;
  const scenario = new Scenario({
    processes: 1,
    settings: { leaseMs: 3_000, sweepMs: 1_000, concurrency: 5 },
    handler: async ({ wait, frame }) => {
      const suspect = frame.pass.lease.fence > 1;
      running++;
      if (suspect) beside.push(running);
      await wait(5_000);
      running--;
    },
  });
  await scenario.start();
  await publishMany(scenario, 4);
  await scenario.pass(100);
  scenario.simulation.processes[0]?.machine.crash();
  running = 0;
  await scenario.simulation.run();
  expect(beside[0]).toBe(1);
  expect([...(await scenario.simulation.records()).values()].map(({ status }) => status)).toEqual(
    Array(4).fill('completed'),
  );
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
