import { expectTypeOf } from 'expect-type';
import { z } from 'zod';
import { defineEvent, Event, waitFor } from 'holdfast';

@Event('order.approved', { correlate: 'orderId' })
class OrderApproved {
  orderId!: string;
}
const Paid = defineEvent('paid', z.object({ id: z.string(), at: z.coerce.date() }), {
  correlate: 'id',
  keep: '1d',
});

export async function waits(): Promise<void> {
  // Without a timeout there is always an event
  expectTypeOf(await waitFor(OrderApproved, { key: 'o1' })).toEqualTypeOf<OrderApproved>();
  expectTypeOf(
    await waitFor(OrderApproved, { key: 1, timeout: '2 days' }),
  ).toEqualTypeOf<OrderApproved | null>();
  // An event of a schema is what the schema gives
  expectTypeOf(await waitFor(Paid, { key: 'x', timeout: 5 })).toEqualTypeOf<{
    id: string;
    at: Date;
  } | null>();
  // @ts-expect-error it has to be said which
  await waitFor(OrderApproved, {});
  // @ts-expect-error a key is a plain value
  await waitFor(OrderApproved, { key: new Date() });
  // @ts-expect-error a duration needs a unit that has a fixed length
  await waitFor(OrderApproved, { key: 'x', timeout: '1 month' });
  // @ts-expect-error a name says nothing about the event
  await waitFor('order.approved', { key: 'x' });
}
