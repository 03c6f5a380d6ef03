import { expectTypeOf } from 'expect-type';
import {
  Actor,
  type ActorContext,
  defineEvent,
  Event,
  type ExecutionContext,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  Step,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';

@Event('order.placed')
class OrderPlaced {
  orderId!: string;
  total!: number;
}

const OrderPaid = defineEvent('order.paid', z.object({ orderId: z.string(), at: z.date() }));
type OrderPaid = { orderId: string; at: Date };

class OrderState {
  status!: 'placed' | 'paid';
  total!: number;

  describe(): string {
    return this.status;
  }
}

declare const app: WorkerApp;

@Actor({ state: OrderState, key: 'orderId' })
class OrderProcess {
  @OnEvent(OrderPlaced)
  placed(order: OrderPlaced, ctx: ActorContext<OrderState>): void {
    expectTypeOf(ctx.state).toEqualTypeOf<OrderState | null>();
    ctx.setState({ status: 'placed', total: order.total });
    // @ts-expect-error A field is missing.
    ctx.setState({ status: 'placed' });
    // @ts-expect-error No such status.
    ctx.setState({ status: 'lost', total: 1 });
    ctx.updateState((state) => ({ status: 'paid', total: state?.total ?? 0 }));
    ctx.schedule('5 minutes');
    ctx.schedule(Date.now() + 5);
    ctx.schedule(new Date());
    // @ts-expect-error No duration.
    ctx.schedule('soon');
    expectTypeOf(ctx).toExtend<ExecutionContext>();
  }

  @OnEvent(OrderPaid, { key: ({ orderId }) => orderId })
  async paid(_: OrderPaid, ctx: ActorContext<OrderState>): Promise<string> {
    await ctx.terminate({ reason: 'paid' });
    return 'never';
  }

  @OnAlarm()
  late(ctx: ActorContext<OrderState>): void {
    expectTypeOf(ctx.getScheduledTime()).toEqualTypeOf<number | null>();
  }

  @OnIdle()
  idle(): void {}

  @OnError()
  failed(_: unknown, ctx: ActorContext<OrderState>): void {
    expectTypeOf(ctx.errorSource).toEqualTypeOf<'event' | 'alarm' | 'idle' | null>();
  }

  @Step()
  async charge(amount: number): Promise<number> {
    return amount;
  }
}

async function handles(): Promise<void> {
  const orders = app.actor(OrderProcess);
  await orders.send({ event: { orderId: 'a', total: 1 } });
  await orders.send({ id: 'a', event: new OrderPlaced(), eventId: 'e', wait: false });
  await orders.send({ event: { orderId: 'a', at: new Date() } });
  await orders.send(OrderPaid, { orderId: 'o', at: new Date() }, { wait: false });
  // @ts-expect-error A field is missing.
  await orders.send(OrderPaid, { orderId: 'o' });
  // @ts-expect-error No event of this actor.
  await orders.send({ event: { orderId: 'a' } });
  const { state, version } = await orders.getState('a');
  expectTypeOf(state).toEqualTypeOf<OrderState | null>();
  expectTypeOf(version).toBeNumber();
  expectTypeOf((await orders.status('a')).status).toEqualTypeOf<'active' | 'idle' | 'not_found'>();
}
void handles;

class Mistakes {
  // @ts-expect-error The event does not fit.
  @OnEvent(OrderPlaced)
  other(_: { no: number }, _ctx: ActorContext<OrderState>): void {}

  // @ts-expect-error The second parameter is no context.
  @OnEvent(OrderPlaced)
  number(_: OrderPlaced, _n: number): void {}

  // @ts-expect-error The context is its second parameter.
  @OnError()
  contextFirst(ctx: ActorContext<OrderState>): void {
    void ctx;
  }

  // @ts-expect-error An alarm brings no event.
  @OnAlarm()
  alarm(_: OrderPlaced): void {}

  @OnEvent(OrderPlaced)
  plain(_: OrderPlaced, ctx: ExecutionContext): void {
    expectTypeOf(ctx.id).toBeString();
  }
}
void Mistakes;

// @ts-expect-error One of its methods takes another state.
@Actor({ state: z.object({ n: z.number() }), key: 'orderId' })
class OtherState {
  @OnEvent(OrderPlaced)
  placed(_: OrderPlaced, ctx: ActorContext<OrderState>): void {
    ctx.cancelSchedule();
  }
}
void OtherState;

// @ts-expect-error No state.
Actor({ key: 'orderId' });
