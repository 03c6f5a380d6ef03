import { expectTypeOf } from 'expect-type';
import { Event, type ExecutionContext, OnEvent, Step, Worker, type WorkerApp } from 'holdfast';
import { type RunResult, TestApp } from 'holdfast/testing';

interface Receipt {
  readonly id: string;
}

@Event('order.placed')
class OrderPlaced {
  orderId!: string;
  describe(): string {
    return this.orderId;
  }
}

@Worker()
class OrderWorker {
  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced, _context: ExecutionContext): Promise<Receipt> {
    return this.charge(order.orderId, 20);
  }

  @Step()
  async charge(orderId: string, _total: number): Promise<Receipt> {
    return { id: orderId };
  }

  @Step()
  label(orderId: string): string {
    return orderId;
  }
}

export async function testApps(): Promise<void> {
  const app = await TestApp.create({ workers: [OrderWorker], now: new Date(0), concurrency: 3 });
  expectTypeOf(app).toExtend<WorkerApp>();

  app.override(OrderWorker, 'charge', async (orderId, total) => {
    expectTypeOf(orderId).toBeString();
    expectTypeOf(total).toBeNumber();
    return { id: 'fake' };
  });
  app.override(OrderWorker, 'charge', () => ({ id: 'at once' }));
  app.override(OrderWorker, 'label', async function (orderId) {
    expectTypeOf(this).toEqualTypeOf<OrderWorker>();
    return orderId;
  });
  app.override(OrderWorker, 'charge', () => {
    throw new Error('declined');
  });
  expectTypeOf(app.override(OrderWorker, 'label', () => '')).toEqualTypeOf<() => void>();
  // @ts-expect-error: no such method
  app.override(OrderWorker, 'refund', () => ({ id: '' }));
  // @ts-expect-error: not what the step gives
  app.override(OrderWorker, 'charge', () => ({ id: 7 }));

  const run = await app.run(OrderWorker, 'fulfil', { orderId: '1' }, { given: { charge: { id: '' } } });
  expectTypeOf(run).toEqualTypeOf<RunResult<Receipt>>();
  // @ts-expect-error: not what the handler takes
  await app.run(OrderWorker, 'fulfil', { orderId: 1 });

  await app.pause();
  await app.pause(OrderWorker);
  expectTypeOf(await app.publish(OrderPlaced, { orderId: '' })).toHaveProperty('of');
  // @ts-expect-error: the clock is the test's
  await TestApp.create({ clock: { now: () => 0 } });
}
