import { bootstrap, defineEvent, defineEvents, Event, type WorkerApp } from 'holdfast';
import { z } from 'zod';

@Event('order.placed')
class OrderPlaced {
  id!: string;
  total!: number;
}

const Paid = defineEvent('order.paid', z.object({ id: z.string(), total: z.number() }));
const events = defineEvents(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('joined'), email: z.string() }),
    z.object({ type: z.literal('left'), reason: z.string() }),
  ]),
);
declare const app: WorkerApp;
const unions = await bootstrap({ events });
declare const order: OrderPlaced;
/** Its one field is an option too: it must not be taken for options. */
declare const part: { readonly id: string };

// The error stands at the field that is wrong.
void app.publish(OrderPlaced, {
  id: 'a',
  // @ts-expect-error no such field
  totl: 4,
});
void app.execute(Paid, {
  id: 'a',
  // @ts-expect-error no text
  total: '4',
});
void unions.publish({
  type: 'joined',
  // @ts-expect-error a member's field
  mail: 'ada@example.com',
});
void unions.execute({
  // @ts-expect-error no member
  type: 'gone',
});
void app.publish(
  OrderPlaced,
  { id: 'a', total: 4 },
  // @ts-expect-error no such option
  { ide: 'a' },
);

// @ts-expect-error without its data
void app.publish(OrderPlaced);
// @ts-expect-error without its data
void app.execute(Paid);
// @ts-expect-error data that is not whole, though it could be options
void app.publish(OrderPlaced, part);
// @ts-expect-error data that is not whole, though it could be options
void unions.publish(Paid, part);
// @ts-expect-error an object with a type is a member of the union or nothing
void unions.publish({ type: 'other', at: 4 });

void app.publish(order, part);
void app.publish('order.placed', part);
void unions.publish(order, part);
void unions.publish(OrderPlaced, { id: 'a', total: 4 }, part);
void unions.publish({ type: 'left', reason: 'none' }, part);
