import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger as NestLogger,
  type LoggerService,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Clock,
  execution,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  sqliteStore,
  Step,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { nestLogger, WorkerModule } from '../../../nest/index.js';
import { warnWithoutShutdownHooks } from '../../../nest/shutdown-watch.js';
import { TimerWatch } from '../../timer-watch.js';
import { begin, compile, Ping, PingWorker, ping, Pong } from './pings.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapNow(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A promise and its end. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test('autoStart: false leaves start() to the application', async () => {
  const module = await begin({ options: { autoStart: false }, providers: [PingWorker] });
  const app = module.get(WorkerApp);
  const { executions } = await app.publish(Ping, { id: '1' });
  await expect(ping(app)).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await app.start();
  expect(await executions[0]?.result()).toBe('pong 1');
  await module.close();
});

test('a step that runs at the shutdown ends, what it publishes is stored, and connections close last', async () => {
  const order: string[] = [];
  const [begun, released] = [gate(), gate()];
  @Injectable()
  class Connection implements BeforeApplicationShutdown, OnApplicationShutdown {
    isOpen = true;
    beforeApplicationShutdown(): void {
      order.push('others begin to shut down');
    }
    onApplicationShutdown(): void {
      this.isOpen = false;
      order.push('others are closed');
    }
  }
  @Worker('draining')
  class Draining {
    constructor(
      private readonly connection: Connection,
      private readonly app: WorkerApp,
    ) {}
    @OnEvent(Ping) async run({ id }: { id: string }): Promise<void> {
      await this.work(id);
    }
    @Step() async work(id: string): Promise<void> {
      begun.open();
      await released.opened;
      await new Promise(setImmediate);
      order.push(`the step ends, connection ${this.connection.isOpen ? 'open' : 'closed'}`);
      order.push(`published ${(await this.app.publish(Pong, { id })).executions.length}`);
    }
    @OnEvent(Pong) take(): void {}
  }
  const store = memoryStore();
  const closed = store.close.bind(store);
  Object.assign(store, { close: () => closed().then(() => void order.push('the store is closed')) });
  const module = await begin({ options: { store }, providers: [Connection, Draining] });
  module.get(WorkerApp).on('app.draining', () => released.open());
  await module.get(WorkerApp).publish(Ping, { id: '1' });
  await begun.opened;
  await module.close();
  expect(order).toEqual([
    'the step ends, connection open',
    'published 1',
    'others begin to shut down',
    'others are closed',
    'the store is closed',
  ]);
});

test('what does not end within the grace is handed back, with no attempt spent', async () => {
  const begun = gate();
  const reasons: unknown[] = [];
  let runs = 0;
  @Worker('stubborn')
  class Stubborn {
    @OnEvent(Ping) async run(): Promise<string> {
      return this.work();
    }
    @Step() @Retry({ maxAttempts: 1 }) async work(): Promise<string> {
      if (++runs > 1) return 'done by the next process';
      return new Promise((_, reject) => {
        begun.open();
        const { signal } = execution();
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(new Error('stopped'));
        });
      });
    }
  }
  const store = memoryStore();
  const module = await begin({ options: { store, drainTimeout: 20 }, providers: [Stubborn] });
  const { executions } = await module.get(WorkerApp).publish(Ping, { id: '1' });
  await begun.opened;
  await module.get(WorkerApp).stop();
  expect(reasons).toHaveLength(1);
  await module.get(WorkerApp).start();
  expect(await executions[0]?.result()).toBe('done by the next process');
  const steps = await executions[0]?.steps();
  expect(steps?.find(({ path }) => path.endsWith('work'))?.attempt).toBe(1);
  await module.close();
});

describe('shutdown hooks', () => {
  function fakeClock(): { clock: Pick<Clock, 'setTimer'>; pass: () => void; readonly cancelled: number } {
    const due: (() => void)[] = [];
    let cancelled = 0;
    return {
      clock: {
        setTimer: (_, callback) => {
          due.push(callback);
          return { cancel: () => void cancelled++ };
        },
      },
      pass: () => due.splice(0).forEach((callback) => callback()),
      get cancelled() {
        return cancelled;
      },
    };
  }

  test('a warning when nothing listens for SIGTERM, none when something does', () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const others = process.listeners('SIGTERM');
    process.removeAllListeners('SIGTERM');
    const time = fakeClock();
    warnWithoutShutdownHooks(logger, time.clock);
    time.pass();
    expect(warnings).toEqual([
      expect.stringMatching(/nothing listens for SIGTERM.*app\.enableShutdownHooks\(\)/),
    ]);
    const end = warnWithoutShutdownHooks(logger, time.clock);
    const listener = (): void => {};
    process.on('SIGTERM', listener);
    time.pass();
    process.off('SIGTERM', listener);
    for (const other of others) process.on('SIGTERM', other);
    end();
    expect(time.cancelled).toBe(1);
    expect(warnings).toHaveLength(1);
  });
});

describe('the logger', () => {
  function recorder(): LoggerService & { readonly lines: unknown[][] } {
    const lines: unknown[][] = [];
    const write =
      (level: string) =>
      (...args: unknown[]): void =>
        void lines.push([level, ...args]);
    return { lines, log: write('log'), warn: write('warn'), error: write('error'), debug: write('debug') };
  }

  test('is that of Nest by default: warnings of the engine reach it', async () => {
    @Module({ providers: [PingWorker] })
    class First {}
    @Module({ providers: [PingWorker] })
    class Second {}
    @Module({ imports: [WorkerModule.forRoot({ store: memoryStore() }), First, Second] })
    class AppModule {}
    const logger = recorder();
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    await app.close();
    NestLogger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
    expect(logger.lines).toContainEqual([
      'warn',
      expect.stringMatching(/First and Second both provide PingWorker/),
      'Holdfast',
    ]);
  });

  test('passes levels and details on', () => {
    const logger = recorder();
    NestLogger.overrideLogger(logger);
    const all = nestLogger({ level: 'debug', context: 'Jobs' });
    all.debug('d');
    all.info('i', { a: 1 });
    nestLogger().info('left out');
    nestLogger().error('e', { b: 2 });
    NestLogger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
    expect(logger.lines).toEqual([
      ['debug', 'd', 'Jobs'],
      ['log', 'i', { a: 1 }, 'Jobs'],
      ['error', 'e', { b: 2 }, 'Holdfast'],
    ]);
  });
});

describe('nothing is left', () => {
  function handles(): number {
    return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length;
  }

  test('no open handle after close(), with executions run, on SQLite too', async () => {
    const others = (): number =>
      process.getActiveResourcesInfo().filter((name) => !['Immediate', 'Timeout'].includes(name)).length;
    for (const store of [memoryStore(), sqliteStore(':memory:')]) {
      const before = others();
      const timers = new TimerWatch();
      const module = await begin({ options: { store }, providers: [PingWorker] });
      expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
      // Timers are set in the next turn.
      await new Promise(setImmediate);
      expect(timers.armed).toBeGreaterThan(0);
      await module.close();
      await new Promise(setImmediate);
      expect(timers.armed).toBe(0);
      timers.stop();
      expect(others()).toBeLessThanOrEqual(before);
    }
  });

  test('1,000 applications that come up and end leave memory, listeners and timers flat', async () => {
    const cycle = async (): Promise<void> => {
      const module = await compile({ providers: [PingWorker] });
      await module.init();
      await module.close();
    };
    const listeners = (): number =>
      process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    for (let n = 0; n < 200; n++) await cycle();
    const before = { handles: handles(), listeners: listeners(), heap: heapNow() };
    for (let n = 0; n < 800; n++) await cycle();
    await new Promise(setImmediate);
    // Jest has timers of its own that come and go; one that each application left would be 800.
    expect(handles()).toBeLessThan(before.handles + 10);
    expect(listeners()).toBe(before.listeners);
    // Kept modules would be some 60 KB each: 48 MB.
    expect(heapNow() - before.heap).toBeLessThan(8_000_000);
  }, 60_000);
});
