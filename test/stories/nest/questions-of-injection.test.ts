import { Controller, forwardRef, Inject, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  defineEvent,
  Every,
  execution,
  OnEvent,
  sleep,
  sqliteStore,
  Step,
  Worker,
  WorkerApp,
} from 'holdfast';
import { WorkerModule } from 'holdfast/nest';
import { WorkerTestingModule } from 'holdfast/nest/testing';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

/** Questions that people asked of other engines: can a workflow have what it needs injected, and how is it tested? */

const Placed = defineEvent('placed', z.object({ id: z.string() }));
interface Order {
  readonly id: string;
}

@Injectable()
class Database {
  readonly rows: string[] = [];
}

@Injectable()
class Ledger {
  constructor(private readonly database: Database) {}
  book(entry: string): number {
    return this.database.rows.push(entry);
  }
}

@Module({ providers: [Database, Ledger], exports: [Ledger] })
class LedgerModule {}

const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

async function open(
  metadata: Parameters<typeof Test.createTestingModule>[0],
  adapt: (builder: ReturnType<typeof Test.createTestingModule>) => unknown = () => {},
): Promise<{ module: TestingModule; app: TestApp }> {
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [WorkerTestingModule.forRoot(), ...(metadata.imports ?? [])],
  });
  adapt(builder);
  const module = await builder.compile();
  modules.push(module);
  await module.init();
  return { module, app: module.get(TestApp) };
}

describe('G3 · real injection inside durable code', () => {
  @Worker('orders')
  class Orders {
    seen = 0;
    constructor(private readonly ledger: Ledger) {}

    @OnEvent(Placed)
    async fulfil({ id }: Order): Promise<number> {
      this.seen++;
      const count = await this.book(id);
      await sleep('1 day');
      return count + (await this.book(`${id} again`));
    }
    @Step() async book(id: string): Promise<number> {
      return this.ledger.book(id);
    }
  }

  test('can a workflow class of Nest inject services, and those their own? (temporal sdk-typescript 483, 1724; nestjs-temporal 29)', async () => {
    const { module, app } = await open({ imports: [LedgerModule], providers: [Orders] });
    const published = await app.publish(Placed, { id: 'o-1' });
    await app.advance('1 day');
    expect(await published.of(Orders, 'fulfil').result()).toBe(3);
    expect(module.get(Database, { strict: false }).rows).toEqual(['o-1', 'o-1 again']);
  });

  test('can a class with decorated methods be the workflow itself, with no bundle of it? (nestjs-temporal 52; vercel workflow 1865)', async () => {
    const { module, app } = await open({ imports: [LedgerModule], providers: [Orders] });
    await app.publish(Placed, { id: 'o-1' });
    await app.settle();
    // The class that the test imported is the one that runs, on the one instance of the container.
    expect(module.get(Orders).seen).toBe(1);
    expect(app.get(Orders)).toBe(module.get(Orders));
  });

  test('does a resume get its services anew, though nothing of the instance was stored? (nestjs-temporal-core 12)', async () => {
    const { module, app } = await open({ imports: [LedgerModule], providers: [Orders] });
    const { id } = (await app.publish(Placed, { id: 'o-1' })).of(Orders, 'fulfil');
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 day');
    expect(await app.execution(id).result()).toBe(3);
    expect(module.get(Orders).seen).toBe(2);
    expect(module.get(Database, { strict: false }).rows).toEqual(['o-1', 'o-1 again']);
  });

  test('does it work without a base class, a name string and a factory? schedules on instance methods too? (dbos-transact-ts 757)', async () => {
    @Worker()
    class Reports {
      constructor(private readonly ledger: Ledger) {}
      @Every('1 hour') async hourly(): Promise<number> {
        return this.file();
      }
      @Step() async file(): Promise<number> {
        return this.ledger.book(`report in ${execution().worker}`);
      }
    }
    const { module, app } = await open({ imports: [LedgerModule], providers: [Reports] });
    await app.advance('2 hours');
    expect(Object.getPrototypeOf(Reports.prototype)).toBe(Object.prototype);
    expect(module.get(Database, { strict: false }).rows).toEqual(['report in reports', 'report in reports']);
  });

  test('can a controller call the same service that the job uses, and the job be started from it? (inngest-js 380)', async () => {
    @Controller()
    class OrdersController {
      constructor(
        readonly ledger: Ledger,
        private readonly workers: WorkerApp,
      ) {}
      async place(id: string): Promise<string> {
        return (await this.workers.publish(Placed, { id })).of(Orders, 'fulfil').id;
      }
    }
    const { module, app } = await open({
      imports: [LedgerModule],
      providers: [Orders],
      controllers: [OrdersController],
    });
    const controller = module.get(OrdersController);
    const id = await controller.place('o-1');
    await app.advance('1 day');
    expect(await app.execution(id).result()).toBe(3);
    expect(controller.ledger).toBe(module.get(Ledger, { strict: false }));
  });

  test('may services that know each other be injected? (nestjs-temporal-core 18)', async () => {
    @Injectable()
    class Mailer {
      constructor(@Inject(forwardRef(() => Letters)) readonly letters: { readonly text: string }) {}
    }
    @Injectable()
    class Letters {
      readonly text = 'hello';
      constructor(@Inject(forwardRef(() => Mailer)) readonly mailer: object) {}
    }
    @Worker()
    class Greeter {
      constructor(private readonly mailer: Mailer) {}
      @OnEvent(Placed) greet(): string {
        return this.mailer.letters.text;
      }
    }
    const { app } = await open({ providers: [Mailer, Letters, Greeter] });
    const published = await app.publish(Placed, { id: 'o-1' });
    await app.settle();
    expect(await published.of(Greeter, 'greet').result()).toBe('hello');
  });
});

describe('G5 · the production engine in memory, with virtual time, through overrides', () => {
  @Injectable()
  class Bank {
    async charge(id: string): Promise<string> {
      return `charged ${id}`;
    }
  }
  @Worker('payments')
  class Payer {
    constructor(private readonly bank: Bank) {}
    @OnEvent(Placed)
    async pay({ id }: Order): Promise<string> {
      const receipt = await this.charge(id);
      await sleep('30 days');
      return this.remind(receipt);
    }
    @Step() charge(id: string): Promise<string> {
      return this.bank.charge(id);
    }
    @Step() async remind(receipt: string): Promise<string> {
      return `${receipt}, reminded`;
    }
  }
  @Module({
    imports: [WorkerModule.forRoot({ store: sqliteStore('/proc/no-such-folder/jobs.db') })],
    providers: [Payer, Bank],
  })
  class AppModule {}

  test('can it run solely in memory, through the whole application? with no server to download for this machine? (bullmq 3363, 86, 1471; bull 962; dbos-transact-ts 1288; agent-tempo 262)', async () => {
    const { app } = await open({ imports: [AppModule] });
    const published = await app.publish(Placed, { id: 'o-1' });
    await app.advance('30 days');
    expect(await published.of(Payer, 'pay').result()).toBe('charged o-1, reminded');
  });

  test('can time be mocked, so that a sleep of a month ends at once? (dbos-transact-ts 1304; inngest-js 801)', async () => {
    const { app } = await open({ imports: [AppModule] });
    const began = performance.now();
    const { id } = (await app.publish(Placed, { id: 'o-1' })).of(Payer, 'pay');
    await app.advance('29 days');
    expect(await app.execution(id).status()).toBe('waiting');
    await app.advance('1 day');
    expect(await app.execution(id).status()).toBe('completed');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('can what a step calls be mocked, and the step be asserted? (trigger.dev 379, 843; inngest-js 468)', async () => {
    const charge = jest.fn(async () => 'mocked');
    const { app } = await open({ imports: [AppModule] }, (builder) =>
      builder.overrideProvider(Bank).useValue({ charge }),
    );
    const run = await app.run(Payer, 'pay', { id: 'o-1' }, { until: 'charge' });
    expect([run.status, charge.mock.calls]).toEqual(['stopped', []]);
    await run.handle.resume();
    await app.advance('30 days');
    expect(charge).toHaveBeenCalledWith('o-1');
    expect(await run.handle.result()).toBe('mocked, reminded');
  });

  test('does Jest end, with work under way? (nestjs/bull 665, 1772, 2168, 2413)', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const rounds = 20;
    const before = timers();
    for (let round = 0; round < rounds; round++) {
      const { module, app } = await open({ imports: [AppModule] });
      await app.publish(Placed, { id: `o-${round}` });
      await module.close();
      modules.length = 0;
    }
    // Jest has a few of its own, whatever happens; an app that left one behind would show twenty.
    expect(timers() - before).toBeLessThan(rounds / 2);
  });

  test('is the clock that of one test, and not of all? (temporal sdk-python 403)', async () => {
    const [one, other] = [await open({ imports: [AppModule] }), await open({ imports: [AppModule] })];
    const { id } = (await other.app.publish(Placed, { id: 'o-1' })).of(Payer, 'pay');
    await one.app.advance('60 days');
    await other.app.settle();
    expect(await other.app.execution(id).status()).toBe('waiting');
  });
});
