import {
  type AppHealth,
  bootstrap,
  defineEvent,
  type Dispatcher,
  type Hint,
  memoryStore,
  OnEvent,
  silentLogger,
  sleep,
  Worker,
} from 'holdfast';
import { ManualClock, TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

@Worker('orders')
class Orders {
  release: () => void = () => {};

  @OnEvent(Placed)
  async fulfil(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.release = resolve;
    });
  }
}

@Worker('sleepers')
class Sleepers {
  @OnEvent(Placed)
  async rest(): Promise<void> {
    await sleep('1 hour');
  }
}

const healthy = {
  isAlive: true,
  isReady: true,
  problems: [],
  isStarted: true,
  lagMs: 0,
  handlers: 1,
  storeMs: 0,
} satisfies Partial<AppHealth>;

test('a started app whose store answers is alive and ready, and its claim loop goes round while nothing is due', async () => {
  await using app = await TestApp.create({ workers: [Sleepers] });
  await app.publish(Placed, { id: '1' });
  await app.advance('30 minutes');
  const health = await app.health();
  expect(health).toMatchObject(healthy);
  expect(health.sinceClaimMs).toBeLessThan(10_000);
});

test('an app that is not started yet, or stopped, is alive and not ready', async () => {
  const app = await bootstrap({ workers: [Sleepers], store: memoryStore(), logger: silentLogger });
  expect(await app.health()).toMatchObject({
    isAlive: true,
    isReady: false,
    problems: ['the app is not started'],
    sinceClaimMs: null,
  });
  await app.start();
  expect(await app.health()).toMatchObject({ isReady: true });
  await app.stop();
  expect(await app.health()).toMatchObject({ isAlive: true, problems: ['the app is not started'] });
  await app.close();
});

test('an app without handlers is not ready, unless it only publishes', async () => {
  const store = memoryStore();
  await using app = await TestApp.create({ store });
  expect((await app.health()).problems).toEqual(['no handler is registered']);
  await using publisher = await TestApp.create({ store, role: 'publisher' });
  expect(await publisher.health()).toMatchObject({ isAlive: true, isReady: true, sinceClaimMs: null });
});

test('what may have killed its process runs alone for a while, and the app says so', async () => {
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) };
  await using app = await TestApp.create({ workers: [Orders], logger, lease: '15s' });
  const [execution] = (await app.publish(Placed, { id: '1' })).executions;
  for (let death = 0; death < 2; death++) {
    expect((await app.health()).problems).toEqual([]);
    await app.restart();
    await app.advance('1s');
  }
  const isolated = 'execution runs alone for a while: it may be what killed the process';
  expect(warnings).toContainEqual([
    isolated,
    expect.objectContaining({ executionId: execution?.id, worker: 'orders', handler: 'fulfil', claims: 3 }),
  ]);
  await app.restart();
  await app.advance('14s');
  const { isReady, problems } = await app.health();
  expect([isReady, problems]).toEqual([
    false,
    [
      `nothing new begins beside execution '${execution?.id}' of orders.fulfil, which was taken 4 times and stored nothing: it may kill its process`,
    ],
  ]);
  await app.advance('15s');
  expect(await app.health()).toMatchObject({ isReady: true, problems: [] });
});

test('a store that does not answer makes an app not ready; a restart would not help', async () => {
  const store = memoryStore();
  await using app = await TestApp.create({ workers: [Sleepers], store });
  const paused = jest.spyOn(store, 'paused').mockRejectedValue(new Error('connection refused'));
  expect(await app.health()).toMatchObject({
    isAlive: true,
    isReady: false,
    problems: ['the store does not answer: connection refused'],
    storeMs: null,
  });
  paused.mockRestore();
});

test('a claim loop that stands still while the store answers makes an app not alive', async () => {
  const clock = new ManualClock();
  const app = await bootstrap({ workers: [Sleepers], store: memoryStore(), logger: silentLogger, clock });
  await app.start();
  await until(async () => (await app.health()).sinceClaimMs === 0);
  // Timers of this clock fire in the turn in which it moves: here it moves, and the loop gets no turn.
  clock.advance(60_000);
  const health = app.health();
  expect(await health).toMatchObject({
    isAlive: false,
    isReady: false,
    problems: ['the claim loop has not gone round for 60000 ms'],
  });
  await app.close();
});

test('due work that finds no free slot is lag: more than maxLag, and the app is not ready', async () => {
  const app = await TestApp.create({ workers: [Orders], concurrency: 1 });
  for (const id of ['1', '2', '3']) await app.publish(Placed, { id });
  await new Promise((resolve) => setImmediate(resolve));
  app.clock.moveTo(app.clock.now() + 90_000);
  app.get(Orders).release();
  await until(async () => (await app.health()).lagMs > 0);
  expect(await app.health()).toMatchObject({
    isAlive: true,
    isReady: false,
    problems: ['due work waits for 90000 ms'],
    lagMs: 90_000,
  });
  expect(await app.health({ maxLag: '2 minutes' })).toMatchObject({ isReady: true, lagMs: 90_000 });
  await app.crash();
  await app.close();
});

test('due work is lag although every slot is stuck since before it was published, until it is taken', async () => {
  await using app = await TestApp.create({ workers: [Orders], concurrency: 1 });
  await app.publish(Placed, { id: 'hangs' });
  await app.publish(Placed, { id: 'waits' });
  await app.advance('1 minute');
  const health = await app.health({ maxLag: '20s' });
  expect(health).toMatchObject({ isAlive: true, isReady: false });
  expect(health.problems).toEqual([`due work waits for ${health.lagMs} ms`]);
  expect(health.lagMs).toBeGreaterThan(40_000);
  const { release } = app.get(Orders);
  release();
  await until(async () => app.get(Orders).release !== release);
  expect(await app.health()).toMatchObject({ isReady: true, lagMs: 0 });
  app.get(Orders).release();
});

test('every slot in use is no lag while nothing else is due, nor once another process has taken what was', async () => {
  const store = memoryStore();
  await using app = await TestApp.create({ workers: [Orders], store, concurrency: 1 });
  await app.publish(Placed, { id: 'hangs' });
  await app.advance('1 minute');
  expect(await app.health()).toMatchObject({ isReady: true, lagMs: 0 });
  await app.publish(Placed, { id: 'waits' });
  await app.advance('1 minute');
  expect((await app.health()).lagMs).toBeGreaterThan(0);
  await using other = await TestApp.create({ workers: [Orders], store, concurrency: 1 });
  await app.advance('1 minute');
  expect((await app.health()).lagMs).toBe(0);
  other.get(Orders).release();
  app.get(Orders).release();
});

test('work that a pacing dispatcher has not brought is lag, as long as it has been due, until it is brought', async () => {
  const clock = new ManualClock();
  let bring = (): void | Promise<void> => {};
  const dispatcher: Dispatcher = {
    local: false,
    paces: true,
    start: async (receive) => {
      bring = () => receive({ executionId: '' as Hint['executionId'], wakeSeq: 1 });
    },
    send: async () => {},
    stop: async () => {},
  };
  const parts = { store: memoryStore(), dispatcher, clock, logger: silentLogger };
  await using app = await bootstrap({ workers: [Sleepers], ...parts });
  await app.start();
  expect(await app.health()).toMatchObject({ isReady: true, lagMs: 0 });
  await app.publish(Placed, { id: '1' });
  for (let second = 0; second < 90; second++) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await app.health()).toMatchObject({
    isAlive: true,
    isReady: false,
    problems: ['due work waits for 90000 ms'],
    lagMs: 90_000,
  });
  await bring();
  expect(await app.health()).toMatchObject({ isReady: true, lagMs: 0 });
});

test('options that are none are refused by name', async () => {
  await using app = await TestApp.create({ workers: [Sleepers] });
  await expect(app.health({ lag: '1s' } as object)).rejects.toThrow('lag: it is no option');
  await expect(app.health({ maxLag: 'soon' as '1s' })).rejects.toThrow("maxLag: 'soon' is not possible");
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 1_000; round++) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not come to pass');
}
