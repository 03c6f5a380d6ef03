import { randomUUID } from 'node:crypto';
import { IsString } from 'class-validator';
import {
  defineEvent,
  Event,
  execution,
  fixed,
  Inject,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  step,
  StepInterruptedError,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { crashMatrix, type CrashMatrixReport } from 'holdfast/testing';
import { z } from 'zod';

const Ordered = defineEvent('ordered', z.object({ id: z.string(), total: z.number() }));
const Shipped = defineEvent('shipped', z.object({ id: z.string() }));
type Ordered = { readonly id: string; readonly total: number };

const ordered = [Ordered, { id: '1', total: 20 }] as const;

class Payments {
  #charged = 0;
  async charge(id: string, _total: number, _key?: string): Promise<string> {
    this.#charged++;
    return `receipt ${id}`;
  }
  async refund(_receipt: string, _key?: string): Promise<void> {}
  async findReceipt(id: string): Promise<string> {
    return `${this.#charged > 0 ? '' : 'no '}receipt ${id}`;
  }
}

@Worker('orders')
class WithoutKey {
  constructor(protected readonly payments: Payments) {}

  @OnEvent(Ordered)
  async fulfil({ id, total }: Ordered): Promise<string> {
    const receipt = await this.charge(id, total);
    return this.confirm(receipt);
  }
  @Step() async charge(id: string, total: number): Promise<string> {
    return this.payments.charge(id, total);
  }
  @Step() async confirm(receipt: string): Promise<string> {
    return `confirmed ${receipt}`;
  }
}

@Worker('orders')
class WithKey extends WithoutKey {
  constructor(payments: Payments) {
    super(payments);
  }
  @Step() override async charge(id: string, total: number): Promise<string> {
    return this.payments.charge(id, total, execution().idempotencyKey);
  }
}

const unsafe = ({ cells }: CrashMatrixReport): unknown =>
  cells.filter(({ isSafe }) => !isSafe).map((cell) => [cell.step, cell.boundary]);
const failures = (report: CrashMatrixReport): unknown =>
  report.failures.map(({ kind, step, effect }) => [kind, step, effect]);

test('a call without an idempotency key is named with its step and the boundaries that repeat it', async () => {
  const report = await crashMatrix(WithoutKey, ordered);
  expect(failures(report)).toEqual([['repeated-effect', 'orders.fulfil/charge', 'Payments.charge']]);
  expect(unsafe(report)).toEqual([
    ['orders.fulfil/charge', 'before-checkpoint'],
    ['orders.fulfil/charge', 'lease-lost'],
  ]);
  expect(report.problems).toEqual([
    expect.stringContaining(
      'orders.fulfil/charge: Payments.charge takes effect 2 times instead of 1 (after its body, before its checkpoint; lease lost before its checkpoint). Pass execution().idempotencyKey to Payments.charge',
    ),
  ]);
  expect(() => report.assertSafe()).toThrow(
    expect.objectContaining({ name: 'CrashMatrixError', code: 'CRASH_UNSAFE', message: String(report) }),
  );
  expect(report.ok).toBe(false);
});

test('with the key nothing is reported, and every boundary of handler and steps was tried', async () => {
  const report = await crashMatrix(WithKey, ordered);
  expect(report.problems).toEqual([]);
  expect(report.ok).toBe(true);
  expect(() => report.assertSafe()).not.toThrow();
  const boundaries = ['before-body', 'before-checkpoint', 'after-checkpoint', 'lease-lost'];
  const steps = ['orders.fulfil', 'orders.fulfil/charge', 'orders.fulfil/confirm'];
  expect(report.cells).toHaveLength(12);
  for (const name of steps)
    expect(report.cells.filter(({ step }) => step === name).map(({ boundary }) => boundary)).toEqual(
      boundaries,
    );
  expect(String(report)).toContain('crash matrix of WithKey: 12 boundaries, every one is safe');
});

describe('what stands for the world outside', () => {
  const charge = jest.fn(async (id: string) => `receipt ${id}`);
  beforeEach(() => charge.mockClear());

  test.each([
    ['values', () => [{ provide: Payments, useValue: { charge } }]],
    ['frozen values', () => [{ provide: Payments, useValue: Object.freeze({ charge }) }]],
    ['classes', () => [{ provide: Payments, useClass: class extends Payments {} }]],
    ['factories', () => [{ provide: Payments, useFactory: async () => ({ charge }) }]],
  ])('may be given as %s', async (_, providers) => {
    const wrong = await crashMatrix(WithoutKey, ordered, { providers });
    expect(failures(wrong)).toEqual([['repeated-effect', 'orders.fulfil/charge', 'Payments.charge']]);
    expect((await crashMatrix(WithKey, ordered, { providers: providers() })).problems).toEqual([]);
  });

  test('it outlives a crash, and begins anew with each run', async () => {
    class Counter {
      readonly entries: string[] = [];
      constructor(private readonly payments: Payments) {}
      async charge(id: string): Promise<string> {
        this.entries.push(await this.payments.findReceipt(id));
        return `receipt ${this.entries.length}`;
      }
    }
    const report = await crashMatrix(WithoutKey, ordered, {
      providers: () => [
        { provide: 'counted', useValue: new Payments() },
        { provide: Payments, useFactory: (payments: Payments) => new Counter(payments), inject: ['counted'] },
      ],
      effects: (app) => (app.get(Payments) as unknown as Counter).entries,
      repeatable: ['Payments'],
    });
    expect(report.problems).toEqual([
      expect.stringMatching(
        /^orders\.fulfil\/charge: \{ status: 'completed', value: 'receipt 1' \} in the clean run, .*'receipt 2'/,
      ),
    ]);
  });

  test('members of members are effects by their path, what only reads is none', async () => {
    const prisma = { user: { create: async () => 1, findMany: async () => [], getOrCreate: async () => 2 } };
    @Worker('users')
    class Users {
      constructor(@Inject('PRISMA') private readonly db: typeof prisma) {}
      @OnEvent(Ordered)
      async add(_: Ordered): Promise<unknown> {
        return step('all', async () => [
          await this.db.user.findMany(),
          await this.db.user.create(),
          await this.db.user.getOrCreate(),
        ]);
      }
    }
    const providers = [{ provide: 'PRISMA', useValue: prisma }];
    expect(failures(await crashMatrix(Users, ordered, { providers }))).toEqual([
      ['repeated-effect', 'users.add/all', 'PRISMA.user.create'],
      ['repeated-effect', 'users.add/all', 'PRISMA.user.getOrCreate'],
    ]);
    const repeatable = ['PRISMA.user.create', 'PRISMA.user.getOr*'];
    expect((await crashMatrix(Users, ordered, { providers, repeatable })).problems).toEqual([]);
  });
});

describe('planted bugs', () => {
  test('an effect in the handler outside any step is told as that', async () => {
    @Worker('orders')
    class Outside extends WithKey {
      constructor(payments: Payments) {
        super(payments);
      }
      @OnEvent(Ordered)
      override async fulfil({ id, total }: Ordered): Promise<string> {
        const receipt = await this.charge(id, total);
        await this.payments.refund(receipt);
        return this.confirm(receipt);
      }
    }
    const report = await crashMatrix(Outside, ordered);
    expect(failures(report)).toEqual([['repeated-effect', 'orders.fulfil', 'Payments.refund']]);
    expect(report.failures[0]?.found).toContain('in the handler outside its steps');
    expect(report.failures[0]?.write).toContain('move the call into a step');
  });

  test('a clock read outside steps is non-deterministic once it has reached a step', async () => {
    @Worker('orders')
    class Clocked extends WithKey {
      constructor(payments: Payments) {
        super(payments);
      }
      @OnEvent(Ordered)
      override async fulfil({ id }: Ordered): Promise<string> {
        const receipt = await this.confirm(`${id} at ${Date.now()}`);
        return this.confirm(receipt);
      }
    }
    const report = await crashMatrix(Clocked, ordered);
    expect(failures(report)).toEqual([['non-deterministic', 'orders.fulfil', null]]);
    expect(report.failures[0]?.write).toContain('execution().now()');
  });

  test('an id made outside steps makes another key for the first step', async () => {
    @Worker('orders')
    class Random extends WithKey {
      constructor(payments: Payments) {
        super(payments);
      }
      @OnEvent(Ordered)
      override async fulfil({ total }: Ordered): Promise<string> {
        await this.charge(randomUUID(), total);
        return 'done';
      }
    }
    const report = await crashMatrix(Random, ordered);
    expect(failures(report)).toEqual([
      ['repeated-effect', 'orders.fulfil/charge', 'Payments.charge'],
      ['non-deterministic', 'orders.fulfil', null],
    ]);
    expect(report.failures[0]?.write).toContain('Its key differs when the body runs again');
  });

  test('an update that adds to what lies outside is found by what the fakes hold', async () => {
    const adding = (isByKey: boolean): unknown => {
      @Worker('stock')
      class Stock {
        constructor(@Inject('STOCK') private readonly stock: Map<string, number>) {}
        @OnEvent(Ordered)
        async take({ id }: Ordered): Promise<void> {
          await step(
            'take',
            () =>
              this.stock.set(isByKey ? id : 'sold', 1 + (isByKey ? 0 : (this.stock.get('sold') ?? 0))).size,
          );
        }
      }
      return Stock;
    };
    const options = {
      providers: () => [{ provide: 'STOCK', useValue: new Map<string, number>() }],
      effects: (app: WorkerApp): unknown => app.get('STOCK'),
    };
    const wrong = await crashMatrix(adding(false) as typeof WithKey, ordered, options);
    expect(failures(wrong)).toEqual([['end-state', 'stock.take/take', null]]);
    expect(wrong.failures[0]?.found).toContain(
      'effects: { sold: 1 } in the clean run, { sold: 2 } in this one',
    );
    expect((await crashMatrix(adding(true) as typeof WithKey, ordered, options)).problems).toEqual([]);
  });

  test('what a worker remembers in a field is lost, and the value is not that of the clean run', async () => {
    @Worker('orders')
    class Remembering extends WithKey {
      private receipts = 0;
      constructor(payments: Payments) {
        super(payments);
      }
      @OnEvent(Ordered)
      override async fulfil({ id, total }: Ordered): Promise<string> {
        await this.charge(id, total);
        return `${this.receipts}`;
      }
      @Step() override async charge(id: string, total: number): Promise<string> {
        this.receipts++;
        return super.charge(id, total);
      }
    }
    const report = await crashMatrix(Remembering, ordered);
    expect(failures(report)).toEqual([['end-state', 'orders.fulfil', null]]);
    expect(report.failures[0]?.found).toContain(
      "value: '1' } in the clean run, { status: 'completed', value: '0' }",
    );
  });

  test('an effect that a retry repeats is found without any crash', async () => {
    @Worker('orders')
    class Retried extends WithoutKey {
      constructor(payments: Payments) {
        super(payments);
      }
      @Step()
      @Retry({ maxAttempts: 2 })
      override async charge(id: string, total: number): Promise<string> {
        const receipt = await this.payments.charge(id, total);
        if (execution().attempt === 1) throw new Error('the answer was lost');
        return receipt;
      }
    }
    const report = await crashMatrix(Retried, ordered);
    expect(report.problems[0]).toContain('Payments.charge takes effect 2 times (');
    expect(failures(report)).toEqual([['repeated-effect', 'orders.fulfil/charge', 'Payments.charge']]);
  });
});

describe('shapes of executions', () => {
  class Flaky {
    private calls = 0;
    async readAnswer(): Promise<string> {
      if (++this.calls === 1) throw new Error('busy');
      return randomUUID();
    }
  }

  @Worker('trips')
  class Trips {
    constructor(
      private readonly payments: Payments,
      private readonly flaky: Flaky,
      @Inject(WORKER_APP) private readonly app: WorkerApp,
    ) {}

    @OnEvent(Ordered)
    async travel({ id }: Ordered): Promise<string> {
      for (let leg = 0; leg < 3; leg++) await this.book(`${id}-${leg}`);
      const both = await Promise.all(['a', 'b'].map((seat) => this.outer(seat)));
      await sleep('2 days');
      const answer = await this.ask();
      try {
        await this.fail();
      } catch {
        await this.undo(answer);
      }
      await this.app.publish(Shipped, { id });
      return `${both.join()} at ${execution().now() > 0}`;
    }

    @Step() async book(leg: string): Promise<string> {
      return this.payments.charge(leg, 1, execution().idempotencyKey);
    }
    @Step() async outer(seat: string): Promise<string> {
      return `${await this.book(seat)}${await step('inner', () => seat)}`;
    }
    @Step()
    @Retry({ backoff: fixed('1 minute') })
    async ask(): Promise<string> {
      return this.flaky.readAnswer();
    }
    @Step() async fail(): Promise<void> {
      throw new NonRetryableError('no');
    }
    @Step() async undo(answer: string): Promise<void> {
      await this.payments.refund(answer, execution().idempotencyKey);
    }
  }

  @Worker('mails')
  class Mails {
    constructor(private readonly payments: Payments) {}
    @OnEvent(Shipped)
    async send({ id }: { id: string }): Promise<void> {
      await step('mail', () => this.payments.refund(id));
    }
  }

  const providers = () => [{ provide: Flaky, useValue: new Flaky() }];

  test('loops, branches, nested steps, sleeps, retries, compensation and published events are safe', async () => {
    const report = await crashMatrix(Trips, ordered, { providers });
    expect(report.problems).toEqual([]);
    expect(new Set(report.cells.map(({ step: name }) => name))).toEqual(
      new Set([
        'trips.travel',
        'trips.travel/book',
        'trips.travel/outer',
        'trips.travel/outer/book',
        'trips.travel/outer/inner',
        'trips.travel/sleep',
        'trips.travel/ask',
        'trips.travel/fail',
        'trips.travel/undo',
        'trips.travel/publish',
      ]),
    );
    const asked = report.cells.filter(
      ({ step: name, boundary }) => name === 'trips.travel/ask' && boundary === 'before-body',
    );
    expect(asked.map(({ time }) => time)).toEqual([1, 2]);
  }, 20_000);

  test('a worker that takes what a step publishes is tried too', async () => {
    const report = await crashMatrix(Trips, ordered, { providers, workers: [Mails] });
    expect(failures(report)).toEqual([['repeated-effect', 'mails.send/mail', 'Payments.refund']]);
  }, 20_000);

  test('an at-most-once body that is interrupted repeats nothing, and may end otherwise', async () => {
    @Worker('orders')
    class Once extends WithoutKey {
      constructor(payments: Payments) {
        super(payments);
      }
      @OnEvent(Ordered)
      override async fulfil({ id, total }: Ordered): Promise<string> {
        try {
          return await this.charge(id, total);
        } catch (error) {
          if (!(error instanceof StepInterruptedError)) throw error;
          return 'a person has to look';
        }
      }
      @Step({ atMostOnce: true })
      override async charge(id: string, total: number): Promise<string> {
        return this.payments.charge(id, total);
      }
    }
    expect((await crashMatrix(Once, ordered)).problems).toEqual([]);
  });

  test('beyond the limit later times are left out first, and the report says so', async () => {
    const report = await crashMatrix(Trips, ordered, { providers, limit: 40 });
    expect(report.cells).toHaveLength(40);
    expect(report.omitted).toBeGreaterThan(20);
    expect(report.cells.filter(({ time }) => time > 2)).toEqual([]);
    expect(String(report)).toContain(`40 boundaries, ${report.omitted} more left out (limit)`);
  }, 20_000);
});

describe('events', () => {
  @Event('ticket.bought')
  class TicketBought {
    @IsString() id!: string;
  }
  @Worker('tickets')
  class Tickets {
    @OnEvent(TicketBought)
    async print({ id }: TicketBought): Promise<string> {
      return step('print', () => id);
    }
  }

  test.each([
    ['an instance', Object.assign(new TicketBought(), { id: '7' })],
    ['the data alone', { id: '7' }],
    ['class and data', [TicketBought, { id: '7' }] as const],
  ])('may be given as %s', async (_, event) => {
    const report = await crashMatrix(Tickets, event as { id: string });
    expect([report.problems, report.cells.length]).toEqual([[], 8]);
  });

  test('an event that no handler takes leaves nothing to try', async () => {
    const report = await crashMatrix(Tickets, ordered);
    expect([report.ok, report.cells, failures(report)]).toEqual([
      false,
      [],
      [['clean-run', '(no step)', null]],
    ]);
  });

  test('an execution that does not end by itself leaves nothing to try', async () => {
    @Worker('endless')
    class Endless {
      @OnEvent(Ordered)
      async wait(_: Ordered): Promise<void> {
        await new Promise(() => {});
      }
    }
    const report = await crashMatrix(Endless, ordered);
    expect(report.problems).toEqual([
      'endless.wait: it does not end: endless.wait is running (without any crash). Give an event and providers that let every execution end by itself',
    ]);
  });

  test('what cannot be is refused with what to write', async () => {
    await expect(crashMatrix(WithKey, 'ordered' as never)).rejects.toThrow(
      'write new OrderPlaced(…) or [OrderPlaced, { … }]',
    );
    const options = {
      limit: 0,
      store: {},
      effects: () => 1,
      providers: [{ provide: Payments, useValue: {} }],
    };
    await expect(crashMatrix(WithKey, ordered, options as never)).rejects.toThrow(
      expect.objectContaining({
        mistakes: [
          expect.objectContaining({ option: 'crashMatrix(): limit' }),
          expect.objectContaining({ option: 'crashMatrix(): store', found: 'each run has one of its own' }),
          expect.objectContaining({ option: 'crashMatrix(): providers' }),
        ],
      }),
    );
  });
});
