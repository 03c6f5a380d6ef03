import type { Store } from '../../../../lib/ports/store.js';
import { Scenario, type ScenarioOptions } from '../../engine/scenario.js';

type Call = 'heartbeat' | 'claim' | 'prune' | 'leave' | 'read' | 'close' | 'write';

/** A started process on a store some of whose calls can be left without an answer, or refused. */
async function started(options: Partial<ScenarioOptions> = {}) {
  const silent = new Set<Call>();
  const refused = new Set<Call>();
  /** What was asked in silence, to be answered after all. */
  const late: (() => void)[] = [];
  const scenario = new Scenario({
    handler: () => 'done',
    settings: { drainTimeoutMs: 2_000 },
    ...options,
    wrapStore: (store) => wrap(store, { silent, refused, late }),
  });
  await scenario.start();
  const [process] = scenario.simulation.processes;
  if (process === undefined) throw new Error('no process');
  return { scenario, runtime: process.runtime, silent, refused, late };
}

function wrap(
  store: Store,
  { silent, refused, late }: { silent: Set<Call>; refused: Set<Call>; late: (() => void)[] },
): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const call = (): unknown => (member as (...given: unknown[]) => unknown).apply(target, args);
        if (refused.has(name as Call)) return Promise.reject(new Error('down'));
        if (!silent.has(name as Call)) return call();
        return new Promise((resolve) => late.push(() => resolve(call())));
      };
    },
  });
}

test('a renewal that is never answered does not end the process', async () => {
  const { scenario, silent } = await started();
  silent.add('heartbeat');
  await scenario.pass(6_000);
  silent.clear();
  await scenario.pass(60_000);
  const id = await scenario.begin();
  await scenario.pass(100);
  expect((await scenario.record(id)).status).toBe('completed');
});

test('a claim that is never answered does not keep the process from taking what falls due', async () => {
  const { scenario, silent } = await started();
  const { time } = scenario.simulation;
  const id = await scenario.begin(null, { dueAt: time.now() + 1_000 });
  silent.add('claim');
  await scenario.pass(2_000);
  silent.clear();
  await scenario.pass(20_000);
  expect((await scenario.record(id)).status).toBe('completed');
});

test('what a claim took whose answer came late runs, once', async () => {
  let runs = 0;
  const { scenario, silent, late } = await started({ handler: () => ++runs });
  const { time } = scenario.simulation;
  const id = await scenario.begin(null, { dueAt: time.now() + 1_000 });
  silent.add('claim');
  await scenario.pass(12_000);
  const [answer] = late;
  silent.clear();
  answer?.();
  await scenario.pass(20_000);
  expect([(await scenario.record(id)).status, runs]).toEqual(['completed', 1]);
});

test('a sweep whose task is never answered is followed by others', async () => {
  const { scenario, silent } = await started();
  silent.add('prune');
  await scenario.pass(60_000);
  const faults = scenario.simulation.events.filter(({ name }) => name === 'app.fault');
  expect(faults.length).toBeGreaterThan(2);
  expect(faults[0]).toMatchObject({ task: 'prune', error: { code: 'STORE_UNAVAILABLE' } });
});

describe('stop() ends near its drain timeout', () => {
  test.each(['prune', 'claim', 'heartbeat', 'leave', 'write'] as const)(
    'while %s() is not answered',
    async (call) => {
      const { scenario, runtime, silent } = await started();
      await scenario.begin(null, { dueAt: scenario.simulation.time.now() + 5_000 });
      silent.add(call);
      await scenario.pass(8_000);
      let isOver = false;
      const stopped = runtime.stop().then(() => {
        isOver = true;
      });
      await scenario.pass(3_500);
      expect(isOver).toBe(true);
      await stopped;
    },
  );

  test('while the store refuses every write, and close() answers whoever published', async () => {
    const { scenario, runtime, refused } = await started();
    refused.add('write');
    const published = runtime.publisher.publish([scenario.request('begin')]).then(
      () => 'accepted',
      (error: Error) => error.name,
    );
    await scenario.pass(10);
    const from = scenario.simulation.time.elapsed;
    let tookMs = 0;
    const closed = runtime.close().then(() => {
      tookMs = scenario.simulation.time.elapsed - from;
    });
    await scenario.pass(10_000);
    await closed;
    expect(tookMs).toBeLessThan(4_000);
    expect(await published).toBe('StoreUnavailableError');
  });
});

test('close() ends when the store does not close', async () => {
  const { scenario, runtime, silent } = await started();
  silent.add('close');
  let isOver = false;
  void runtime.close().then(() => {
    isOver = true;
  });
  await scenario.pass(4_000);
  expect([isOver, runtime.isClosed, scenario.timers]).toEqual([true, true, 0]);
});

test('a running body is told of a cancel behind more messages than one page', async () => {
  let reason: unknown = null;
  const { scenario, runtime } = await started({
    handler: async ({ frame, wait }) => {
      await wait(60_000);
      reason = frame.signal.reason;
    },
  });
  const id = await scenario.begin();
  for (let at = 0; at < 250; at++) scenario.send(id, 'event', String(at));
  await scenario.pass(100);
  scenario.send(id, 'cancel');
  await scenario.pass(100);
  runtime.changed();
  await scenario.pass(10_000);
  expect((await scenario.record(id)).status).toBe('cancelled');
  await scenario.pass(60_000);
  expect(reason).toMatchObject({ name: 'CancelledError' });
});
