import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Concurrency,
  LOGGER,
  memoryStore,
  METRICS,
  OnEvent,
  silentLogger,
  silentMetrics,
  sqliteStore,
  STORE,
  type Store,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import {
  getPartToken,
  getPublisherToken,
  getWorkerAppToken,
  InjectPublisher,
  InjectWorkers,
  type Publisher,
  WorkerModule,
  type WorkerModuleSettings,
  type WorkerOptionsFactory,
} from '../../../nest/index.js';
import { begin, compile, mistakesOf, Ping, PingWorker, ping, Pong } from './pings.js';

@Injectable()
class Config implements WorkerOptionsFactory {
  readonly store = memoryStore();
  createWorkerOptions(): WorkerModuleSettings {
    return { store: this.store, logger: silentLogger, concurrency: 7 };
  }
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

describe('forRootAsync()', () => {
  test.each<[string, Parameters<typeof WorkerModule.forRootAsync>[0]]>([
    [
      'useFactory, which may take its time',
      {
        imports: [ConfigModule],
        inject: [Config],
        useFactory: async (config: Config) => config.createWorkerOptions(),
      },
    ],
    ['useClass', { useClass: Config }],
    ['useExisting', { imports: [ConfigModule], useExisting: Config }],
  ])('%s', async (_, options) => {
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRootAsync(options)],
      providers: [PingWorker],
    }).compile();
    await module.init();
    const app = module.get(WorkerApp);
    expect(await ping(app)).toEqual(['pong 1']);
    expect(app.options.concurrency).toBe(7);
    expect(module.get<Store>(STORE)).toBe(module.get(Config, { strict: false }).store);
    await module.close();
  });

  test('what the modules must know before stands beside the factory', async () => {
    const module = await Test.createTestingModule({
      imports: [
        WorkerModule.forRootAsync({
          useFactory: () => ({ store: memoryStore() }),
          workers: [PingWorker],
          providers: [{ provide: LOGGER, useValue: silentLogger }],
        }),
      ],
    }).compile();
    await module.init();
    expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
    expect(module.get(LOGGER)).toBe(silentLogger);
    await module.close();
  });

  test.each<[string, unknown, RegExp]>([
    [
      'workers',
      { workers: [PingWorker] },
      /workers: the factory gave it, .* Write workers beside useFactory/,
    ],
    ['nothing', undefined, /the factory gave undefined\. Return an object of options, \{\} for none/],
    ['a wrong autoStart', { autoStart: 'no' }, /autoStart: it is of type string\. Write true or false/],
    ['a slip', { concurency: 1 }, /concurency: it is no option/],
  ])('a factory that gives %s is told so', async (_, given, message) => {
    const made = Test.createTestingModule({
      imports: [WorkerModule.forRootAsync({ useFactory: () => given as WorkerModuleSettings })],
    }).compile();
    await expect(made).rejects.toThrow(message);
  });
});

describe('injection', () => {
  @Injectable()
  class Desk {
    constructor(
      @InjectWorkers() readonly app: WorkerApp,
      @InjectPublisher() readonly publisher: Publisher,
    ) {}
  }

  test('@InjectWorkers() is the app, @InjectPublisher() its publishing side', async () => {
    const module = await begin({ providers: [PingWorker, Desk] });
    const { app, publisher } = module.get(Desk);
    expect(app).toBe(module.get(WorkerApp));
    expect(module.get(getWorkerAppToken())).toBe(app);
    expect(await publisher.execute(Ping, { id: '1' })).toEqual(['pong 1']);
    await module.close();
  });

  test('code that publishes is tested without an app', async () => {
    const published: unknown[] = [];
    @Injectable()
    class Publishes {
      constructor(@InjectPublisher() readonly publisher: Publisher) {}
    }
    const module = await Test.createTestingModule({
      providers: [
        Publishes,
        { provide: getPublisherToken(), useValue: { publish: (...args: unknown[]) => published.push(args) } },
      ],
    }).compile();
    await module.get(Publishes).publisher.publish(Ping, { id: '1' });
    expect(published).toEqual([[Ping, { id: '1' }]]);
    await module.close();
  });

  test('with isGlobal: false only modules that import it can inject it, and workers of others are found still', async () => {
    @Module({ providers: [PingWorker] })
    class Work {}
    const module = await begin({ options: { isGlobal: false }, imports: [Work], providers: [Desk] });
    expect(await ping(module.get(Desk).app)).toEqual(['pong 1']);
    await module.close();
    @Module({ providers: [Desk] })
    class Desks {}
    await expect(compile({ options: { isGlobal: false }, imports: [Desks] })).rejects.toThrow(
      /can't resolve dependencies of the Desk/,
    );
  });

  test('parts are replaced by overrideProvider, and a worker gets what the app uses', async () => {
    const counted: string[] = [];
    const metrics = { ...silentMetrics, increment: (name: string) => void counted.push(name) };
    @Worker('metered')
    class Metered {
      constructor(@Inject(METRICS) readonly metrics: unknown) {}
      @OnEvent(Ping) run(): boolean {
        return this.metrics === metrics;
      }
    }
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger })],
      providers: [Metered],
    })
      .overrideProvider(METRICS)
      .useValue(metrics)
      .compile();
    await module.init();
    expect(await ping(module.get(WorkerApp))).toEqual([true]);
    expect(counted.length).toBeGreaterThan(0);
    await module.close();
  });
});

describe('several apps', () => {
  @Worker('reports')
  class ReportWorker {
    @OnEvent(Pong) report({ id }: { id: string }): string {
      return `report ${id}`;
    }
  }

  const named = (name: string, workers: readonly Type[] = []) =>
    WorkerModule.forRoot({ name, store: memoryStore(), logger: silentLogger, workers });

  test('by name in one application: each has its own workers, parts and life', async () => {
    @Injectable()
    class Desk {
      constructor(
        readonly app: WorkerApp,
        @InjectWorkers('reports') readonly reports: WorkerApp,
        @InjectPublisher('reports') readonly publisher: Publisher,
        @Inject(getPartToken(STORE, 'reports')) readonly store: Store,
      ) {}
    }
    const module = await begin({
      imports: [named('reports'), WorkerModule.forFeature([ReportWorker], 'reports')],
      providers: [PingWorker, Desk],
    });
    const { app, reports, publisher, store } = module.get(Desk);
    expect(app).not.toBe(reports);
    expect(store).toBe(reports.options.store);
    expect(store).not.toBe(app.options.store);
    expect(await ping(app)).toEqual(['pong 1']);
    expect(await publisher.execute(Pong, { id: '1' })).toEqual(['report 1']);
    expect((await app.publish(Pong, { id: '1' })).executions).toHaveLength(0);
    expect((await reports.publish(Ping, { id: '1' })).executions).toHaveLength(0);
    await module.close();
    await expect(reports.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
    await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
  });

  test('a worker that several apps name runs in each', async () => {
    const module = await begin({
      options: { workers: [PingWorker] },
      imports: [named('other'), WorkerModule.forFeature([PingWorker], 'other')],
    });
    expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
    expect(await ping(module.get(getWorkerAppToken('other')))).toEqual(['pong 1']);
    await module.close();
  });

  test('one app with a name takes all workers; of several, none takes a worker that was given to none', async () => {
    const alone = await Test.createTestingModule({
      imports: [named('only')],
      providers: [PingWorker],
    }).compile();
    await alone.init();
    expect(await ping(alone.get(getWorkerAppToken('only')))).toEqual(['pong 1']);
    await alone.close();
    const module = await Test.createTestingModule({
      imports: [named('a'), named('b')],
      providers: [PingWorker],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      /PingWorker: it is given to none of the apps 'a', 'b', .* Write WorkerModule.forFeature\(\[PingWorker\], 'a'\)/,
    );
    await module.close();
  });

  test('the same name twice is refused', async () => {
    await expect(
      Test.createTestingModule({ imports: [named('twice'), named('twice')] }).compile(),
    ).rejects.toThrow("it is imported 2 times with name 'twice' in one Nest application");
  });

  test('applications of one process do not meet', async () => {
    const [first, second] = await Promise.all([
      begin({ providers: [PingWorker] }),
      begin({ providers: [ReportWorker] }),
    ]);
    expect(await ping(first.get(WorkerApp))).toEqual(['pong 1']);
    expect((await second.get(WorkerApp).publish(Ping, { id: '1' })).executions).toHaveLength(0);
    await first.close();
    expect(await second.get(WorkerApp).execute(Pong, { id: '1' })).toEqual(['report 1']);
    await second.close();
  });
});

describe('roles', () => {
  test("an application with role: 'publisher' hands work to another on the same store, and runs nothing", async () => {
    const store = memoryStore();
    const worker = await begin({ options: { store, role: 'worker' }, providers: [PingWorker] });
    const publisher = await begin({ options: { store, role: 'publisher' } });
    const [execution] = (await publisher.get(WorkerApp).publish(Ping, { id: '1' })).executions;
    expect(await execution?.result()).toBe('pong 1');
    await worker.close();
    await publisher.close();
  });

  test('a publisher that has the classes runs nothing either', async () => {
    const module = await begin({ options: { role: 'publisher' }, providers: [PingWorker] });
    const [execution] = (await module.get(WorkerApp).publish(Ping, { id: '1' })).executions;
    expect(await execution?.status()).toBe('pending');
    expect((await module.get(WorkerApp).stats()).running).toBe(0);
    await module.close();
  });
});

describe('policies take values from providers', () => {
  test('of a module that only the worker’s module can see', async () => {
    @Injectable()
    class Limits {
      readonly orders = 2;
    }
    @Worker('limited')
    class Limited {
      @OnEvent(Ping)
      @Concurrency({ from: Limits, limit: (limits) => limits.orders })
      run(): string {
        return 'ran';
      }
    }
    @Module({ providers: [Limits, Limited] })
    class Feature {}
    const module = await begin({ imports: [Feature] });
    expect(await ping(module.get(WorkerApp))).toEqual(['ran']);
    const graph = module.get(WorkerApp).graph(Limited).toJSON();
    expect(JSON.stringify(graph)).toContain('"limit":2');
    await module.close();
  });
});

test('mistakes of several workers are told at once', async () => {
  @Worker()
  class Idle {}
  @Worker()
  class Also {}
  expect((await mistakesOf({ providers: [Idle, Also] })).map(([type]) => type)).toEqual(['Idle', 'Also']);
});

test('an application whose boot fails leaves no store open', async () => {
  @Worker()
  class Idle {}
  const store = sqliteStore(':memory:');
  const module = await compile({ options: { store }, providers: [Idle] });
  await expect(module.init()).rejects.toThrow('Idle');
  await expect(module.get(WorkerApp).stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
});

test('an application that cannot be made, whatever is made last, has opened nothing', async () => {
  @Injectable()
  class Failing {
    constructor(@Inject(WorkerApp) readonly app: WorkerApp) {
      throw new Error('no licence');
    }
  }
  const opened: string[] = [];
  const store = memoryStore();
  const open = store.open.bind(store);
  store.open = async (context) => {
    opened.push('store');
    await open(context);
  };
  const made = compile({ options: { store }, providers: [PingWorker, Failing] });
  await expect(made).rejects.toThrow('no licence');
  const ofFactory = Test.createTestingModule({
    imports: [WorkerModule.forRootAsync({ useFactory: () => ({ store, logger: silentLogger }) })],
    providers: [PingWorker, Failing],
  });
  await expect(ofFactory.compile()).rejects.toThrow('no licence');
  expect(opened).toEqual([]);
  const module = await begin({ options: { store }, providers: [PingWorker] });
  expect(opened).toEqual(['store']);
  await module.close();
});
