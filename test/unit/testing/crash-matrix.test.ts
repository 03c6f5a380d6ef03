import { randomUUID } from 'node:crypto';
import { IsString } from 'class-validator';
import { Event, execution, Inject, OnEvent, Retry, Step, step, Worker, type WorkerApp } from 'holdfast';
import { crashMatrix, type CrashMatrixReport } from 'holdfast/testing';
import { failures, Ordered, ordered, Payments, WithKey, WithoutKey } from './crash-matrix-orders.js';

const unsafe = ({ cells }: CrashMatrixReport): unknown =>
  cells.filter(({ isSafe }) => !isSafe).map((cell) => [cell.step, cell.boundary]);

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
  expect(report.silent).toEqual(['orders.fulfil/confirm']);
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
      'Write new OrderPlaced(…) or [OrderPlaced, { … }]',
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
