import { expectTypeOf } from 'expect-type';
import * as v from 'valibot';
import { z } from 'zod';
import {
  defineEvent,
  defineEvents,
  type EventData,
  type EventInput,
  Event,
  type EventUnion,
  type SchemaEvent,
} from 'holdfast';

const Signed = defineEvent(
  'signed',
  z.object({ id: z.string(), at: z.coerce.date(), note: z.string().default('') }),
);
const Paid = defineEvent('paid', v.object({ sum: v.pipe(v.string(), v.transform(Number)) }));
const events = defineEvents(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('user.in'), at: z.coerce.date() }),
    z.object({ type: z.literal('user.out'), id: z.string() }),
  ]),
);

type In = { type: 'user.in'; at: Date };
type Out = { type: 'user.out'; id: string };

{
  // What handlers receive is the output of the schema
  expectTypeOf<EventData<typeof Signed>>().toEqualTypeOf<{ id: string; at: Date; note: string }>();
  expectTypeOf<EventData<typeof Paid>>().toEqualTypeOf<{ sum: number }>();
  expectTypeOf<EventData<typeof events>>().toEqualTypeOf<In | Out>();
  expectTypeOf(Signed).toExtend<SchemaEvent<{ id: string; at: Date; note: string }>>();
  expectTypeOf(events).toExtend<EventUnion<In | Out>>();
}

{
  // What is published is its input
  expectTypeOf<EventInput<typeof Signed>>().toHaveProperty('id').toEqualTypeOf<string>();
  expectTypeOf<{ id: string; at: string }>().toExtend<EventInput<typeof Signed>>();
  expectTypeOf<EventInput<typeof Paid>>().toEqualTypeOf<{ sum: string }>();
}

{
  // OnEvent of a union narrows to its members
  class Handlers {
    @events.OnEvent('user.in') one(event: In): void {
      expectTypeOf(event.at).toEqualTypeOf<Date>();
    }
    @events.OnEvent(['user.in', 'user.out']) both(event: In | Out): void {
      expectTypeOf(event.type).toEqualTypeOf<'user.in' | 'user.out'>();
    }
    @events.OnEvent((event): event is Out => event.type === 'user.out') guarded(event: Out): void {
      expectTypeOf(event.id).toBeString();
    }
    @events.OnEvent((event) => event.type === 'user.out') filtered(event: In | Out): void {
      expectTypeOf(event).toEqualTypeOf<In | Out>();
    }

    // @ts-expect-error The method takes the other member.
    @events.OnEvent('user.in') wrong(event: Out): void {
      expectTypeOf(event.id).toBeString();
    }

    // @ts-expect-error No member has that type.
    @events.OnEvent('user.lost') lost(): void {}
  }
  expectTypeOf<Handlers>().toHaveProperty('one');
}

{
  // A union without a type does not compile
  // @ts-expect-error Members are told apart by `type`.
  defineEvents(z.object({ kind: z.literal('x') }));
}

{
  // What correlates an event is a field of what its schema gives, or of its class
  const order = z.object({ order: z.object({ id: z.string(), note: z.string().optional() }), at: z.date() });
  defineEvent('a', order, { correlate: 'order.id' });
  defineEvent('a', order, { correlate: 'order.note', keep: '1d' });
  defineEvent('a', order, { correlate: String('order.id') });
  defineEvent('a', order, { keep: '1d' });
  defineEvent('a', order, {});
  defineEvent('a', z.record(z.string(), z.string()), { correlate: 'anything' });
  defineEvent('a', z.unknown(), { correlate: 'any.thing' });
  expectTypeOf(defineEvent('a', order, { correlate: 'order.id' })).toEqualTypeOf(defineEvent('a', order));
  // @ts-expect-error There is no such field.
  defineEvent('a', order, { correlate: 'order.nope' });
  // @ts-expect-error There is no such field.
  defineEvent('a', order, { correlate: 'nope', keep: '1d' });
  // @ts-expect-error There is no such option.
  defineEvent('a', order, { corelate: 'order.id' });

  class Base {
    orderId!: string;
  }
  @Event('b', { correlate: 'orderId', keep: '1d' })
  class Placed extends Base {}
  @Event('c', { keep: '1d' })
  class Kept {}
  // @ts-expect-error There is no such field.
  @Event('d', { correlate: 'orderNo' })
  class Misnamed extends Base {}
  expectTypeOf([Placed, Kept, Misnamed]).toBeArray();
}
