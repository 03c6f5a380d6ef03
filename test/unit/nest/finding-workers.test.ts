import { Allow } from 'class-validator';
import { forwardRef, Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Actor,
  type ActorContext,
  Event,
  LOGGER,
  memoryStore,
  OnEvent,
  run,
  silentLogger,
  Step,
  Worker,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { WorkerModule } from '../../../nest/index.js';
import { begin, compile, mistakesOf, Ping, PingWorker, ping, Pong } from './pings.js';

@Injectable()
class Payments {
  charge(id: string): string {
    return `charged ${id}`;
  }
}

@Worker('charges')
class ChargeWorker {
  constructor(private readonly payments: Payments) {}
  @OnEvent(Ping) charge({ id }: { id: string }): string {
    return this.payments.charge(id);
  }
}

describe('forFeature()', () => {
  test('makes a worker of what the importing module provides, once, and exports it', async () => {
    @Injectable()
    class Desk {
      constructor(readonly worker: ChargeWorker) {}
    }
    @Module({
      imports: [WorkerModule.forFeature([ChargeWorker])],
      providers: [Payments, Desk],
    })
    class Orders {}
    const module = await begin({ imports: [Orders] });
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    expect(module.get(Desk, { strict: false }).worker).toBe(module.get(ChargeWorker, { strict: false }));
    await module.close();
  });

  test('beside the root in the root module, with what it needs beside it', async () => {
    const module = await begin({ imports: [WorkerModule.forFeature([ChargeWorker])], providers: [Payments] });
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    await module.close();
  });

  test.each([
    [undefined, 'WorkerModule.forRoot(), so', 'Import WorkerModule.forRoot() in'],
    ['reports', "WorkerModule.forRoot() with the name 'reports', so", "forRoot({ name: 'reports', … })"],
  ])(
    'for the app %s, which nobody imports, is a mistake that says what to import',
    async (app, found, write) => {
      const feature = WorkerModule.forFeature([PingWorker], app);
      const root = WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger });
      const module = await Test.createTestingModule({
        imports: app === undefined ? [feature] : [root, feature],
      }).compile();
      expect(module.get(PingWorker, { strict: false }).compose('1')).toBe('pong 1');
      await expect(module.init()).rejects.toMatchObject({
        code: 'DEFINITION_INVALID',
        mistakes: [
          {
            class: 'PingWorker',
            found: expect.stringContaining(found),
            write: expect.stringContaining(write),
          },
        ],
      });
      await module.close();
    },
  );

  let hooks = 0;

  @Worker('hooked')
  class Hooked extends ChargeWorker implements OnModuleInit {
    constructor(payments: Payments) {
      super(payments);
    }
    onModuleInit(): void {
      hooks++;
    }
  }

  test('leaves a worker to the importing module, which provides it, and its hooks are called once', async () => {
    const feature = WorkerModule.forFeature([Hooked]);
    const module = await begin({ imports: [feature], providers: [Hooked, Payments] });
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    expect(hooks).toBe(1);
    await module.close();
  });

  test('takes a worker of another module, but none whose hooks would be called twice', async () => {
    @Module({ providers: [ChargeWorker, Payments] })
    class Orders {}
    const module = await begin({ imports: [Orders, WorkerModule.forFeature([ChargeWorker])] });
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    await module.close();
    @Module({ providers: [Hooked, Payments] })
    class HookedOrders {}
    const made = compile({ imports: [HookedOrders, WorkerModule.forFeature([Hooked])] });
    await expect(made).rejects.toThrow(
      /Hooked: several modules have it, .* call its onModuleInit\(\) for each/,
    );
  });

  test('two modules that ask for one worker share it', async () => {
    @Module({ imports: [WorkerModule.forFeature([PingWorker])] })
    class First {}
    @Module({ imports: [WorkerModule.forFeature([PingWorker])] })
    class Second {}
    const module = await begin({ imports: [First, Second] });
    expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
    await module.close();
  });

  test('an overridden provider reaches its workers', async () => {
    @Module({ imports: [WorkerModule.forFeature([ChargeWorker])], providers: [Payments] })
    class Orders {}
    const module = await Test.createTestingModule({
      imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger }), Orders],
    })
      .overrideProvider(Payments)
      .useValue({ charge: () => 'mocked' })
      .compile();
    await module.init();
    expect(await ping(module.get(WorkerApp))).toEqual(['mocked']);
    await module.close();
  });

  test('a circle through the worker is told instead of waited for', async () => {
    @Injectable()
    class Desk {
      constructor(@Inject('charges') readonly worker: unknown) {}
    }
    @Worker('circular')
    class Circular {
      constructor(readonly desk: Desk) {}
      @OnEvent(Ping) run(): void {}
    }
    const made = compile({
      imports: [WorkerModule.forFeature([Circular])],
      providers: [Desk, { provide: 'charges', useExisting: Circular }],
    });
    await expect(made).rejects.toThrow(
      /Circular: forFeature\(\) has it, and what it injects injects it\. Write it in the providers of RootTestModule/,
    );
  });

  test('a worker that needs the request is left to providers', async () => {
    @Injectable({ scope: 2 })
    class Tenant {}
    @Worker('of-tenants')
    class TenantWorker {
      constructor(readonly tenant: Tenant) {}
      @OnEvent(Ping) run(): void {}
    }
    const made = compile({ imports: [WorkerModule.forFeature([TenantWorker])], providers: [Tenant] });
    await expect(made).rejects.toThrow(/TenantWorker: forFeature\(\) has it, and it belongs to a request/);
  });

  test('what is no class is refused', () => {
    expect(() => WorkerModule.forFeature([undefined as never])).toThrow(
      /forFeature\(\)\[0\]: undefined is no class in a list\. Write forFeature\(\[OrderWorker\]\); look for a circular import/,
    );
  });
});

test('modules that import each other: workers and services of both find each other', async () => {
  @Injectable()
  class Ledger {
    constructor(@Inject(forwardRef(() => LedgerWorker)) readonly worker: { compose(id: string): string }) {}
    title(): string {
      return 'ledger';
    }
  }
  @Worker('ledger')
  class LedgerWorker {
    constructor(@Inject(forwardRef(() => Ledger)) private readonly ledger: Ledger) {}
    @OnEvent(Ping) answer({ id }: { id: string }): string {
      return `${this.ledger.title()} ${this.compose(id)}`;
    }
    compose(id: string): string {
      return `wrote ${id}`;
    }
  }
  @Module({ imports: [forwardRef(() => Books)], providers: [LedgerWorker], exports: [LedgerWorker] })
  class Work {}
  @Module({ imports: [forwardRef(() => Work)], providers: [Ledger], exports: [Ledger] })
  class Books {}
  const module = await begin({ imports: [Work, Books] });
  expect(await ping(module.get(WorkerApp))).toEqual(['ledger wrote 1']);
  expect(module.get(Ledger, { strict: false }).worker).toBe(module.get(LedgerWorker, { strict: false }));
  await module.close();
});

describe('a module that is loaded later', () => {
  @Module({ providers: [PingWorker] })
  class Lazy {}

  test('brings its workers, and the load waits until they run', async () => {
    const module = await begin({});
    const app = module.get(WorkerApp);
    expect((await app.publish(Ping, { id: '0' })).executions).toHaveLength(0);
    const loader = module.get(LazyModuleLoader);
    await loader.load(() => Lazy);
    expect(await ping(app)).toEqual(['pong 1']);
    await loader.load(() => Lazy);
    expect(await ping(app, '2')).toEqual(['pong 2']);
    await module.close();
  });

  test('with forFeature(), and with a worker that cannot run: the load says so', async () => {
    @Module({ imports: [WorkerModule.forFeature([ChargeWorker])], providers: [Payments] })
    class LazyOrders {}
    @Worker()
    class Idle {}
    @Module({ providers: [Idle] })
    class Broken {}
    const module = await begin({});
    const loader = module.get(LazyModuleLoader);
    await loader.load(() => LazyOrders);
    expect(await ping(module.get(WorkerApp))).toEqual(['charged 1']);
    await expect(loader.load(() => Broken)).rejects.toThrow('Idle: it has no handler and no step');
    await module.close();
  });

  test('the loader is Nest’s own again when the application has ended', async () => {
    const module = await compile({});
    const loader = module.get(LazyModuleLoader);
    await module.init();
    expect(Object.hasOwn(loader, 'load')).toBe(true);
    await module.close();
    expect(Object.hasOwn(loader, 'load')).toBe(false);
  });
});

test('a worker of a dynamic module is found, with the options of its module', async () => {
  @Worker('greeter')
  class Greeter {
    constructor(@Inject('greeting') private readonly greeting: string) {}
    @OnEvent(Ping) greet({ id }: { id: string }): string {
      return `${this.greeting} ${id}`;
    }
  }
  @Module({})
  class Greetings {}
  const dynamic = {
    module: Greetings,
    providers: [Greeter, { provide: 'greeting', useValue: 'good day' }],
  };
  const module = await begin({ imports: [dynamic] });
  expect(await ping(module.get(WorkerApp))).toEqual(['good day 1']);
  await module.close();
});

test('an inherited worker runs the handlers of its base with what its own constructor got', async () => {
  abstract class Base {
    protected abstract title(): string;
    @OnEvent(Ping) answer({ id }: { id: string }): Promise<string> {
      return this.compose(id);
    }
    @Step() async compose(id: string): Promise<string> {
      return `${this.title()} ${id}`;
    }
  }
  @Worker('derived')
  class Derived extends Base {
    constructor(private readonly payments: Payments) {
      super();
    }
    protected title(): string {
      return this.payments.charge('by derived');
    }
  }
  const module = await begin({ providers: [Payments, Derived] });
  expect(await ping(module.get(WorkerApp))).toEqual(['charged by derived 1']);
  await module.close();
});

test('a worker that two modules provide runs once, and a warning names both', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  @Module({ providers: [PingWorker], exports: [PingWorker] })
  class First {}
  @Module({ providers: [PingWorker], exports: [PingWorker] })
  class Second {}
  const module = await begin({ options: { logger }, imports: [First, Second] });
  const app = module.get(WorkerApp);
  expect(await ping(app)).toEqual(['pong 1']);
  expect(app.get(PingWorker)).toBe(module.select(First).get(PingWorker));
  expect(warnings).toEqual([expect.stringMatching(/^First and Second both provide PingWorker/)]);
  await module.close();
});

test('a worker that one module provides and several export is one', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  @Module({ providers: [PingWorker], exports: [PingWorker] })
  class Owner {}
  @Module({ imports: [Owner], exports: [Owner] })
  class First {}
  @Module({ imports: [Owner], exports: [Owner] })
  class Second {}
  const module = await begin({ options: { logger }, imports: [First, Second] });
  expect(await ping(module.get(WorkerApp))).toEqual(['pong 1']);
  expect(warnings).toEqual([]);
  await module.close();
});

test('two instances of one worker under two tokens are refused', async () => {
  const providers = ['eu', 'us'].map((provide) => ({ provide, useFactory: () => new PingWorker() }));
  expect(await mistakesOf({ providers })).toEqual([
    ['PingWorker', null, 'several providers make it, so that it has several instances'],
  ]);
});

test('an actor is found as a worker is', async () => {
  @Event('counted')
  class Counted {
    @Allow() id!: string;
  }
  class Count {
    @Allow() value = 0;
  }
  @Actor({ state: Count, key: 'id' })
  class Counter {
    constructor(private readonly payments: Payments) {}
    @OnEvent(Counted) count(event: Counted, ctx: ActorContext<Count>): string {
      ctx.setState({ value: (ctx.state?.value ?? 0) + 1 });
      return this.payments.charge(event.id);
    }
  }
  const module = await begin({ providers: [Payments, Counter] });
  const actors = module.get(WorkerApp).actor(Counter);
  await actors.send({ event: Object.assign(new Counted(), { id: 'a' }) });
  await actors.send({ event: Object.assign(new Counted(), { id: 'a' }) });
  expect((await actors.getState('a')).state).toEqual({ value: 2 });
  await module.close();
});

describe('beside @nestjs/event-emitter, @nestjs/schedule and @nestjs/cqrs', () => {
  /** What the decorators of these packages write, as they write it. */
  const writes =
    (key: string, value: unknown) =>
    (_target: object, _name: string | symbol, descriptor: PropertyDescriptor): void =>
      Reflect.defineMetadata(key, value, descriptor.value as object);
  const EmitterOnEvent = (event: string) => writes('EVENT_LISTENER_METADATA', [{ event }]);
  const ScheduleTimeout = (timeout: number) => writes('SCHEDULE_TIMEOUT_OPTIONS', { timeout });

  test('their @OnEvent and @Timeout on a worker are told, with the import to write, beside other mistakes', async () => {
    @Worker()
    class WrongImport {
      @EmitterOnEvent('ping')
      listen(): void {}

      @OnEvent(Ping)
      @ScheduleTimeout(10)
      run(): void {}

      @Step()
      @EmitterOnEvent('ping')
      step(): void {}
    }
    const found = await mistakesOf({ providers: [WrongImport] });
    expect(found).toEqual([
      ['WrongImport', 'listen', expect.stringMatching(/@OnEvent is that of @nestjs\/event-emitter/)],
      ['WrongImport', 'run', expect.stringMatching(/@Timeout is that of @nestjs\/schedule/)],
      ['WrongImport', 'step', expect.stringMatching(/@OnEvent is that of @nestjs\/event-emitter/)],
    ]);
    const module = await compile({ providers: [WrongImport] });
    await expect(module.init()).rejects.toThrow("import { OnEvent } from 'holdfast'");
  });

  test('their listeners and handlers of other providers are none of ours', async () => {
    @Injectable()
    class Listener {
      @EmitterOnEvent('ping')
      listen(): void {}
    }
    /** A command of cqrs is a class, its handler a provider: the bus is asked from a step. */
    class Charge {
      constructor(readonly id: string) {}
    }
    @Injectable()
    class CommandBus {
      readonly executed: string[] = [];
      execute(command: Charge): string {
        this.executed.push(command.id);
        return `executed ${command.id}`;
      }
    }
    @Worker('commands')
    class Commands {
      constructor(private readonly bus: CommandBus) {}
      @OnEvent(Ping) handle({ id }: { id: string }): Promise<string> {
        return this.charge(id);
      }
      @Step() async charge(id: string): Promise<string> {
        return this.bus.execute(new Charge(id));
      }
    }
    const module = await begin({ providers: [Listener, CommandBus, Commands] });
    expect(await ping(module.get(WorkerApp))).toEqual(['executed 1']);
    expect(module.get(CommandBus).executed).toEqual(['1']);
    await module.close();
  });
});

test('steps of workers that inject each other, and child executions, run on Nest’s instances', async () => {
  @Worker('shipping')
  class Shipping {
    constructor(private readonly payments: Payments) {}
    @Step() async ship(id: string): Promise<string> {
      return `shipped, ${this.payments.charge(id)}`;
    }
    @OnEvent(Pong) later({ id }: { id: string }): string {
      return `later ${id}`;
    }
  }
  @Worker('selling')
  class Selling {
    constructor(private readonly shipping: Shipping) {}
    @OnEvent(Ping) async sell({ id }: { id: string }): Promise<readonly string[]> {
      return [await this.shipping.ship(id), await run(Shipping, 'later', { id })];
    }
  }
  const module = await begin({ providers: [Payments, Shipping, Selling] });
  expect(await ping(module.get(WorkerApp))).toEqual([['shipped, charged 1', 'later 1']]);
  await module.close();
});

test('parts that another module provides replace those of the app, also where they are injected', async () => {
  const messages: string[] = [];
  @Injectable()
  class Recorder {
    readonly logger = { ...silentLogger, warn: (message: string) => void messages.push(message) };
  }
  @Module({
    providers: [
      Recorder,
      { provide: LOGGER, useFactory: (recorder: Recorder) => recorder.logger, inject: [Recorder] },
      PingWorker,
    ],
  })
  class Logging {}
  @Module({ providers: [PingWorker] })
  class Other {}
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore() }), Logging, Other],
  }).compile();
  await module.init();
  expect(messages).toEqual([expect.stringMatching(/both provide PingWorker/)]);
  expect(module.get(ModuleRef).get(LOGGER, { strict: false })).toBe(
    module.select(Logging).get(Recorder).logger,
  );
  await module.close();
});

test('a part that would need the app is refused instead of waited for', async () => {
  const made = compile({
    options: {},
    providers: [{ provide: LOGGER, useFactory: () => silentLogger, inject: [WorkerApp] }],
  });
  await expect(made).rejects.toThrow(/holdfast\/logger: what RootTestModule provides for it injects the app/);
});
