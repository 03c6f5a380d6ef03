import {
  Inject as NestInject,
  Injectable as NestInjectable,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  bootstrap,
  type Clock,
  CLOCK,
  Concurrency,
  defineEvent,
  DISPATCHER,
  LOGGER,
  memoryStore,
  METRICS,
  OnEvent,
  silentLogger,
  Step,
  STORE,
  type Store,
  systemClock,
  Worker,
  WORKER_APP,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { WorkerModule, type WorkerModuleOptions } from '../../../nest/index.js';

const withId: StandardSchemaV1<{ id: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { id: string } }) },
};
const Ping = defineEvent('ping', withId);

@Worker('pings')
class PingWorker {
  @OnEvent(Ping)
  async answer(ping: { id: string }): Promise<string> {
    return this.compose(ping.id);
  }

  @Step()
  compose(id: string): string {
    return `pong ${id}`;
  }
}

type Providers = NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>;

function compile(providers: Providers, options: WorkerModuleOptions = {}) {
  return Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, ...options })],
    providers,
  }).compile();
}

async function ping(app: WorkerApp): Promise<unknown> {
  return app.execute(Ping, { id: '1' });
}

test('a worker of any module is found and run with the instance that Nest made', async () => {
  @Module({ providers: [PingWorker] })
  class Feature {}
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore() }), Feature],
  }).compile();
  await module.init();
  const app = module.get(WorkerApp);
  expect(await ping(app)).toEqual(['pong 1']);
  expect(app.get(PingWorker)).toBe(module.get(PingWorker, { strict: false }));
  await module.close();
});

test.each<[string, Providers]>([
  ['made by a factory', [{ provide: 'pings', useFactory: () => new PingWorker() }]],
  ['given as a value', [{ provide: 'pings', useValue: new PingWorker() }]],
  ['with an alias', [PingWorker, { provide: 'alias', useExisting: PingWorker }]],
])('a worker %s runs once', async (_, providers) => {
  const module = await compile(providers);
  await module.init();
  expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
  await module.close();
});

test('workers and providers of the options are providers of Nest, as they are under bootstrap()', async () => {
  @Worker()
  class Greeter {
    constructor(@NestInject('greeting') readonly greeting: string) {}
    @OnEvent(Ping) greet(event: { id: string }): string {
      return `${this.greeting} ${event.id}`;
    }
  }
  const module = await compile([], {
    workers: [Greeter],
    providers: [{ provide: 'greeting', useFactory: () => 'hello' }],
  });
  await module.init();
  expect(await ping(module.get(WorkerApp))).toEqual(['hello 1']);
  await module.close();
});

test('an overridden worker answers in place of the class', async () => {
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore() })],
    providers: [PingWorker],
  })
    .overrideProvider(PingWorker)
    .useValue({ answer: () => 'overridden' })
    .compile();
  await module.init();
  expect(await ping(module.get(WorkerApp))).toEqual(['overridden']);
  await module.close();
});

test('every part can be injected, and is the one that the app uses', async () => {
  @NestInjectable()
  class Ops {
    constructor(
      @NestInject(STORE) readonly store: Store,
      @NestInject(CLOCK) readonly clock: Clock,
      @NestInject(DISPATCHER) readonly dispatcher: unknown,
      @NestInject(LOGGER) readonly logger: unknown,
      @NestInject(METRICS) readonly metrics: unknown,
      @NestInject(WORKER_APP) readonly byToken: WorkerApp,
      readonly byClass: WorkerApp,
    ) {}
  }
  const module = await compile([Ops]);
  const ops = module.get(Ops);
  const { options } = ops.byClass;
  expect(ops.byToken).toBe(ops.byClass);
  expect([ops.store, ops.clock, ops.dispatcher, ops.logger]).toEqual([
    options.store,
    systemClock,
    options.dispatcher,
    silentLogger,
  ]);
  expect(ops.metrics).toHaveProperty('gauge');
  expect(ops.byClass.get(STORE)).toBe(ops.store);
  await module.close();
});

test.each([
  ['overrideProvider', {}],
  ['a provider of the options', { providers: [{ provide: STORE, useValue: memoryStore() }] }],
])('the store is replaced by %s', async (_, options: WorkerModuleOptions) => {
  const builder = Test.createTestingModule({
    imports: [WorkerModule.forRoot(options)],
    providers: [PingWorker],
  });
  if (options.providers === undefined) builder.overrideProvider(STORE).useValue(memoryStore());
  const module = await builder.compile();
  await module.init();
  expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
  expect(module.get<Store>(STORE).durability).toMatch(/memory/);
  await module.close();
});

test('the store is made from the configuration of an imported module', async () => {
  const store = memoryStore();
  @NestInjectable()
  class Config {
    readonly store = store;
  }
  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}
  const module = await Test.createTestingModule({
    imports: [
      WorkerModule.forRoot({
        imports: [ConfigModule],
        providers: [{ provide: STORE, useFactory: (config: Config) => config.store, inject: [Config] }],
      }),
    ],
    providers: [PingWorker],
  }).compile();
  await module.init();
  expect(module.get(WorkerApp).options.store).toBe(store);
  await module.close();
});

test('a worker that injects the app publishes through it', async () => {
  const Pong = defineEvent('pong', withId);
  @Worker()
  class Relay {
    readonly seen: string[] = [];
    constructor(@NestInject(WORKER_APP) private readonly app: WorkerApp) {}
    @OnEvent(Ping) async relay(event: { id: string }): Promise<number> {
      const published = await this.app.publish(Pong, event);
      return published.executions.length;
    }
    @OnEvent(Pong) take(event: { id: string }): void {
      this.seen.push(event.id);
    }
  }
  const module = await compile([Relay]);
  await module.init();
  const app = module.get(WorkerApp);
  expect(await ping(app)).toEqual([1]);
  const [pong] = await app.executions.list({ event: 'pong' });
  await app.execution(pong?.id ?? '').result();
  expect(module.get(Relay).seen).toEqual(['1']);
  await module.close();
});

test('an event published while other modules initialise finds its worker', async () => {
  @NestInjectable()
  class Seeder implements OnModuleInit {
    executions: readonly unknown[] = [];
    constructor(private readonly app: WorkerApp) {}
    async onModuleInit(): Promise<void> {
      this.executions = (await this.app.publish(Ping, { id: 'early' })).executions;
    }
  }
  const module = await compile([Seeder, PingWorker]);
  await module.init();
  expect(module.get(Seeder).executions).toHaveLength(1);
  await module.close();
});

test('the app starts with the application, drains at its end, then closes', async () => {
  const module = await compile([PingWorker]);
  const app = module.get(WorkerApp);
  const names: string[] = [];
  app.on('*', ({ name }) => {
    if (name.startsWith('app.')) names.push(name);
  });
  await expect(app.execute(Ping, { id: '1' })).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await module.init();
  expect(names).toEqual(['app.started']);
  await module.close();
  expect(names).toEqual(['app.started', 'app.draining', 'app.stopped']);
  await expect(app.stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
});

test('a module that was never initialised closes cleanly', async () => {
  const module = await compile([PingWorker]);
  await module.close();
  await expect(module.get(WorkerApp).stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
});

describe('what this host cannot run is refused, all at once', () => {
  async function mistakesOf(providers: Providers): Promise<readonly unknown[]> {
    const module = await compile(providers);
    const error = await module.init().then(
      () => null,
      (reason: unknown) =>
        reason as { mistakes: readonly { class: string; member: string | null; found: string }[] },
    );
    await expect(module.get(WorkerApp).stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
    return (error?.mistakes ?? []).map(({ class: type, member, found }) => [type, member, found]);
  }

  test.each(['a class', 'a factory'])('handlers and steps of %s that lacks @Worker', async (form) => {
    class Bare {
      @OnEvent(Ping) run(): void {}
    }
    const provider = form === 'a class' ? Bare : { provide: 'bare', useFactory: () => new Bare() };
    const module = await compile([provider]);
    await expect(module.init()).rejects.toThrow('Bare: it has no @Worker. Write @Worker() on Bare');
  });

  test('a class that lacks @Worker, of whose constructor the build knows nothing then', async () => {
    class Needed {}
    class Bare {
      constructor(readonly needed: Needed) {}
      @OnEvent(Ping) run(): void {}
    }
    class Empty {}
    expect(await mistakesOf([Bare, Needed])).toEqual([['Bare', null, 'it has no @Worker']]);
    for (const type of [Bare, Empty]) {
      const module = Test.createTestingModule({
        imports: [
          WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger }),
          WorkerModule.forFeature([type]),
        ],
        providers: [Needed],
      });
      await expect(module.compile()).rejects.toThrow(
        `${type.name}: forFeature() has it, and it has no @Worker of its own. Write @Worker() on it`,
      );
    }
  });

  test('a worker without a handler', async () => {
    @Worker()
    class Idle {}
    expect(await mistakesOf([Idle])).toEqual([['Idle', null, 'it has no handler and no step']]);
  });
});

test.each<[string, object, RegExp]>([
  ['a container', { container: {} }, /container: Nest's container gives the workers\. Remove it/],
  ['a resolver', { resolver: {} }, /resolver: Nest's container/],
  ['an unknown option', { concurency: 5 }, /concurency: it is no option\. Write concurrency$/m],
  [
    'a slip in an option of the module',
    { autostart: false },
    /autostart: it is no option\. Write autoStart$/m,
  ],
  ['what resembles nothing', { xyzzyplugh: 1 }, /xyzzyplugh: it is no option\. Write one of (?!.*resolver)/],
  ['no flag', { globalEnhancers: 'yes' }, /globalEnhancers: it is of type string\. Write true or false/],
])('%s among the options is refused', async (_, options, message) => {
  const compiled = compile([], options);
  await expect(compiled).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  await expect(compiled).rejects.toThrow(message);
});

test('one error names all that is wrong with the options, as that of bootstrap() does', async () => {
  const wrong = { role: 'producer', retention: { complete: '1d' }, timeout: '5 parsecs', stores: 1 };
  const errorOf = (made: Promise<unknown>): Promise<{ mistakes: readonly unknown[] }> =>
    made.then(
      () => ({ mistakes: [] }),
      (error) => error,
    );
  const { mistakes } = await errorOf(compile([], wrong as object));
  expect(mistakes).toMatchObject([
    { option: 'role', write: "Write 'publisher' or 'worker' or 'both'" },
    { option: 'retention.complete', found: 'it is no retention' },
    { option: 'timeout' },
    { option: 'stores', found: 'it is no option', write: 'Write store' },
  ]);
  expect(mistakes).toEqual((await errorOf(bootstrap(wrong as object))).mistakes);
});

test('nothing is published before the app knows its workers', async () => {
  const module = await compile([PingWorker]);
  const app = module.get(WorkerApp);
  const published = app.publish(Ping, { id: '1' });
  await expect(published).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await expect(published).rejects.toThrow(/too early: .* after `await app\.init\(\)`/);
  for (const early of [app.executions.list(), app.stats(), app.pause(PingWorker)])
    await expect(early).rejects.toMatchObject({ code: 'NOT_STARTED' });
  await module.init();
  expect((await app.publish(Ping, { id: '1' })).executions).toHaveLength(1);
  await module.close();
});

test('a second forRoot() is refused while the module compiles, and no store is opened', async () => {
  const opened: string[] = [];
  const watched = (name: string): Store => {
    const store = memoryStore();
    const open = store.open.bind(store);
    return Object.assign(store, {
      open: async (context: Parameters<Store['open']>[0]) => {
        opened.push(name);
        await open(context);
      },
    });
  };
  @Module({ imports: [WorkerModule.forRoot({ store: watched('inner'), logger: silentLogger })] })
  class Feature {}
  const made = Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: watched('outer'), logger: silentLogger }), Feature],
    providers: [PingWorker],
  }).compile();
  await expect(made).rejects.toThrow(
    'WorkerModule.forRoot(): it is imported 2 times in one Nest application. Import it once, in the root module',
  );
  expect(opened).toEqual([]);
});

test('one forRoot() that two modules import is one', async () => {
  const root = WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger });
  @Module({ imports: [root] })
  class Feature {}
  const module = await Test.createTestingModule({
    imports: [root, Feature],
    providers: [PingWorker],
  }).compile();
  await module.init();
  expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
  await module.close();
});

test('impossible options are refused while the module compiles', async () => {
  await expect(compile([], { concurrency: 0 })).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
});

describe('a limit that a provider tells', () => {
  @NestInjectable()
  class AppConfig {
    constructor(@NestInject('orders') readonly orders: number) {}
  }

  it('is read from the container of Nest', async () => {
    const read: number[] = [];
    @Worker('limited')
    class Limited {
      @OnEvent(Ping)
      @Concurrency({
        from: AppConfig,
        limit: (config) => {
          read.push(config.orders);
          return config.orders;
        },
      })
      answer(): string {
        return 'pong';
      }
    }
    const module = await compile([Limited, AppConfig, { provide: 'orders', useValue: 3 }]);
    await module.init();
    expect(await ping(module.get(WorkerApp))).toEqual(['pong']);
    expect(read).toEqual([3]);
    await module.close();
  });

  it('keeps the application from starting where Nest does not have the provider', async () => {
    @Worker('limited')
    class Limited {
      @OnEvent(Ping)
      @Concurrency({ from: AppConfig, limit: (config) => config.orders })
      answer(): void {}
    }
    const module = await compile([Limited]);
    await expect(module.init()).rejects.toThrow(
      /Limited\.answer: @Concurrency reads its limit from AppConfig, which cannot be had: .*AppConfig/,
    );
    await module.close();
  });
});
