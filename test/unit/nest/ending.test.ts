import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  execution,
  memoryStore,
  OnEvent,
  silentLogger,
  Step,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { getWorkerAppToken, WorkerModule } from '../../../nest/index.js';
import { begin, compile, Ping, PingWorker, ping } from './pings.js';

/** A promise and its end. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** As clients of databases do in Nest. */
@Injectable()
class Database implements OnModuleDestroy {
  isOpen = true;
  onModuleDestroy(): void {
    this.isOpen = false;
  }
  query(): string {
    if (!this.isOpen) throw new Error('the connection is closed');
    return 'row';
  }
}

describe.each(['the root module', 'a module of its own'])(
  'what is closed in onModuleDestroy of %s',
  (where) => {
    test('is open for steps that run, and nothing new begins after it', async () => {
      const begun = gate();
      const seen: string[] = [];
      @Worker('querying')
      class Querying {
        constructor(private readonly database: Database) {}
        @OnEvent(Ping) async run(): Promise<void> {
          await this.first();
          seen.push(await this.second());
        }
        @Step() async first(): Promise<void> {
          begun.open();
          await new Promise((resolve) => {
            execution().signal.addEventListener('abort', resolve);
            setTimeout(resolve, 30);
          });
          seen.push(this.database.query());
        }
        @Step() async second(): Promise<string> {
          return this.database.query();
        }
      }
      @Module({ providers: [Database], exports: [Database] })
      class DatabaseModule {}
      const module = await begin(
        where === 'the root module'
          ? { providers: [Database, Querying] }
          : { imports: [DatabaseModule], providers: [Querying] },
      );
      const errors: unknown[] = [];
      module.get(WorkerApp).on('step.failed', (event) => errors.push(event));
      await module.get(WorkerApp).publish(Ping, { id: '1' });
      await begun.opened;
      await module.close();
      expect(errors).toEqual([]);
      expect(seen[0]).toBe('row');
      expect(module.get(Database).isOpen).toBe(false);
    });
  },
);

test('apps of one application drain at once', async () => {
  let running = 0;
  const both = gate();
  const ended: number[] = [];
  class Base {
    @OnEvent(Ping) async run(): Promise<void> {
      if (++running === 2) both.open();
      await new Promise<void>((resolve) => {
        releases.push(resolve);
      });
      ended.push(running);
    }
  }
  const releases: (() => void)[] = [];
  @Worker('first')
  class First extends Base {}
  @Worker('second')
  class Second extends Base {}
  const options = { store: memoryStore(), logger: silentLogger };
  const module = await Test.createTestingModule({
    imports: [
      WorkerModule.forRoot({ ...options, workers: [First] }),
      WorkerModule.forRoot({ ...options, name: 'other', store: memoryStore(), workers: [Second] }),
    ],
  }).compile();
  await module.init();
  const apps = [module.get(WorkerApp), module.get<WorkerApp>(getWorkerAppToken('other'))];
  let draining = 0;
  for (const app of apps)
    app.on('app.draining', () => {
      if (++draining === 2) for (const release of releases) release();
    });
  for (const app of apps) await app.publish(Ping, { id: '1' });
  await both.opened;
  await module.close();
  expect(ended).toHaveLength(2);
});

test('close() twice, and at once, is one end', async () => {
  const module = await begin({ providers: [PingWorker] });
  const app = module.get(WorkerApp);
  await ping(app);
  await Promise.all([module.close(), module.close()]);
  await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
});

test('an application that closes while it comes up leaves nothing open', async () => {
  const module = await compile({ providers: [PingWorker] });
  const app = module.get(WorkerApp);
  const up = module.init().catch(() => undefined);
  await module.close();
  await up;
  await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
  expect((await app.health()).isStarted).toBe(false);
});

describe('when another module fails', () => {
  test('in onModuleInit, close() ends the app', async () => {
    @Injectable()
    class Failing {
      onModuleInit(): void {
        throw new Error('no configuration');
      }
    }
    const module = await compile({ providers: [PingWorker, Failing] });
    const app = module.get(WorkerApp);
    await expect(module.init()).rejects.toThrow('no configuration');
    await module.close();
    await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
  });
});
