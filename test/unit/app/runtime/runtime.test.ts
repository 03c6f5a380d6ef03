import type { Store } from '../../../../lib/ports/store.js';
import { memoryStore } from '../../../../lib/adapters/memory/memory-store.js';
import { Scenario } from '../../engine/scenario.js';

async function started(wrapStore?: (store: Store) => Store) {
  const store = memoryStore();
  const options = wrapStore === undefined ? { store } : { store, wrapStore };
  const scenario = new Scenario({ handler: () => 'done', ...options });
  await scenario.start();
  const [process] = scenario.simulation.processes;
  if (process === undefined) throw new Error('no process');
  return { scenario, runtime: process.runtime };
}

test('start() during stop() follows it, and so the other way round', async () => {
  const { scenario, runtime } = await started();
  const ended = Promise.all([runtime.stop(), runtime.start()]);
  await scenario.pass(1_000);
  await ended;
  expect(runtime.isStarted).toBe(true);
  const both = Promise.all([runtime.stop(), runtime.start(), runtime.stop()]);
  await scenario.pass(1_000);
  await both;
  expect([runtime.isStarted, scenario.timers]).toEqual([false, 0]);
});

test('a process that stopped and started again runs what was published in between', async () => {
  const { scenario, runtime } = await started();
  const stopped = runtime.stop();
  await scenario.pass(1_000);
  await stopped;
  const published = runtime.publisher.publish([scenario.request('begin')]);
  await scenario.pass(1_000);
  const [event] = await published;
  const id = event?.executions[0]?.executionId;
  if (id === undefined) throw new Error('nothing was published');
  expect((await scenario.record(id)).status).toBe('pending');
  const again = runtime.start();
  await scenario.pass(1_000);
  await again;
  expect((await scenario.record(id)).status).toBe('completed');
});

test.each(['subscribe', 'subscriptions', 'heartbeat'] as const)(
  'a start whose %s() the store refused can be repeated and is whole then',
  async (call) => {
    let refusals = 1;
    const { scenario, runtime } = await started((store) => {
      const original = store[call].bind(store) as (...args: unknown[]) => Promise<never>;
      Object.assign(store, {
        [call]: (...args: unknown[]) =>
          refusals-- > 0 ? Promise.reject(new Error('down')) : original(...args),
      });
      return store;
    });
    await scenario.pass(2_000);
    expect(runtime.isStarted).toBe(true);
    const id = await scenario.begin();
    await scenario.pass(100);
    expect((await scenario.record(id)).status).toBe('completed');
    expect(await scenario.simulation.store.subscriptions()).toHaveLength(1);
  },
);

test.each(['definitions', 'paused'] as const)(
  'a store whose %s() fails does not keep the process from starting',
  async (call) => {
    const { scenario, runtime } = await started((store) =>
      Object.assign(store, { [call]: () => Promise.reject(new Error('down')) }),
    );
    expect(runtime.isStarted).toBe(true);
    const id = await scenario.begin();
    await scenario.pass(100);
    expect((await scenario.record(id)).status).toBe('completed');
  },
);

test('close() twice closes the store once, and a store that refuses the farewell does not keep it open', async () => {
  let closed = 0;
  const { scenario, runtime } = await started((store) =>
    Object.assign(store, {
      leave: () => Promise.reject(new Error('down')),
      close: async () => void closed++,
    }),
  );
  const ended = Promise.all([runtime.close(), runtime.close()]);
  await scenario.pass(1_000);
  await ended;
  await runtime.close();
  expect([closed, runtime.isClosed, scenario.timers]).toEqual([1, true, 0]);
});
