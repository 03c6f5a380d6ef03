/** Enhancers that do what those of requests may do: answer late, never, twice, or with something else. */
import {
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Compensate,
  defineEvent,
  Every,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Timeout,
  Worker,
  WorkerApp,
} from 'holdfast';
import { WorkerModule } from 'holdfast/nest';
import { WorkerTestingModule } from 'holdfast/nest/testing';
import { TestApp } from 'holdfast/testing';
import { concat, EMPTY, map, NEVER, of, throwError } from 'rxjs';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

const modules: TestingModule[] = [];

async function start(...providers: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>) {
  const root = WorkerModule.forRoot({ store: memoryStore(), logger: silentLogger, drainTimeout: 50 });
  const module = await Test.createTestingModule({ imports: [root], providers }).compile();
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

/** The outcome of a step with that interceptor around it. */
async function intercepted(intercept: NestInterceptor['intercept']): Promise<unknown> {
  let runs = 0;
  @Worker('orders')
  class Orders {
    @OnEvent(Placed) async fulfil(): Promise<unknown> {
      return [await this.charge(), runs];
    }
    @UseInterceptors({ intercept })
    @Step()
    @Retry({ maxAttempts: 1 })
    @Timeout('50ms')
    async charge(): Promise<string> {
      runs++;
      return 'paid';
    }
  }
  return place(await start(Orders)).catch((error: Error) => [error.name, runs]);
}

const answers: readonly (readonly [string, NestInterceptor['intercept'], unknown])[] = [
  [
    'maps the value: the mapped one is recorded',
    (_, next) => next.handle().pipe(map((value) => `${String(value)}!`)),
    ['paid!', 1],
  ],
  [
    'emits twice: the last is recorded',
    (_, next: CallHandler) => concat(next.handle(), of('twice')),
    ['twice', 1],
  ],
  ['answers without the method: its answer is recorded', () => of('cached'), ['cached', 0]],
  ['emits nothing: the attempt fails', () => EMPTY, ['EmptyError', 0]],
  ['never emits: the timeout ends it', () => NEVER, ['TimeoutError', 0]],
  ['throws', () => throwError(() => new RangeError('no')), ['RangeError', 0]],
  [
    'calls the method twice: both run, as in a controller',
    (_, next) => concat(next.handle(), next.handle()),
    ['paid', 2],
  ],
];

test.each(answers)('an interceptor that %s', async (_, intercept, expected) => {
  expect(await intercepted(intercept)).toEqual(expected);
});

test.each<[string, CanActivate['canActivate'], string | null]>([
  ['false', () => false, 'ForbiddenException'],
  ['a promise of false', async () => false, 'ForbiddenException'],
  ['an observable of false', () => of(false), 'ForbiddenException'],
  ['an observable of true', () => of(true), null],
  ['an observable that ends with nothing', () => EMPTY, 'EmptyError'],
  ['an error', () => Promise.reject(new RangeError('no')), 'RangeError'],
])('a guard that answers with %s', async (_, canActivate, refusal) => {
  let runs = 0;
  @Worker('orders')
  class Orders {
    @OnEvent(Placed) async fulfil(): Promise<string> {
      return this.charge();
    }
    @UseGuards({ canActivate }) @Step() @Retry({ maxAttempts: 1 }) async charge(): Promise<string> {
      runs++;
      return 'paid';
    }
  }
  const outcome = await place(await start(Orders)).catch((error: Error) => error.name);
  expect([outcome, runs]).toEqual(refusal === null ? ['paid', 1] : [refusal, 0]);
});

test('a filter that answers makes the attempt a success, of a handler too: nothing is retried', async () => {
  let runs = 0;
  @Catch(RangeError)
  class Answer implements ExceptionFilter {
    catch(error: Error): unknown {
      return { answered: error.message };
    }
  }
  @Worker('orders')
  class Orders {
    @UseFilters(Answer) @OnEvent(Placed) @Retry({ maxAttempts: 3 }) fulfil(): void {
      runs++;
      throw new RangeError('too far');
    }
  }
  const module = await start(Orders);
  expect(await place(module)).toEqual({ answered: 'too far' });
  expect(runs).toBe(1);
  expect(await module.get(WorkerApp).executions.list()).toMatchObject([{ status: 'completed' }]);
});

test('pipes change what the method gets, not the event that is stored, and each attempt begins with that', async () => {
  let runs = 0;
  const seen: unknown[] = [];
  const append: PipeTransform = {
    transform: (value: { id: string }) => {
      Object.assign(value, { id: `${value.id}+` });
      return value;
    },
  };
  @Worker('orders')
  class Orders {
    @UsePipes(append) @OnEvent(Placed) @Retry({ maxAttempts: 2, backoff: () => 1 }) fulfil({
      id,
    }: {
      id: string;
    }): void {
      seen.push(id);
      if (++runs < 2) throw new Error('again');
    }
    @OnEvent(Placed) other({ id }: { id: string }): void {
      seen.push(`other ${id}`);
    }
  }
  await place(await start(Orders));
  expect(seen.filter((each) => each === 'o-1+')).toHaveLength(2);
  expect(seen).toContain('other o-1');
});

test('of inherited methods, compensations and ticks, enhancers run', async () => {
  const guarded: string[] = [];
  const guard: CanActivate = {
    canActivate: (context) => {
      guarded.push(context.getHandler().name);
      return true;
    },
  };
  class Base {
    @UseGuards(guard) @Step() async charge(): Promise<string> {
      return 'receipt';
    }
    @UseGuards(guard) @Compensate('charge') refund(): void {}
    @UseGuards(guard) @Every('1 hour') tick(): void {}
  }
  @Worker('orders')
  class Orders extends Base {
    @OnEvent(Placed) @Retry({ maxAttempts: 1 }) async fulfil(): Promise<void> {
      await this.charge();
      throw new Error('no');
    }
  }
  const module = await Test.createTestingModule({
    imports: [WorkerTestingModule.forRoot()],
    providers: [Orders],
  }).compile();
  modules.push(module);
  await module.init();
  const app = module.get(TestApp);
  await app.publish(Placed, { id: '1' });
  await app.settle();
  expect(guarded).toEqual(['charge', 'refund']);
  await app.advance('61 minutes');
  expect(guarded).toContain('tick');
});

test('nestjs/bull#429 · a step that a unit test calls has no enhancers: they belong to passes, and the class stays a class', async () => {
  @Worker('orders')
  class Orders {
    @UseGuards({ canActivate: () => false }) @Step() async charge(id: string): Promise<string> {
      return `paid ${id}`;
    }
    @OnEvent(Placed) async fulfil({ id }: { id: string }): Promise<string> {
      return this.charge(id);
    }
  }
  expect(await new Orders().charge('1')).toBe('paid 1');
});
