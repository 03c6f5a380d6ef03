import {
  Compensate,
  Concurrency,
  execution,
  fixed,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  step,
  Worker,
} from 'holdfast';
import { crashMatrix } from 'holdfast/testing';
import { failures, Ordered, ordered } from './crash-matrix-orders.js';

class Stock {
  async take(_item: string, _key?: string): Promise<string> {
    return 'taken';
  }
  async give(_item: string, _key?: string): Promise<void> {}
}

@Worker('parcels')
class Parcels {
  constructor(private readonly stock: Stock) {}

  @OnEvent(Ordered)
  async open({ id, total }: Ordered): Promise<{ readonly id: string; readonly total: number }> {
    return { id, total };
  }

  @Step({ after: 'open', each: ({ id }: { readonly id: string }) => [`${id}-a`, `${id}-b`] })
  async reserve(item: string): Promise<string> {
    return `${item} ${await this.stock.take(item, execution().idempotencyKey)}`;
  }

  @Step({ after: 'open', when: ({ total }: { readonly total: number }) => total > 10 })
  async insure({ id }: { readonly id: string }): Promise<string> {
    await this.stock.take(`insurance of ${id}`);
    return 'insured';
  }

  @Step({ after: 'open', when: 'otherwise' })
  async skipped(): Promise<string> {
    return 'uninsured';
  }

  @Step({ after: ['reserve', 'insure'] })
  async ship(items: readonly string[], insurance: string): Promise<string> {
    return [...items, insurance].join();
  }
}

test('declared steps, items of fan-outs, routes and joins are boundaries of their own', async () => {
  const report = await crashMatrix(Parcels, ordered);
  expect(failures(report)).toEqual([['repeated-effect', 'parcels.open/insure', 'Stock.take']]);
  const boundaries = ['before-body', 'before-checkpoint', 'after-checkpoint', 'lease-lost'];
  for (const step of ['parcels.open/reserve', 'parcels.open/insure', 'parcels.open/ship'])
    expect([
      step,
      [...new Set(report.cells.filter((cell) => cell.step === step).map((cell) => cell.boundary))],
    ]).toEqual([step, boundaries]);
  expect(new Set(report.cells.map(({ step }) => step))).toEqual(
    new Set([
      'parcels.open',
      'parcels.open/return',
      'parcels.open/reserve',
      'parcels.open/insure',
      'parcels.open/skipped',
      'parcels.open/ship',
    ]),
  );
  const items = report.cells.filter(
    ({ step, boundary }) => step === 'parcels.open/reserve' && boundary === 'before-body',
  );
  expect(items.map(({ time }) => time)).toEqual([1, 2]);
}, 60_000);

@Worker('bookings')
class Bookings {
  constructor(private readonly stock: Stock) {}

  @OnEvent(Ordered)
  async book({ id }: Ordered): Promise<string> {
    return id;
  }

  @Step({ after: 'book' })
  async take(id: string): Promise<string> {
    await this.stock.take(id, execution().idempotencyKey);
    return id;
  }

  @Step({ after: 'take' })
  async confirm(_: string): Promise<string> {
    throw new NonRetryableError('nobody answers');
  }

  @Compensate('take')
  async give(id: string): Promise<void> {
    await this.stock.give(id);
  }
}

test('a compensation is a step like any other: its effect may be repeated, too', async () => {
  const report = await crashMatrix(Bookings, ordered);
  expect(report.failures.map(({ kind, effect }) => [kind, effect])).toEqual([
    ['repeated-effect', 'Stock.give'],
  ]);
  expect(report.failures[0]?.step).toMatch(/^bookings\.book\/take\//);
}, 60_000);

/** Busy for the first call of each item. */
class Warehouse {
  private readonly asked = new Set<string>();
  async readShelf(item: string): Promise<string> {
    if (this.asked.has(item)) return item;
    this.asked.add(item);
    throw new Error('busy');
  }
}

@Worker('returns')
class Returns {
  constructor(
    private readonly stock: Stock,
    private readonly warehouse: Warehouse,
  ) {}

  @OnEvent(Ordered)
  async begin({ id }: Ordered): Promise<string> {
    await sleep('1 minute');
    return id;
  }

  @Step({ after: 'begin', each: (id: string) => ['a', 'b', 'c'].map((part) => id + part) })
  @Concurrency(2)
  @Retry({ backoff: fixed('10s') })
  async take(item: string): Promise<string> {
    await this.stock.take(await this.warehouse.readShelf(item), execution().idempotencyKey);
    return step('label', () => item);
  }

  @Step({ after: 'begin' })
  async insure(id: string): Promise<string> {
    await sleep('5s');
    return this.stock.take(id, execution().idempotencyKey);
  }

  @Step({ after: ['take', 'insure'] })
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  async ship(_: readonly string[], __: string): Promise<string> {
    await this.stock.take('van', execution().idempotencyKey);
    throw new Error('no driver');
  }

  @Compensate('take')
  async give(item: string): Promise<void> {
    await this.stock.give(item, execution().idempotencyKey);
    await sleep('1s');
  }

  @Compensate('insure')
  async cancel(insurance: string): Promise<void> {
    await this.stock.give(insurance, execution().idempotencyKey);
  }
}

test.each(['UNTIL_ERROR', 'ISOLATED'] as const)(
  '%s: a graph with limits, retries, sleeps and undone steps is safe wherever it crashes',
  async (executionMode) => {
    const providers = (): { provide: typeof Warehouse; useValue: Warehouse }[] => [
      { provide: Warehouse, useValue: new Warehouse() },
    ];
    const report = await crashMatrix(Returns, ordered, { providers, executionMode, limit: 100 });
    expect(report.problems).toEqual([]);
    const steps = report.cells.map(({ step: name }) => name);
    expect(steps).toEqual(
      expect.arrayContaining([
        'returns.begin/take/label',
        'returns.begin/insure/sleep',
        'returns.begin/ship',
        'returns.begin/take/compensation/sleep',
        'returns.begin/insure/compensation',
      ]),
    );
  },
  60_000,
);
