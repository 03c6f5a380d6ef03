import { Compensate, execution, NonRetryableError, OnEvent, Step, Worker } from 'holdfast';
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
