import { expectTypeOf } from 'expect-type';
import { z } from 'zod';
import {
  continueAsNew,
  defineEvent,
  Event,
  OnEvent,
  race,
  run,
  sleep,
  waitFor,
  waitForAll,
  waitForAny,
  Worker,
} from 'holdfast';

@Event('order.approved', { correlate: 'orderId' })
class OrderApproved {
  orderId!: string;
  by!: string;
}
@Event('order.rejected', { correlate: 'orderId' })
class OrderRejected {
  orderId!: string;
  why!: string;
}
const Paid = defineEvent('paid', z.object({ id: z.string(), at: z.coerce.date() }), { correlate: 'id' });

@Worker()
class Shipping {
  @OnEvent(OrderApproved)
  async ship(order: OrderApproved): Promise<{ label: string }> {
    return { label: order.by };
  }

  @OnEvent(Paid)
  async paid(_: { id: string; at: Date }): Promise<number> {
    return 1;
  }
}

export async function several(): Promise<void> {
  // Any is one of them, and null only with a timeout
  expectTypeOf(await waitForAny([OrderApproved, OrderRejected], { key: 'o' })).toEqualTypeOf<
    OrderApproved | OrderRejected
  >();
  expectTypeOf(await waitForAny([OrderApproved, OrderRejected], { key: 'o', timeout: '1d' })).toEqualTypeOf<
    OrderApproved | OrderRejected | null
  >();
  expectTypeOf(
    await waitForAny([
      [OrderApproved, 'o'],
      [Paid, 7],
    ]),
  ).toEqualTypeOf<OrderApproved | { id: string; at: Date }>();
  // All is a tuple in the order of the list
  expectTypeOf(await waitForAll([OrderApproved, Paid], { key: 'o' })).toEqualTypeOf<
    [OrderApproved, { id: string; at: Date }]
  >();
  expectTypeOf(await waitForAll([[OrderApproved, 'o']], { timeout: '1d' })).toEqualTypeOf<
    [OrderApproved] | null
  >();
  // @ts-expect-error an empty list waits for nothing
  await waitForAny([], { key: 'o' });
  // @ts-expect-error it has to be said which
  await waitForAny([OrderApproved, OrderRejected]);
  // @ts-expect-error a name says nothing about the event
  await waitForAll(['order.approved'], { key: 'o' });
}

export async function races(): Promise<void> {
  const first = await race({
    answer: () => waitFor(OrderApproved, { key: 'o' }),
    count: () => 1,
    end: () => sleep('1h'),
  });
  expectTypeOf(first.winner).toEqualTypeOf<'answer' | 'count' | 'end'>();
  // The winner tells the value
  if (first.winner === 'answer') expectTypeOf(first.value).toEqualTypeOf<OrderApproved>();
  if (first.winner === 'count') expectTypeOf(first.value).toEqualTypeOf<number>();
  // @ts-expect-error branches are functions: what has begun already cannot be stopped
  await race({ answer: waitFor(OrderApproved, { key: 'o' }) });
}

export async function children(): Promise<void> {
  expectTypeOf(await run(Shipping, 'ship', { orderId: 'o', by: 'x' })).toEqualTypeOf<{ label: string }>();
  expectTypeOf(await run(Shipping, 'paid', { id: 'o', at: new Date(0) })).toEqualTypeOf<number>();
  // @ts-expect-error the data is that of the handler's event
  await run(Shipping, 'ship', { orderId: 'o' });
  // @ts-expect-error no such method
  await run(Shipping, 'send', { orderId: 'o', by: 'x' });
}

export async function turns(): Promise<void> {
  // Nothing after it runs
  expectTypeOf(continueAsNew(OrderApproved, { orderId: 'o', by: 'x' })).toEqualTypeOf<Promise<never>>();
  expectTypeOf(continueAsNew(new OrderApproved())).toEqualTypeOf<Promise<never>>();
  // What a schema takes
  await continueAsNew(Paid, { id: 'o', at: '2026-01-01' });
  // @ts-expect-error the data is that of the event
  await continueAsNew(OrderApproved, { orderId: 'o' });
  // @ts-expect-error data of events are objects
  await continueAsNew('o');
}
