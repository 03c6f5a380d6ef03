import {
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_GUARD, Reflector, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  defineEvent,
  execution,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Worker,
  WorkerApp,
} from 'holdfast';
import { WorkerModule, type WorkerModuleOptions } from 'holdfast/nest';
import { map, tap, throwError } from 'rxjs';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

interface Order {
  readonly id: string;
}

/** What happened, in order. */
@Injectable()
class Log {
  readonly lines: string[] = [];
}

@Injectable()
class LogGuard implements CanActivate {
  constructor(private readonly log: Log) {}
  canActivate(context: ExecutionContext): boolean {
    this.log.lines.push(`guard ${context.getHandler().name} #${execution().attempt}`);
    return true;
  }
}

@Injectable()
class LogInterceptor implements NestInterceptor {
  constructor(private readonly log: Log) {}
  intercept(context: ExecutionContext, next: CallHandler) {
    const { name } = context.getHandler();
    this.log.lines.push(`before ${name}`);
    return next.handle().pipe(tap({ next: () => this.log.lines.push(`after ${name}`) }));
  }
}

@Injectable()
class LogPipe implements PipeTransform {
  constructor(private readonly log: Log) {}
  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    this.log.lines.push(`pipe ${metatype?.name ?? '?'} ${String(value)}`);
    return value;
  }
}

@Catch()
@Injectable()
class LogFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}
  catch(error: unknown): never {
    this.log.lines.push(`filter ${(error as Error).message}`);
    throw error;
  }
}

const modules: TestingModule[] = [];

async function start(
  providers: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>,
  options: WorkerModuleOptions = {},
): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, ...options })],
    providers: [Log, ...providers],
  }).compile();
  modules.push(module);
  await module.init();
  return module;
}

afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

async function place(module: TestingModule): Promise<unknown> {
  const [value] = await module.get(WorkerApp).execute(Placed, { id: 'o-1' });
  return value;
}

const linesOf = (module: TestingModule): readonly string[] => module.get(Log).lines;

describe('G4 · nestjs/bull#429 · an interceptor, a guard and a pipe on a step', () => {
  @Worker()
  class Orders {
    tries = 0;

    @OnEvent(Placed)
    async fulfil(order: Order): Promise<string> {
      const receipt = await this.charge(order.id);
      return this.confirm(receipt);
    }

    @UseGuards(LogGuard)
    @UseInterceptors(LogInterceptor)
    @UsePipes(LogPipe)
    @Step()
    async charge(id: string): Promise<string> {
      return `paid ${id}`;
    }

    @Step()
    @Retry({ maxAttempts: 3, backoff: fixed('1ms') })
    async confirm(receipt: string): Promise<string> {
      if (++this.tries < 3) throw new Error('no mail today');
      return `told ${receipt}`;
    }
  }

  test('run once, and not for the recorded result that a resumed handler gets', async () => {
    const module = await start([Orders]);
    expect(await place(module)).toBe('told paid o-1');
    expect(module.get(Orders).tries).toBe(3);
    expect(linesOf(module)).toEqual(['guard charge #1', 'before charge', 'pipe String o-1', 'after charge']);
  });
});

test('enhancers of a step run once per attempt, filters around guards, guards before interceptors, pipes last', async () => {
  @Worker()
  class Orders {
    tries = 0;

    @OnEvent(Placed)
    fulfil(order: Order): Promise<string> {
      return this.charge(order.id);
    }

    @Step()
    @Retry({ maxAttempts: 3, backoff: fixed('1ms') })
    @UseFilters(LogFilter)
    @UseGuards(LogGuard)
    @UseInterceptors(LogInterceptor)
    @UsePipes(LogPipe)
    async charge(id: string): Promise<string> {
      if (++this.tries < 2) throw new Error('closed');
      return id;
    }
  }
  const module = await start([Orders]);
  expect(await place(module)).toBe('o-1');
  expect(linesOf(module)).toEqual([
    'guard charge #1',
    'before charge',
    'pipe String o-1',
    'filter closed',
    'guard charge #2',
    'before charge',
    'pipe String o-1',
    'after charge',
  ]);
});

test('enhancers of a class run for its handlers and each of its steps, called or declared, once each', async () => {
  @Worker()
  @UseGuards(LogGuard)
  class Orders {
    @OnEvent(Placed)
    fulfil(order: Order): Promise<string> {
      return this.charge(order.id);
    }
    @Step() async charge(id: string): Promise<string> {
      return id;
    }
    @Step({ after: 'fulfil' }) file(id: string): string {
      return `filed ${id}`;
    }
  }
  const module = await start([Orders, { provide: 'alias', useExisting: Orders }]);
  expect(await place(module)).toBe('o-1');
  expect(linesOf(module)).toEqual(['guard fulfil #1', 'guard charge #1', 'guard file #1']);
});

test("the context is of type 'holdfast', and its arguments are [data, execution()]", async () => {
  const seen: (readonly unknown[])[] = [];
  const Tier = (tier: string) => SetMetadata('tier', tier);
  const guard: CanActivate = {
    canActivate(context) {
      const [data, current, ...rest] = context.getArgs<[unknown, unknown, ...unknown[]]>();
      seen.push([
        context.getType<string>(),
        context.getClass(),
        context.getHandler().name,
        new Reflector().getAllAndOverride('tier', [context.getHandler(), context.getClass()]),
        data,
        current === execution(),
        rest,
      ]);
      return true;
    },
  };
  @Worker()
  @UseGuards(guard)
  @Tier('plain')
  class Orders {
    @OnEvent(Placed)
    async fulfil(order: Order): Promise<number> {
      await this.charge(order.id, 5);
      return this.count();
    }
    @Tier('gold')
    @Step()
    async charge(id: string, amount: number): Promise<string> {
      return `${id} ${amount}`;
    }
    @Step() async count(): Promise<number> {
      return arguments.length;
    }
  }
  const module = await start([Orders]);
  expect(await place(module)).toBe(0);
  expect(seen).toEqual([
    ['holdfast', Orders, 'fulfil', 'plain', { id: 'o-1' }, true, []],
    ['holdfast', Orders, 'charge', 'gold', 'o-1', true, [5]],
    ['holdfast', Orders, 'count', 'plain', undefined, true, []],
  ]);
});

test('what a guard refuses fails the attempt, and is retried as any error; NonRetryableError is final', async () => {
  let asked = 0;
  const guard: CanActivate = { canActivate: () => ++asked > 1 };
  const finalGuard: CanActivate = {
    canActivate: () => {
      throw new NonRetryableError('blocked');
    },
  };
  @Worker()
  class Orders {
    @OnEvent(Placed)
    async fulfil(order: Order): Promise<string> {
      const receipt = await this.charge(order.id);
      return this.ship(receipt).catch((error: Error) => error.message);
    }
    @UseGuards(guard)
    @Step()
    @Retry({ backoff: fixed('1ms') })
    async charge(id: string): Promise<string> {
      return id;
    }
    @UseGuards(finalGuard) @Step() async ship(id: string): Promise<string> {
      return id;
    }
  }
  const module = await start([Orders]);
  expect(await place(module)).toBe('blocked');
  expect(asked).toBe(2);
});

test('a step is what its pipes, interceptors and filters make of it: that is stored, and given on replay', async () => {
  class Twice implements PipeTransform<number, number> {
    transform(value: number): number {
      return value * 2;
    }
  }
  const plusOne: NestInterceptor = {
    intercept: (_, next) => next.handle().pipe(map((value: number) => value + 1)),
  };
  @Catch(RangeError)
  class Zero implements ExceptionFilter {
    catch(): string {
      return 'nothing';
    }
  }
  @Catch(TypeError)
  class Final implements ExceptionFilter {
    catch(error: TypeError): unknown {
      return throwError(() => new NonRetryableError(`final: ${error.message}`));
    }
  }
  @Worker()
  class Orders {
    @OnEvent(Placed)
    async fulfil(): Promise<unknown> {
      const sum = await this.add(1, 2);
      const none = await this.fail();
      const final = await this.misuse().catch((error: Error) => error.message);
      return [sum, none, final];
    }
    @UsePipes(Twice) @UseInterceptors(plusOne) @Step() async add(
      one: number,
      other: number,
    ): Promise<number> {
      return one + other;
    }
    @UseFilters(Zero) @Step() async fail(): Promise<void> {
      throw new RangeError('too far');
    }
    @UseFilters(new Final()) @Step() async misuse(): Promise<void> {
      throw new TypeError('no number');
    }
  }
  const module = await start([Orders]);
  expect(await place(module)).toEqual([7, 'nothing', 'final: no number']);
  const [{ id } = { id: '' }] = await module.get(WorkerApp).executions.list();
  const steps = await module.get(WorkerApp).execution(id).steps();
  expect(steps.map(({ path, status, value }) => [path, status, value])).toEqual([
    ['fulfil/add', 'completed', 7],
    ['fulfil/fail', 'completed', 'nothing'],
    ['fulfil/misuse', 'failed', undefined],
  ]);
});

describe('a step that calls the one it overrides', () => {
  async function called(guard: CanActivate | (new (log: Log) => CanActivate)): Promise<TestingModule> {
    class Base {
      @UseGuards(guard)
      @Step()
      async charge(id: string): Promise<string> {
        return `base ${id}`;
      }
    }
    @Worker()
    class Sub extends Base {
      @OnEvent(Placed) fulfil(order: Order): Promise<string> {
        return this.charge(order.id);
      }
      @UseInterceptors(LogInterceptor)
      @Step()
      override async charge(id: string): Promise<string> {
        return `sub ${await super.charge(id)}`;
      }
    }
    return start([Sub]);
  }

  test('has the enhancers of both, each around its own', async () => {
    const log: string[] = [];
    const module = await called({
      canActivate: (context) => log.push(`guard ${execution().step}, ${context.getClass().name}`) > 0,
    });
    expect(await place(module)).toBe('sub base o-1');
    expect(linesOf(module)).toEqual(['before charge', 'after charge']);
    expect(log).toEqual(['guard fulfil/charge/charge, Sub']);
  });

  test('fails rather than to run without a guard that Nest has not made', async () => {
    const module = await called(LogGuard);
    await expect(place(module)).rejects.toThrow('Sub.charge: its @UseGuards(LogGuard) cannot run');
  });
});

test('a request-scoped guard is made for each pass, with the execution as its request', async () => {
  const guards: object[] = [];
  @Injectable({ scope: Scope.REQUEST })
  class TenantGuard implements CanActivate {
    constructor(
      @Inject(REQUEST) private readonly request: { readonly id: string },
      private readonly log: Log,
    ) {}
    canActivate(): boolean {
      guards.push(this);
      this.log.lines.push(String(this.request.id === execution().id));
      return true;
    }
  }
  @Worker()
  class Orders {
    @UseGuards(TenantGuard)
    @OnEvent(Placed)
    async fulfil(order: Order): Promise<string> {
      return order.id;
    }
  }
  const module = await start([Orders]);
  expect([await place(module), await place(module)]).toEqual(['o-1', 'o-1']);
  expect(linesOf(module)).toEqual(['true', 'true']);
  expect(new Set(guards).size).toBe(2);
});

describe('enhancers of the whole application', () => {
  @Worker()
  class Orders {
    @OnEvent(Placed) async fulfil(order: Order): Promise<string> {
      return this.charge(order.id);
    }
    @Step() async charge(id: string): Promise<string> {
      return id;
    }
  }
  const guard = { provide: APP_GUARD, useClass: LogGuard };

  test('leave workers alone: they expect requests', async () => {
    const module = await start([Orders, guard]);
    await place(module);
    expect(linesOf(module)).toEqual([]);
  });

  test('run for handlers and steps by option, those that were added later included', async () => {
    const module = await start([Orders, guard], { globalEnhancers: true });
    await place(module);
    expect(linesOf(module)).toEqual(['guard fulfil #1', 'guard charge #1']);
  });
});

test('guards that Nest would leave out without a word are a DefinitionError', async () => {
  @Worker()
  class Orders {
    @UseGuards(LogGuard)
    @OnEvent(Placed)
    fulfil(): void {}
  }
  await expect(start([{ provide: 'orders', useFactory: () => new Orders() }])).rejects.toThrow(
    'Orders.fulfil: its @UseGuards(LogGuard) cannot run: Nest has not made a LogGuard for it. ' +
      'Provide Orders as a class, and decorate the method that overrides others; or write @UseGuards(new LogGuard())',
  );
});

test('of a worker made by a factory, enhancers that are objects run', async () => {
  const guard: CanActivate = { canActivate: () => Promise.reject(new NonRetryableError('no entry')) };
  @Worker()
  class Orders {
    @UseGuards(guard)
    @OnEvent(Placed)
    fulfil(): void {}
  }
  const module = await start([{ provide: 'orders', useFactory: () => new Orders() }]);
  await expect(place(module)).rejects.toThrow('no entry');
});
