import { Inject as NestInject, Injectable as NestInjectable, Optional } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { container as globalContainer, delay, inject, injectable, injectAll, singleton } from 'tsyringe';
import { AppContainer, createContainer } from '../../../../lib/app/injection/container.js';
import type { Provider } from '../../../../lib/app/injection/provider.js';
import { METRICS, STORE, WORKER_APP } from '../../../../lib/app/tokens.js';
import { Inject, Injectable } from '../../../../lib/decorators/inject.js';
import { Worker } from '../../../../lib/decorators/worker.js';
import type { WorkerClass, WorkerDefinition } from '../../../../lib/model/definition.js';
import { ConfigurationError, DefinitionError } from '../../../../lib/model/errors-boot.js';

class Clock {
  readonly id = Symbol('clock');
}

@Injectable()
class Payments {
  constructor(readonly clock: Clock) {}
}

@Worker()
class OrderWorker {
  constructor(
    readonly payments: Payments,
    @Inject(METRICS) readonly metrics: object,
    @Inject('config') readonly config: { url: string },
  ) {}
}

const metrics = { increment(): void {} };
const config = { url: 'x' };
const values: Provider[] = [
  { provide: METRICS, useValue: metrics },
  { provide: 'config', useValue: config },
];

async function mistakesOf(workers: WorkerClass[], providers: Provider[] = []): Promise<string[]> {
  try {
    await createContainer({ workers, providers });
  } catch (error) {
    if (error instanceof DefinitionError)
      return error.mistakes.map((m) => `${m.class}.${m.member}: ${m.found}. ${m.write}`);
    throw error;
  }
  return [];
}

/** A class as a build leaves it that emits these types. */
function emitted(type: WorkerClass, types?: unknown[]): WorkerClass {
  if (types !== undefined) Reflect.defineMetadata('design:paramtypes', types, type);
  return type;
}

describe('construction', () => {
  it('gives concrete classes by type and the rest by token', async () => {
    const container = await createContainer({ workers: [OrderWorker], providers: values });
    const worker = container.get(OrderWorker);
    expect(worker.payments).toBeInstanceOf(Payments);
    expect(worker.payments.clock).toBeInstanceOf(Clock);
    expect([worker.metrics, worker.config]).toEqual([metrics, config]);
  });

  it('builds each class and each factory once per app', async () => {
    let made = 0;
    const container = await createContainer({
      workers: [OrderWorker],
      providers: [
        ...values,
        { provide: Clock, useFactory: () => ({ made: ++made }) },
        { provide: 'alias', useFactory: (clock: Clock) => clock, inject: [Clock] },
      ],
    });
    expect(container.get('alias')).toBe(container.get(Clock));
    expect(container.get(Payments).clock).toBe(container.get(Clock));
    expect(made).toBe(1);
  });

  it('resolves a worker definition at once, to the same instance each time', async () => {
    const container = await createContainer({ workers: [OrderWorker], providers: values });
    const definition = { type: OrderWorker } as unknown as WorkerDefinition;
    expect(container.resolver.resolve(definition)).toBe(container.get(OrderWorker));
  });

  it('awaits asynchronous factories before it builds what needs them', async () => {
    class Needs {
      constructor(@Inject('pool') readonly pool: { open: boolean }) {}
    }
    const container = await createContainer({
      workers: [Needs],
      providers: [
        {
          provide: 'pool',
          useFactory: async (url: string) => ({ open: await Promise.resolve(true), url }),
          inject: ['url'],
        },
        { provide: 'url', useFactory: async () => 'db://x' },
      ],
    });
    expect(container.get(Needs).pool).toEqual({ open: true, url: 'db://x' });
  });

  it('takes an instance with a method then as it is', async () => {
    class Query {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
      then(): void {}
    }
    class Needs {
      constructor(readonly query: Query) {}
    }
    const container = await createContainer({
      workers: [emitted(Needs, [Query])],
      providers: [{ provide: 'query', useClass: Query }],
    });
    expect(container.get(Needs).query).toBeInstanceOf(Query);
    expect(container.get('query')).toBeInstanceOf(Query);
  });

  it('takes a mock in place of a class, and the last provider of a token', async () => {
    const mock = { charge: () => 1 };
    const container = await createContainer({
      workers: [OrderWorker],
      parts: [
        { provide: METRICS, useValue: 'default' },
        { provide: STORE, useValue: 'store' },
      ],
      providers: [...values, { provide: Payments, useValue: mock }],
    });
    expect(container.get(OrderWorker).payments).toBe(mock);
    expect([container.get(METRICS), container.get(STORE)]).toEqual([metrics, 'store']);
  });

  it('keeps falsy values as they are', async () => {
    const container = await createContainer({
      providers: [
        { provide: 'zero', useValue: 0 },
        { provide: 'none', useValue: undefined },
      ],
    });
    expect([
      container.get('zero'),
      container.get('none'),
      container.has('none'),
      container.has('other'),
    ]).toEqual([0, undefined, true, false]);
  });

  it('takes explicit tokens where no types are emitted', async () => {
    @Worker({ inject: [Clock, METRICS] })
    class Plain {
      readonly got: unknown[];
      constructor(...got: unknown[]) {
        this.got = got;
      }
    }
    Reflect.deleteMetadata('design:paramtypes', Plain);
    const container = await createContainer({ workers: [Plain], providers: values });
    expect(container.get(Plain).got).toEqual([container.get(Clock), metrics]);
  });

  it('gives a subclass without a constructor what its base takes, decorated or not', async () => {
    class Undecorated extends Payments {}
    @Worker('sub')
    class Decorated extends OrderWorker {}
    const container = await createContainer({ workers: [Undecorated, Decorated], providers: values });
    expect(container.get(Undecorated).clock).toBe(container.get(Clock));
    expect(container.get(Decorated).metrics).toBe(metrics);
  });

  it('constructs a class asked for later, once', async () => {
    const container = await createContainer({});
    expect(container.get(Payments)).toBe(container.get(Payments));
    expect(container.has(Payments)).toBe(true);
  });

  it('takes in workers at run time, and refuses them as often as they are wrong', async () => {
    const container = await createContainer({});
    expect(() => {
      container.add([OrderWorker]);
    }).toThrow('nothing provides');
    expect(() => {
      container.add([OrderWorker]);
    }).toThrow('nothing provides');
    container.add([Payments]);
    expect(container.get(Payments)).toBeInstanceOf(Payments);
  });
});

describe('late tokens', () => {
  class Publishing {
    constructor(@Inject(WORKER_APP) readonly app: object) {}
  }
  @Injectable()
  class Above {
    constructor(readonly publishing: Publishing) {}
  }

  it('are given when they exist; only what needs them waits', async () => {
    const container = await createContainer({
      workers: [Above],
      providers: [Publishing, Clock, { provide: STORE, useValue: 1 }],
      late: [WORKER_APP],
    });
    expect(container.get(STORE)).toBe(1);
    expect([container.has(Clock), container.has(Above)]).toEqual([true, false]);
    expect(() => container.get(Above)).toThrow('asked for before it was built');
    const app = {};
    await container.complete([[WORKER_APP, app]]);
    expect(container.get(Above).publishing.app).toBe(app);
  });
});

describe('isolation', () => {
  it('a hundred apps in one process share nothing', async () => {
    @singleton()
    class Single {}
    class Uses {
      constructor(
        readonly single: Single,
        readonly clock: Clock,
      ) {}
    }
    emitted(Uses, [Single, Clock]);
    const containers = await Promise.all(
      Array.from({ length: 100 }, () => createContainer({ workers: [Uses] })),
    );
    expect(new Set(containers.map((each) => each.get(Uses))).size).toBe(100);
    expect(new Set(containers.map((each) => each.get(Uses).single)).size).toBe(100);
    expect(new Set(containers.map((each) => each.get(Uses).clock.id)).size).toBe(100);
    expect(containers.every((each) => each.get(Uses).clock === each.get(Clock))).toBe(true);
  });

  it('the global container is neither read nor written', async () => {
    globalContainer.register('config', { useValue: 'global' });
    try {
      expect(await mistakesOf([OrderWorker], [{ provide: METRICS, useValue: 1 }])).toEqual([
        expect.stringContaining("nothing provides 'config'"),
      ]);
      await createContainer({ workers: [OrderWorker], providers: values });
      expect(globalContainer.isRegistered(OrderWorker)).toBe(false);
    } finally {
      globalContainer.reset();
    }
  });
});

describe('a container of the user', () => {
  it('is derived from: its registrations are seen, ours go before, and nothing is written to it', async () => {
    const parent = globalContainer.createChildContainer();
    parent.register('config', { useValue: 'parent' }).register(METRICS, { useValue: 'parent' });
    const container = await createContainer({
      workers: [OrderWorker],
      container: parent,
      providers: [{ provide: METRICS, useValue: metrics }],
    });
    expect(container.get(OrderWorker)).toMatchObject({ config: 'parent', metrics });
    expect(parent.isRegistered(OrderWorker)).toBe(false);
    await container.dispose();
    expect(parent.resolve('config')).toBe('parent');
  });

  it('constructs what it has registered, with our values', async () => {
    @injectable()
    class Theirs {
      constructor(@inject('config') readonly config: object) {}
    }
    const parent = globalContainer.createChildContainer();
    parent.register('theirs', { useClass: Theirs });
    const container = await createContainer({ providers: values, container: parent });
    expect(container.get<Theirs>('theirs').config).toBe(config);
  });
});

describe('decorators of other hosts', () => {
  it('of tsyringe: @injectable, @inject, @injectAll, delay', async () => {
    class Later {
      readonly name = 'later';
    }
    @injectable()
    class Service {
      constructor(
        @inject('config') readonly config: object,
        readonly clock: Clock,
        @injectAll('plugin') readonly plugins: unknown[],
        @inject(delay(() => Later)) readonly later: Later,
        @inject('absent', { isOptional: true }) readonly absent?: object,
      ) {}
    }
    const container = await createContainer({
      workers: [Service],
      providers: [...values, { provide: 'plugin', useValue: 1 }],
    });
    const service = container.get(Service);
    expect(service).toMatchObject({ config, plugins: [1], absent: undefined });
    expect(service.clock).toBe(container.get(Clock));
    expect(service.later.name).toBe('later');
  });

  it('of Nest: @Injectable, @Inject, @Optional', async () => {
    @NestInjectable()
    class Service {
      constructor(
        @NestInject('config') readonly config: object,
        readonly clock: Clock,
        @Optional() @NestInject('absent') readonly absent?: object,
      ) {}
    }
    const container = await createContainer({ workers: [Service], providers: values });
    expect(container.get(Service)).toMatchObject({ config, absent: undefined });
  });

  it('ours are read by Nest', async () => {
    const module = await Test.createTestingModule({
      providers: [
        OrderWorker,
        Payments,
        Clock,
        { provide: METRICS, useValue: metrics },
        { provide: 'config', useValue: config },
      ],
    }).compile();
    const worker = module.get(OrderWorker);
    expect(worker).toMatchObject({ metrics, config });
    expect(worker.payments.clock).toBe(module.get(Clock));
    await module.close();
  });

  it('ours are read by Nest where no types are emitted', async () => {
    @Worker({ inject: [Clock, METRICS] })
    class Plain {
      constructor(
        readonly clock: unknown,
        readonly metrics: unknown,
      ) {}
    }
    Reflect.deleteMetadata('design:paramtypes', Plain);
    const module = await Test.createTestingModule({
      providers: [Plain, Clock, { provide: METRICS, useValue: metrics }],
    }).compile();
    expect(module.get(Plain)).toMatchObject({ clock: module.get(Clock), metrics });
    await module.close();
  });

  it('ours are read by tsyringe', () => {
    const known = OrderWorker as unknown as new (...args: unknown[]) => OrderWorker;
    injectable()(known);
    const theirs = globalContainer.createChildContainer();
    theirs
      .register(METRICS, { useValue: metrics })
      .register('config', { useValue: config })
      .register(Payments, { useValue: {} as Payments });
    expect(theirs.resolve(known)).toMatchObject({
      metrics,
      config,
    });
  });
});

describe('a parameter that cannot be given', () => {
  const one = (): WorkerClass =>
    class Sample {
      constructor(readonly a: unknown) {}
    };

  it.each([
    [
      'no emitted types',
      undefined,
      'its type is unknown: the build emits no constructor types (tsx and esbuild never do)',
    ],
    ['undefined', [undefined], 'its type is undefined: a circular import'],
    [
      'Function',
      [Function],
      'its type is emitted as Function: most likely the class is imported by `import type`',
    ],
    ['Object', [Object], 'its type is an interface, a union'],
    ['an enum object', [{ A: 1 }], 'its type is an interface, a union'],
    ['String', [String], 'its type is String, which names no dependency'],
    ['Number', [Number], 'its type is Number, which names no dependency'],
    ['Array', [Array], 'its type is Array, which names no dependency'],
    ['Promise', [Promise], 'its type is Promise, which names no dependency'],
  ])('of %s names class, parameter, cause and cure', async (_, types, found) => {
    const [mistake] = await mistakesOf([emitted(one(), types)]);
    expect(mistake).toContain(`Sample.parameter 0: ${found}`);
    expect(mistake).toMatch(
      /Write @Inject(able\(\) \(from 'holdfast'\)|\(TOKEN\))|import \{ Payments \}|Break the circle/,
    );
  });

  it('of a class that is no worker names what takes it, and no option of @Worker', async () => {
    class Mailer {
      constructor(readonly url: string) {}
    }
    @Worker()
    class OnboardingWorker {
      constructor(readonly mailer: Mailer) {}
    }
    const [mistake] = await mistakesOf([OnboardingWorker]);
    expect(mistake).toMatch(
      /^Mailer\.parameter 0: .* \(Mailer is injected into OnboardingWorker\)\. Write @Injectable\(\)/,
    );
    expect(mistake).not.toContain('@Worker');
    const all = await mistakesOf([emitted(OnboardingWorker, [Object])]);
    expect(all.join()).toContain('@Worker({ inject: [Payments, METRICS] })');
  });

  it('by a token that is undefined is refused', async () => {
    class Circular {}
    (Inject as (token: unknown) => ParameterDecorator)(undefined)(Circular, undefined, 0);
    expect(await mistakesOf([Circular])).toEqual([
      expect.stringContaining('Circular.parameter 0: its token is undefined'),
    ]);
  });

  it('by a token that nobody provides is refused', async () => {
    expect(await mistakesOf([OrderWorker])).toEqual([
      'OrderWorker.parameter 1: nothing provides Symbol(holdfast/metrics). Add { provide: Symbol(holdfast/metrics), useValue: … } to providers',
      "OrderWorker.parameter 2: nothing provides 'config'. Add { provide: 'config', useValue: … } to providers",
    ]);
  });

  it('in a circle is refused', async () => {
    class A {}
    class B {}
    emitted(A, [B]);
    emitted(B, [A]);
    expect(await mistakesOf([A])).toEqual([expect.stringContaining('it needs itself: A → B → A')]);
  });

  it('of a subclass with a constructor of its own and no decorator is refused', async () => {
    class Sub extends Payments {
      constructor(
        clock: Clock,
        readonly more: Clock,
      ) {
        super(clock);
      }
    }
    expect((await mistakesOf([Sub])).map((each) => each.split(':')[0])).toEqual([
      'Sub.parameter 0',
      'Sub.parameter 1',
    ]);
  });

  it('is told with all others, and nothing is built', async () => {
    let built = 0;
    const broken = await mistakesOf(
      [emitted(one(), [Object]), OrderWorker],
      [
        { provide: 'x', useFactory: () => built++ },
        { provide: 'y' } as unknown as Provider,
        { provide: 'z', useFactory: (a: unknown) => a },
      ],
    );
    expect(broken.map((each) => each.split(':')[0])).toEqual([
      'providers.1',
      'providers.2',
      'Sample.parameter 0',
      'OrderWorker.parameter 1',
      'OrderWorker.parameter 2',
    ]);
    expect(built).toBe(0);
  });

  it.each([
    [{ provide: undefined, useValue: 1 }, 'it provides undefined'],
    [{ provide: 'a', useValue: 1, useClass: Clock }, "'a' has useValue and useClass"],
    [{ provide: 'a' }, "'a' has no value"],
    [{ provide: 'a', useVale: 1 }, "'a' has useVale. Write useValue"],
    [{ provide: 'a', useClass: undefined }, "'a' has useClass: undefined"],
    [{ provide: 'a', useFactory: 5 }, "'a' has no factory function"],
    [undefined, 'undefined is no provider'],
  ])('a provider %p is refused', async (provider, found) => {
    const parts = [{ provide: STORE, useValue: 1 }];
    const counted = createContainer({ parts, providers: [Clock, provider as unknown as Provider] });
    await expect(counted).rejects.toThrow(`providers.1: ${found}`);
    expect(await mistakesOf([], [provider as unknown as Provider])).toEqual([
      expect.stringContaining(`providers.0: ${found}`),
    ]);
  });

  it('is known without building: new AppContainer(options).mistakes', () => {
    expect(new AppContainer({ workers: [OrderWorker] }).mistakes).toHaveLength(2);
  });
});

describe('the end of an app', () => {
  it('ends what the container constructed, newest first, once, and nothing else', async () => {
    const ended: string[] = [];
    class First {
      dispose(): void {
        ended.push('first');
      }
    }
    class Second {
      constructor(readonly first: First) {}
      async [Symbol.asyncDispose](): Promise<void> {
        await Promise.resolve();
        ended.push('second');
      }
      dispose(): void {
        ended.push('never');
      }
    }
    class Third {
      constructor(readonly second: Second) {}
      onModuleDestroy(): void {
        ended.push('third');
      }
    }
    emitted(Second, [First]);
    emitted(Third, [Second]);
    const container = await createContainer({
      workers: [Third],
      providers: [
        { provide: 'value', useValue: new First() },
        { provide: 'made', useFactory: () => new First() },
      ],
    });
    await Promise.all([container.dispose(), container.dispose()]);
    expect(ended).toEqual(['third', 'second', 'first']);
  });

  it('gives every instance its turn when one fails', async () => {
    const ended: string[] = [];
    class Fails {
      dispose(): void {
        throw new Error('stuck');
      }
    }
    class Ends {
      dispose(): void {
        ended.push('ends');
      }
    }
    const container = await createContainer({ workers: [Ends, Fails] });
    await expect(container.dispose()).rejects.toThrow('stuck');
    expect(ended).toEqual(['ends']);
  });

  it('comes at once when a factory fails at boot', async () => {
    const ended: string[] = [];
    class Built {
      dispose(): void {
        ended.push('built');
      }
    }
    const providers: Provider[] = [
      Built,
      { provide: 'x', useFactory: () => Promise.reject(new Error('no database')) },
    ];
    await expect(createContainer({ providers })).rejects.toThrow('no database');
    expect(ended).toEqual(['built']);
  });
});

describe('what fails while it is built', () => {
  class Db {
    constructor() {
      throw new TypeError('no db');
    }
  }
  @Injectable()
  class Ledger {
    constructor(readonly db: Db) {}
  }
  @Worker()
  class LedgerWorker {
    constructor(readonly ledger: Ledger) {}
  }

  it.each<[string, WorkerClass[], Provider[], string]>([
    [
      'a constructor',
      [LedgerWorker],
      [],
      'Db: its constructor threw TypeError: no db. Look at the cause of this error; it is built for LedgerWorker → Ledger',
    ],
    [
      'a factory',
      [],
      [{ provide: 'db', useFactory: () => Promise.reject(new TypeError('no db')) }],
      "'db': its factory threw TypeError: no db. Look at the cause of this error",
    ],
  ])('is named, with who needs it: %s', async (_, workers, providers, told) => {
    const error: unknown = await createContainer({ workers, providers }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DefinitionError);
    expect((error as DefinitionError).message).toBe(`1 mistake in definitions:\n  - ${told}`);
    expect((error as DefinitionError).cause).toEqual(new TypeError('no db'));
  });

  it('is left as it is where it is an error of Holdfast', async () => {
    const refused = new ConfigurationError([{ option: 'path', found: 'it is none', write: 'Write one' }]);
    const useFactory = (): never => {
      throw refused;
    };
    await expect(createContainer({ providers: [{ provide: 'store', useFactory }] })).rejects.toBe(refused);
  });
});
