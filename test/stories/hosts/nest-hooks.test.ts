/** Shutdown hooks of Nest, and probes: what users have asked of other packages, thread by thread, and what holds here. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { defineEvent, memoryStore, OnEvent, silentLogger, type Store, Worker, WorkerApp } from 'holdfast';
import { WorkerHealthIndicator, WorkerModule } from 'holdfast/nest';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

/** A promise and its end. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

@Worker('orders')
class Orders {
  static begun = gate();
  static released = gate();
  static last = gate();
  static ended = 0;
  @OnEvent(Placed) async fulfil({ id }: { id: string }): Promise<void> {
    if (!id.startsWith('slow')) return;
    Orders.begun.open();
    await (id === 'slow' ? Orders.released : Orders.last).opened;
    Orders.ended++;
  }
}

beforeEach(() => {
  Orders.begun = gate();
  Orders.released = gate();
  Orders.last = gate();
  Orders.ended = 0;
});

describe('G10 · shutdown', () => {
  test('twentyhq/twenty#22514 · enableShutdownHooks() is what makes a signal drain: the step that runs ends first', async () => {
    @Module({
      imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger })],
      providers: [Orders],
    })
    class AppModule {}
    const nest = await NestFactory.createApplicationContext(AppModule, {
      logger: false,
      abortOnError: false,
    });
    nest.enableShutdownHooks(['SIGUSR2']);
    const app = nest.get(WorkerApp);
    app.on('app.draining', () => Orders.released.open());
    await app.publish(Placed, { id: 'slow' });
    await Orders.begun.opened;
    const again = gate();
    // When it has ended, Nest sends the signal anew, for the process to end by it.
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      again.open();
      return true;
    });
    process.emit('SIGUSR2', 'SIGUSR2');
    await again.opened;
    kill.mockRestore();
    expect(Orders.ended).toBe(1);
    await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
  });
});

describe('G18 · health that proves work is being drained', () => {
  async function begin(options: { store?: Store; concurrency?: number } = {}) {
    const module = await Test.createTestingModule({
      imports: [
        WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, drainTimeout: 50, ...options }),
      ],
      providers: [Orders, WorkerHealthIndicator],
    }).compile();
    await module.init();
    return { module, app: module.get(WorkerApp), health: module.get(WorkerHealthIndicator) };
  }

  test('nestjs/bull#2427, nestjs/terminus#1288 · an indicator for health checks comes with the package, in the form they take', async () => {
    const { module, health } = await begin();
    expect(await health.isHealthy('queue')).toMatchObject({
      queue: { status: 'up', problems: [], handlers: 1 },
    });
    await module.close();
    expect((await health.isHealthy('queue')).queue).toMatchObject({ status: 'down', isStarted: false });
  });

  test('OptimalBits/bull#2072 · a store that answers no more is seen, also one that is only silent', async () => {
    const store = memoryStore();
    const { module, health } = await begin({ store });
    const paused = jest.spyOn(store, 'paused').mockReturnValue(new Promise(() => {}));
    const { queue } = await health.isReady('queue', { timeout: 20 });
    expect(queue).toMatchObject({ status: 'down', storeMs: null });
    expect(queue.problems).toEqual([expect.stringMatching(/the store does not answer/)]);
    // Restarts would not help.
    expect((await health.isAlive('queue', { timeout: 20 })).queue.status).toBe('up');
    paused.mockRestore();
    expect((await health.isReady('queue')).queue.status).toBe('up');
    await module.close();
  });

  test('langfuse/langfuse#15512, RooCodeInc/Roomote#2770 · a worker that is up and does not keep up with what is due is not ready, and says for how long', async () => {
    const { module, app, health } = await begin({ concurrency: 1 });
    await app.publish(Placed, { id: 'slow' });
    await Orders.begun.opened;
    await app.publish(Placed, { id: 'slow 2' });
    await app.publish(Placed, { id: '3' });
    Orders.released.open();
    const begun = performance.now();
    let queue = (await health.isReady('queue', { maxLag: 1 })).queue;
    while (queue.status === 'up' && performance.now() - begun < 10_000) {
      await new Promise(setImmediate);
      queue = (await health.isReady('queue', { maxLag: 1 })).queue;
    }
    expect(queue).toMatchObject({
      status: 'down',
      problems: [expect.stringMatching(/due work waits for \d+ ms/)],
    });
    expect((await health.isAlive('queue')).queue.status).toBe('up');
    Orders.last.open();
    await module.close();
  });
});
