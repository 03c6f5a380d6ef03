import { expectTypeOf } from 'expect-type';
import { defineEvent, Event, OnEvent, Worker, type WorkerApp } from 'holdfast';
import { crashMatrix, type CrashFailure, type CrashMatrixReport } from 'holdfast/testing';
import { z } from 'zod';

@Event('order.placed')
class OrderPlaced {
  orderId!: string;
  total!: number;
}

const Shipped = defineEvent('shipped', z.object({ id: z.string() }));

class Payments {
  readonly charges: string[] = [];
}

@Worker()
class OrderWorker {
  constructor(readonly payments: Payments) {}
  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced): Promise<string> {
    return order.orderId;
  }
}

export async function crashMatrices(): Promise<void> {
  const report = await crashMatrix(OrderWorker, [OrderPlaced, { orderId: '1', total: 2 }], {
    providers: () => [{ provide: Payments, useValue: new Payments() }],
    effects: (app) => {
      expectTypeOf(app).toEqualTypeOf<WorkerApp>();
      return app.get(Payments).charges;
    },
    repeatable: ['Payments.find'],
    limit: 100,
    lease: '10s',
  });
  expectTypeOf(report).toEqualTypeOf<CrashMatrixReport>();
  expectTypeOf(report.problems).toEqualTypeOf<readonly string[]>();
  expectTypeOf(report.failures).toEqualTypeOf<readonly CrashFailure[]>();
  await crashMatrix(OrderWorker, [Shipped, { id: '1' }, { session: 'tenant-1' }]);
  await crashMatrix(OrderWorker, new OrderPlaced());
  await crashMatrix(OrderWorker, { orderId: '1', total: 2 }, { providers: [] });

  // @ts-expect-error: the event has no such data
  await crashMatrix(OrderWorker, [OrderPlaced, { orderId: 1, total: 2 }]);
  // @ts-expect-error: the data is missing
  await crashMatrix(OrderWorker, [Shipped]);
  // @ts-expect-error: each run has a store of its own
  await crashMatrix(OrderWorker, new OrderPlaced(), { store: null });
  // @ts-expect-error: no such option
  await crashMatrix(OrderWorker, new OrderPlaced(), { limits2: 1 });
}
