import { Inject, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CLOCK,
  type Clock,
  defineEvent,
  Every,
  execution,
  memoryStore,
  METRICS,
  type Metrics,
  OnEvent,
  sleep,
  sqliteStore,
  Step,
  STORE,
  type Store,
  Worker,
  WORKER_APP,
  WorkerApp,
} from 'holdfast';
import { WorkerModule } from 'holdfast/nest';
import { WorkerTestingModule } from 'holdfast/nest/testing';
import { TestApp, VirtualClock } from 'holdfast/testing';
import { z } from 'zod';
import { TimerWatch } from '../../timer-watch.js';

const Placed = defineEvent('placed', z.object({ id: z.string() }));

@Injectable()
class Payments {
  async charge(id: string): Promise<string> {
    return `real ${id}`;
  }
}

@Worker('orders')
class Orders {
  constructor(
    private readonly payments: Payments,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @OnEvent(Placed)
  async fulfil({ id }: { id: string }): Promise<string> {
    const receipt = await this.charge(id);
    await sleep('3 days');
    return this.confirm(receipt);
  }

  @Step() charge(id: string): Promise<string> {
    return this.payments.charge(id);
  }

  @Step() async confirm(receipt: string): Promise<string> {
    return `${receipt} at ${new Date(this.clock.now()).toISOString()} in ${execution().worker}`;
  }
}

@Injectable()
class Desk {
  constructor(
    readonly workers: WorkerApp,
    @Inject(STORE) readonly store: Store,
    @Inject(METRICS) readonly metrics: Metrics,
  ) {}
}

@Module({ providers: [Orders, Payments, Desk] })
class OrdersModule {}

const metrics: Metrics = { increment: jest.fn(), timing: jest.fn(), gauge: jest.fn() };
const real = sqliteStore('never/opened.db');

@Module({ imports: [WorkerModule.forRoot({ store: real, metrics, concurrency: 3 }), OrdersModule] })
class AppModule {}

const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

async function start(builder: ReturnType<typeof Test.createTestingModule>): Promise<TestingModule> {
  const module = await builder.compile();
  modules.push(module);
  await module.init();
  return module;
}

describe.each([
  ['an application that imports WorkerModule', [WorkerTestingModule.forRoot(), AppModule]],
  ['it, named the other way round', [AppModule, WorkerTestingModule.forRoot()]],
  ['modules that import none', [WorkerTestingModule.forRoot(), OrdersModule]],
])('the real module on a memory store and a virtual clock, under %s', (_, imports) => {
  test('with providers overridden, and three days in no time', async () => {
    const charge = jest.fn(async (id: string) => `test ${id}`);
    const module = await start(
      Test.createTestingModule({ imports }).overrideProvider(Payments).useValue({ charge }),
    );
    const app = module.get(TestApp);
    const published = await app.publish(Placed, { id: 'o-1' });
    const result = published.of(Orders, 'fulfil').result();
    await app.advance('3 days');
    expect(await result).toBe('test o-1 at 2026-01-04T00:00:00.000Z in orders');
    expect(charge).toHaveBeenCalledTimes(1);
    expect(app.fired().map(({ step }) => step)).toContain('fulfil/confirm');
  });

  test('every token is the same thing to everyone', async () => {
    const module = await start(Test.createTestingModule({ imports }));
    const desk = module.get(Desk, { strict: false });
    const app = module.get(TestApp);
    expect(desk.workers).toBe(app);
    expect(module.get(WORKER_APP)).toBe(app);
    expect(module.get(WorkerApp)).toBe(app);
    expect(desk.store).toBe(app.options.store);
    expect(desk.store).not.toBe(real);
    expect(module.get(CLOCK)).toBe(app.clock);
  });
});

test('the options of the application hold, but for what a test puts beneath it', async () => {
  const module = await start(
    Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] }),
  );
  expect(module.get(TestApp).options).toMatchObject({ concurrency: 3, metrics });
});

test('the test says when it begins, and on which store', async () => {
  const store = memoryStore();
  const now = new Date('2030-05-01T12:00:00Z');
  const module = await start(
    Test.createTestingModule({ imports: [WorkerTestingModule.forRoot({ now, store }), OrdersModule] }),
  );
  expect([module.get(CLOCK).now(), module.get(STORE)]).toEqual([now.getTime(), store]);
});

test('a crash forgets what the process knew; after the restart the work goes on, with the workers of Nest', async () => {
  const module = await start(
    Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] }),
  );
  const app = module.get(TestApp);
  const charge = jest.spyOn(module.get(Payments, { strict: false }), 'charge');
  const { id } = (await app.publish(Placed, { id: 'o-1' })).of(Orders, 'fulfil');
  await app.settle();
  await app.crash();
  await app.restart();
  await app.advance('3 days');
  expect(await app.execution(id).result()).toMatch(/^real o-1 at 2026-01-04/);
  expect(charge).toHaveBeenCalledTimes(1);
});

test('a step is replaced, and run by itself, on the instance that Nest made', async () => {
  const module = await start(
    Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] }),
  );
  const app = module.get(TestApp);
  const undo = app.override(Orders, 'charge', () => Promise.resolve('replaced'));
  const stopped = await app.run(Orders, 'fulfil', { id: 'o-1' }, { until: 'confirm' });
  expect(stopped.steps.map(({ value }) => value)).toEqual(['replaced']);
  undo();
  const given = await app.run(Orders, 'fulfil', { id: 'o-2' }, { given: { charge: 'given' } });
  expect(given.steps[0]?.value).toBe('given');
});

test('a clock that is not virtual is refused', async () => {
  const builder = Test.createTestingModule({ imports: [WorkerTestingModule.forRoot(), AppModule] })
    .overrideProvider(CLOCK)
    .useValue({ now: () => 0 });
  await expect(builder.compile()).rejects.toThrow('CLOCK: what overrides it is no VirtualClock');
});

test('two tests at once do not share their time', async () => {
  const ticks: string[] = [];
  @Worker('ticker')
  class Ticker {
    @Every('1 hour') tick(): void {
      ticks.push(new Date(module.get<Clock>(CLOCK).now()).toISOString());
    }
  }
  const build = (): Promise<TestingModule> =>
    start(Test.createTestingModule({ imports: [WorkerTestingModule.forRoot()], providers: [Ticker] }));
  const [module, other] = [await build(), await build()];
  await module.get(TestApp).advance('2 hours');
  expect(ticks).toHaveLength(2);
  expect(other.get<VirtualClock>(CLOCK).monotonic()).toBe(0);
});

test('a body that never ends does not keep the module open', async () => {
  @Worker('stuck')
  class Stuck {
    @OnEvent(Placed) wait(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const module = await start(
    Test.createTestingModule({ imports: [WorkerTestingModule.forRoot()], providers: [Stuck] }),
  );
  await module.get(TestApp).publish(Placed, { id: '1' });
  await new Promise((resolve) => setImmediate(resolve));
  modules.length = 0;
  await module.close();
  await expect(module.get(TestApp).stats()).rejects.toMatchObject({ code: 'APP_CLOSED' });
});

test('one that a failing test leaves open lets the test runner end', async () => {
  const timers = new TimerWatch();
  const module = await Test.createTestingModule({
    imports: [WorkerTestingModule.forRoot(), WorkerModule.forRoot()],
    providers: [Orders, Payments],
  }).compile();
  await module.init();
  const app = module.get(TestApp);
  await app.publish(Placed, { id: '1' });
  await app.settle();
  expect(timers.armed).toBe(0);
  timers.stop();
  await module.close();
});

test('what ended is kept while a schedule goes on', async () => {
  @Worker('minutes')
  class Minutes {
    @Every('1 minute') tick(): void {}
  }
  const module = await Test.createTestingModule({
    imports: [WorkerTestingModule.forRoot(), WorkerModule.forRoot()],
    providers: [Orders, Payments, Minutes],
  }).compile();
  await module.init();
  const app = module.get(TestApp);
  const order = (await app.publish(Placed, { id: '1' })).of(Orders, 'fulfil');
  await app.advance('4 days');
  expect(await order.result()).toBe('real 1 at 2026-01-04T00:00:00.000Z in orders');
  await module.close();
});
