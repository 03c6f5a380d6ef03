import {
  bootstrap,
  Concurrency,
  DefinitionError,
  Injectable,
  memoryStore,
  OnEvent,
  type Provider,
  RateLimit,
  silentLogger,
  Step,
  Worker,
  WorkerApp,
  WORKER_APP,
  Inject,
  type WorkerClass,
} from '../../../../lib/entries/index.js';
import { resolveLimits } from '../../../../lib/app/injection/resolve-limits.js';
import { compileWorkers } from '../../../../lib/compiler/compile-workers.js';
import type { WorkerDefinition } from '../../../../lib/model/definition.js';

class AppConfig {
  readonly orders: number = 4;
  readonly window = '2s' as const;
}

@Worker('orders')
@Concurrency({ from: AppConfig, limit: (config) => config.orders })
class Orders {
  @OnEvent('placed')
  @RateLimit({ from: AppConfig, limit: 3, per: (config) => config.window, key: 'id' })
  place(_order: { id: string }): void {}

  @OnEvent('changed')
  @Concurrency(9)
  change(_order: unknown): void {}

  @Step()
  @Concurrency({ from: 'slots', limit: (slots: number) => slots })
  charge(): void {}

  @Step()
  ship(): void {}
}

function resolve(type: WorkerClass, provided: ReadonlyMap<unknown, unknown>): WorkerDefinition {
  const [definition] = resolveLimits(compileWorkers([type]), (token) => {
    if (!provided.has(token)) throw new Error('nobody provides it');
    return provided.get(token);
  });
  return definition as WorkerDefinition;
}

function mistakesOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DefinitionError)
      return error.mistakes.map(
        ({ class: type, member, found, write }) => `${type}.${member ?? '(class)'}: ${found}. ${write}`,
      );
    throw error;
  }
  return [];
}

describe('limits from providers', () => {
  const resolved = resolve(
    Orders,
    new Map<unknown, unknown>([
      [AppConfig, new AppConfig()],
      ['slots', 2],
    ]),
  );

  it('are numbers on the definition, beside those that were written', () => {
    expect(resolved.handlers).toMatchObject([
      { method: 'place', concurrency: { limit: 4, key: null }, rateLimit: { limit: 3, perMs: 2_000 } },
      { method: 'change', concurrency: { limit: 9, key: null }, rateLimit: null },
    ]);
    expect(resolved.handlers[0]?.rateLimit?.key?.path).toBe('id');
    expect(resolved.steps.get('charge')?.concurrency).toEqual({ limit: 2, key: null });
    expect(resolved.steps.get('ship')?.concurrency).toBeNull();
    expect(resolved).not.toHaveProperty('provided');
  });

  it('stand in the graph, which keeps its fingerprint', () => {
    const policies = new Map(resolved.graph.nodes.map((node) => [node.name, node.policies]));
    expect(policies.get('place')).toMatchObject({
      concurrency: { limit: 4, key: null },
      rateLimit: { limit: 3, perMs: 2_000, key: 'id' },
    });
    expect(policies.get('charge')?.concurrency).toEqual({ limit: 2, key: null });
    expect(resolved.graph.fingerprint).toBe(compileWorkers([Orders])[0]?.graph.fingerprint);
  });

  it('leave the definition frozen to the ground', () => {
    const parts = [
      resolved,
      resolved.handlers,
      ...resolved.handlers,
      ...resolved.handlers.flatMap(({ concurrency, rateLimit }) => [concurrency, rateLimit]),
      resolved.steps,
      ...resolved.steps.values(),
      resolved.graph,
    ];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(() => (resolved.steps as Map<string, unknown>).clear()).toThrow('cannot be changed');
  });

  it('that cannot bound anything are one error that names class, method, option and provider', () => {
    const config = { orders: 0, window: 'soon' };
    expect(
      mistakesOf(() =>
        resolve(
          Orders,
          new Map<unknown, unknown>([
            [AppConfig, config],
            ['slots', '2'],
          ]),
        ),
      ),
    ).toEqual([
      'Orders.(class): @Concurrency has limit: 0, read from AppConfig. Let it be a whole number from 1 on',
      "Orders.place: @RateLimit has per: 'soon', read from AppConfig. Let it be more than 0: ms or text such as '30s' or '5 minutes'",
      "Orders.charge: @Concurrency has limit: '2', read from 'slots'. Let it be a whole number from 1 on",
    ]);
  });

  it('of a provider that is missing, and of a function that throws, are told too', () => {
    expect(mistakesOf(() => resolve(Orders, new Map([[AppConfig, null]])))).toEqual([
      expect.stringContaining('Orders.(class): @Concurrency has limit: a function that threw'),
      expect.stringContaining('Orders.place: @RateLimit has per: a function that threw'),
      "Orders.charge: @Concurrency reads its limit from 'slots', which cannot be had: nobody provides it. Provide 'slots', or write the number",
    ]);
  });

  it('cannot be promises', () => {
    @Worker('later')
    class Later {
      @Step()
      @Concurrency({ from: 'config', limit: (async () => 5) as unknown as () => number })
      run(): void {}
    }
    expect(mistakesOf(() => resolve(Later, new Map([['config', {}]])))).toEqual([
      "Later.run: @Concurrency has limit: a promise, read from 'config'. Let it be a whole number from 1 on",
    ]);
  });
});

describe('an app', () => {
  const start = async (workers: readonly WorkerClass[], providers: readonly Provider[]): Promise<WorkerApp> =>
    bootstrap({ workers, providers, store: memoryStore(), logger: silentLogger });

  it('reads limits from what its container has, also from what waited for the app itself', async () => {
    @Injectable()
    class Late {
      readonly limit = 6;
      constructor(@Inject(WORKER_APP) readonly app: WorkerApp) {}
    }
    const read: number[] = [];
    @Worker('late')
    class LateWorker {
      @OnEvent('x')
      @Concurrency({
        from: Late,
        limit: (late) => {
          read.push(late.limit);
          return late.limit;
        },
      })
      go(): void {}
    }
    const app = await start([LateWorker], [Late]);
    await app.close();
    expect(read).toEqual([6]);
  });

  it('is not made where one cannot bound anything, and registers no such worker', async () => {
    const slots = { provide: 'slots', useValue: 0 };
    await expect(start([Orders], [slots])).rejects.toThrow(
      "Orders.charge: @Concurrency has limit: 0, read from 'slots'",
    );
    const app = await start([], [slots]);
    await expect(app.register(Orders)).rejects.toThrow(DefinitionError);
    expect(app.stats()).toBeDefined();
    await app.close();
  });
});
