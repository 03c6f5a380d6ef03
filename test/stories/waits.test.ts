import 'reflect-metadata';
import { IsString } from 'class-validator';
import { z } from 'zod';
import { defineEvent, Event, OnEvent, Step, waitFor, Worker } from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';

@Event('order.placed')
class OrderPlaced {
  @IsString() orderId!: string;
}

@Event('order.approved', { correlate: 'orderId' })
class OrderApproved {
  @IsString() orderId!: string;
  @IsString() by!: string;
}

let seen: unknown[] = [];

@Worker('orders')
class Orders {
  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced) {
    await this.charge(order.orderId);
    const approval = await waitFor(OrderApproved, { key: order.orderId, timeout: '2 days' });
    seen.push(approval);
    return approval === null ? 'refunded' : await this.confirm(approval.by);
  }

  @Step() charge(orderId: string) {
    return orderId;
  }

  @Step() confirm(by: string) {
    return `confirmed for ${by}`;
  }
}

beforeEach(() => {
  seen = [];
});

async function opened(workers: readonly (new () => object)[] = [Orders]): Promise<TestApp> {
  return TestApp.create({ workers: [...workers] });
}

it('goes on with the event', async () => {
  await using app = await opened();
  const placed = await app.publish(OrderPlaced, { orderId: 'o1' });
  await app.settle();
  const handle = placed.of(Orders, 'fulfil');
  expect(await handle.status()).toBe('waiting');
  await app.publish(OrderApproved, { orderId: 'o2', by: 'nobody' });
  await app.settle();
  expect(await handle.status()).toBe('waiting');
  await app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' });
  await app.settle();
  expect(await handle.result()).toBe('confirmed for Ann');
  expect(seen.every((each) => each instanceof OrderApproved)).toBe(true);
});

it('gives null when the time is over', async () => {
  await using app = await opened();
  const placed = await app.publish(OrderPlaced, { orderId: 'o1' });
  await app.advance('2 days');
  expect(await placed.of(Orders, 'fulfil').result()).toBe('refunded');
});

it('schema events', async () => {
  const Paid = defineEvent('paid', z.object({ order: z.object({ id: z.number() }), at: z.coerce.date() }), {
    correlate: 'order.id',
  });
  const Begun = defineEvent('begun', z.object({ id: z.number() }));
  @Worker('payments')
  class Payments {
    @OnEvent(Begun) async run({ id }: { id: number }) {
      const first = await waitFor(Paid, { key: id });
      const second = await waitFor(Paid, { key: id });
      return [first.at, second.at];
    }
  }
  await using app = await opened([Payments]);
  const begun = await app.publish(Begun, { id: 7 });
  await app.publish(Paid, { order: { id: 7 }, at: '2026-01-01' });
  await app.publish(Paid, { order: { id: 7 }, at: '2026-01-02' });
  await app.settle();
  expect(await begun.of(Payments, 'run').result()).toEqual([new Date('2026-01-01'), new Date('2026-01-02')]);
});
