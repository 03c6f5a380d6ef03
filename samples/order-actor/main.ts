// node --import @swc-node/register/esm-register samples/order-actor/main.ts
import {
  Actor,
  type ActorContext,
  bootstrap,
  defineEvent,
  type EventData,
  memoryStore,
  NonRetryableError,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  silentLogger,
  Step,
} from 'holdfast';
import { z } from 'zod';

const orderId = z.string();
const OrderPlaced = defineEvent('order.placed', z.object({ orderId, total: z.number().positive() }));
const OrderPaid = defineEvent('order.paid', z.object({ orderId, amount: z.number() }));
const OrderShipped = defineEvent('order.shipped', z.object({ orderId, parcel: z.string() }));
type OrderPlaced = EventData<typeof OrderPlaced>;
type OrderPaid = EventData<typeof OrderPaid>;
type OrderShipped = EventData<typeof OrderShipped>;

const OrderState = z.object({
  status: z.enum(['placed', 'paid', 'shipped', 'refused']),
  total: z.number(),
  paid: z.number(),
  reminders: z.number(),
});
type OrderState = z.infer<typeof OrderState>;

class Mailer {
  async send(text: string): Promise<void> {
    console.log(`mail: ${text}`);
  }
}

/** One state machine for each order: its messages are handled one at a time, whichever process takes them. */
@Actor({ id: 'orders', state: OrderState, key: 'orderId' })
class Orders {
  constructor(private readonly mailer: Mailer) {}

  @OnEvent(OrderPlaced)
  placed({ total }: OrderPlaced, ctx: ActorContext<OrderState>): void {
    if (!ctx.isFirstEvent) return;
    ctx.setState({ status: 'placed', total, paid: 0, reminders: 0 });
    ctx.schedule('200ms');
  }

  @OnEvent(OrderPaid)
  paid({ amount, orderId }: OrderPaid, ctx: ActorContext<OrderState>): void {
    const { state } = ctx;
    if (state === null) throw new NonRetryableError(`${orderId} was paid, and never placed`);
    const paid = state.paid + amount;
    ctx.setState({ ...state, paid, status: paid >= state.total ? 'paid' : state.status });
    if (paid >= state.total) ctx.cancelSchedule();
  }

  @OnEvent(OrderShipped)
  async shipped({ orderId, parcel }: OrderShipped, ctx: ActorContext<OrderState>): Promise<void> {
    await this.tell(`${orderId} is on its way as ${parcel}`);
    await ctx.terminate({ reason: 'shipped' });
  }

  /** Nobody has paid in time. */
  @OnAlarm()
  async remind(ctx: ActorContext<OrderState>): Promise<void> {
    const { state } = ctx;
    if (state === null) return;
    const reminders = state.reminders + 1;
    await this.tell(`reminder ${reminders} for ${state.total - state.paid}`);
    ctx.setState({ ...state, reminders });
    if (reminders < 2) ctx.schedule('200ms');
  }

  /** Nothing is scheduled any more: paid, or reminded often enough. */
  @OnIdle()
  idle(ctx: ActorContext<OrderState>): void {
    console.log(`${ctx.instanceId}: ${ctx.state?.status}, idle after an ${ctx.idleReason}`);
  }

  @OnError()
  refused(error: Error, ctx: ActorContext<OrderState>): void {
    console.log(`refused: ${error.message}`);
    if (ctx.state === null) ctx.setState({ status: 'refused', total: 0, paid: 0, reminders: 0 });
  }

  /** Recorded: a message that is handled again after a crash sends no second mail. */
  @Step()
  tell(text: string): Promise<void> {
    return this.mailer.send(text);
  }
}

const app = await bootstrap({
  workers: [Orders],
  providers: [Mailer],
  store: memoryStore(),
  logger: silentLogger,
});
await app.start();
const orders = app.actor(Orders);

console.log('--- five payments at once: each is applied');
await app.execute(OrderPlaced, { orderId: 'a', total: 50 });
await Promise.all([1, 2, 3, 4, 5].map(() => app.execute(OrderPaid, { orderId: 'a', amount: 10 })));
const { state, version } = await orders.getState('a');
console.log(
  `paid ${state?.paid} of ${state?.total} in ${version} changes, ${(await orders.status('a')).eventCount} messages`,
);

console.log('--- nobody pays: two reminders, then it is idle');
const idle = new Promise<void>((resolve) => {
  app.on('actor.idle', ({ reason }) => {
    if (reason === 'alarm') resolve();
  });
});
await app.execute(OrderPlaced, { orderId: 'b', total: 30 });
console.log(`order b is ${(await orders.status('b')).status}`);
await idle;
console.log(
  `order b is ${(await orders.status('b')).status}, reminded ${(await orders.getState('b')).state?.reminders} times`,
);

console.log('--- a message that cannot be handled');
await app.execute(OrderPaid, { orderId: 'c', amount: 1 });
console.log(`order c is ${(await orders.getState('c')).state?.status}`);

console.log('--- shipped: the actor ends, its id may be used anew');
await app.execute(OrderShipped, { orderId: 'a', parcel: 'P-7' });
console.log(`order a is ${(await orders.status('a')).status}`);
console.log(await orders.terminate('b', { reason: 'abandoned' }));
await app.close();
