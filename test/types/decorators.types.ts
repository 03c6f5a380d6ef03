import { expectTypeOf } from 'expect-type';
import { z } from 'zod';
import {
  type ActorMethodDecorator,
  defineEvents,
  type ErrorMethodDecorator,
  Event,
  execution,
  exponential,
  type HandlerDecorator,
  Inject,
  OnEvent,
  Retry,
  sleep,
  step,
  Step,
  Timeout,
  Worker,
  type EventData,
  type EventInput,
  type EventUnion,
  type ExecutionContext,
  type SchemaEvent,
  type Storable,
} from 'holdfast';

@Event('order.placed')
class OrderPlaced {
  orderId!: string;
  total!: number;
  describe(): string {
    return this.orderId;
  }
}

@Event('order.changed', { correlate: 'orderId', keep: '7d' })
class OrderChanged {
  orderId!: string;
  reason!: string;
}

// @ts-expect-error a duration needs a unit that has a fixed length
Event('x', { keep: '1 month' });
// @ts-expect-error an event has a name
Event();

const paid: SchemaEvent<{ total: number }, { total: string }> = {
  kind: 'holdfast/event',
  name: 'paid',
  schema: z.object({ total: z.string().transform(Number) }),
};

const userSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user.signup'), email: z.string() }),
  z.object({ type: z.literal('user.left'), reason: z.string() }),
  z.object({ type: z.literal('user.renamed'), name: z.string() }),
]);
type User = z.output<typeof userSchema>;
type Signup = Extract<User, { type: 'user.signup' }>;
type Left = Extract<User, { type: 'user.left' }>;
const union: EventUnion<User> = { kind: 'holdfast/events', id: 'users', schema: userSchema };
const events = defineEvents(userSchema);

expectTypeOf<EventData<typeof OrderPlaced>>().toEqualTypeOf<OrderPlaced>();
expectTypeOf<EventData<typeof paid>>().toEqualTypeOf<{ total: number }>();
expectTypeOf<EventData<typeof union>>().toEqualTypeOf<User>();
expectTypeOf<EventData<'order.placed'>>().toEqualTypeOf<unknown>();
expectTypeOf<EventInput<typeof OrderPlaced>>().toEqualTypeOf<{ orderId: string; total: number }>();
expectTypeOf<EventInput<typeof paid>>().toEqualTypeOf<{ total: string }>();

export class EventsByClass {
  @OnEvent(OrderPlaced)
  takesIt(_order: OrderPlaced): void {}

  @OnEvent(OrderPlaced)
  takesLess(_order: { orderId: string }, _context: ExecutionContext): void {}

  @OnEvent(OrderPlaced)
  takesNothing(): void {}

  // @ts-expect-error the method cannot take an OrderPlaced
  @OnEvent(OrderPlaced)
  takesAnother(_order: OrderChanged): void {}

  // @ts-expect-error the second parameter is the context
  @OnEvent(OrderPlaced)
  takesAnotherContext(_order: OrderPlaced, _context: string): void {}

  // @ts-expect-error there is no third argument
  @OnEvent(OrderPlaced)
  takesMore(_order: OrderPlaced, _context: ExecutionContext, _more: string): void {}

  @OnEvent([OrderPlaced, OrderChanged])
  takesBoth(_order: OrderPlaced | OrderChanged): void {}

  // @ts-expect-error an array gives the union
  @OnEvent([OrderPlaced, OrderChanged])
  takesOne(_order: OrderPlaced): void {}

  // @ts-expect-error only methods are handlers
  @OnEvent(OrderPlaced)
  property = 1;

  // @ts-expect-error an accessor is no handler
  @OnEvent(OrderPlaced)
  get accessor(): number {
    return 1;
  }
}

export class EventsByGuard {
  @OnEvent([OrderPlaced, OrderChanged], (event): event is OrderChanged => 'reason' in event)
  narrowed(_order: OrderChanged): void {}

  // @ts-expect-error the guard lets an OrderChanged through
  @OnEvent([OrderPlaced, OrderChanged], (event): event is OrderChanged => 'reason' in event)
  wrong(_order: OrderPlaced): void {}

  @OnEvent([OrderPlaced, OrderChanged], (event) => event.orderId.startsWith('a'))
  predicate(_order: OrderPlaced | OrderChanged): void {}

  // @ts-expect-error a plain predicate does not narrow
  @OnEvent([OrderPlaced, OrderChanged], (event) => event.orderId.startsWith('a'))
  notNarrowed(_order: OrderChanged): void {}

  @OnEvent(OrderPlaced, async (event) => event.total > (await Promise.resolve(1)), { description: 'large' })
  asynchronous(_order: OrderPlaced): void {}

  @OnEvent(OrderPlaced, { when: (order) => order.total > 100 })
  when(_order: OrderPlaced): void {}

  // @ts-expect-error `when` gets the event
  @OnEvent(OrderPlaced, { when: (order) => order.reason === '' })
  wrongWhen(_order: OrderPlaced): void {}

  // @ts-expect-error there is no such option
  @OnEvent(OrderPlaced, { filter: () => true })
  wrongOption(_order: OrderPlaced): void {}
}

export class EventsByName {
  @OnEvent('order.placed')
  unknown(_order: unknown): void {}

  @OnEvent('order.placed')
  asserted(_order: { orderId: string }): void {}

  @OnEvent(['order.placed', 'order.changed'], { when: (event) => typeof event === 'object' })
  several(_order: unknown): void {}

  @OnEvent('order.placed', {
    when: (event) => {
      expectTypeOf(event).toEqualTypeOf<unknown>();
      return true;
    },
  })
  untyped(_order: unknown): void {}
}

export class EventsBySchema {
  @OnEvent(paid)
  output(_event: { total: number }): void {}

  // @ts-expect-error a handler receives the schema's output
  @OnEvent(paid)
  input(_event: { total: string }): void {}

  @OnEvent([paid, OrderPlaced])
  mixed(_event: { total: number }): void {}

  @OnEvent(union)
  family(_event: User): void {}

  // @ts-expect-error the union is all of its members
  @OnEvent(union)
  wrongFamily(_event: Signup): void {}

  @events.OnEvent('user.signup')
  member(_event: Signup): void {}

  // @ts-expect-error that member is no Left
  @events.OnEvent('user.signup')
  wrongMember(_event: Left): void {}

  // @ts-expect-error the union has no such member
  @events.OnEvent('user.deleted')
  unknownMember(_event: unknown): void {}

  @events.OnEvent(['user.signup', 'user.left'])
  members(_event: Signup | Left): void {}

  // @ts-expect-error two members
  @events.OnEvent(['user.signup', 'user.left'])
  oneOfMembers(_event: Signup): void {}

  @events.OnEvent((event): event is Signup => event.type === 'user.signup')
  guarded(_event: Signup): void {}

  @events.OnEvent((event) => event.type.startsWith('user.'))
  predicate(_event: User): void {}

  // @ts-expect-error a plain predicate does not narrow
  @events.OnEvent((event) => event.type.startsWith('user.s'))
  notNarrowed(_event: Signup): void {}

  @events.OnEvent('user.left', { when: (event) => event.reason !== '' })
  when(_event: Left): void {}

  // @ts-expect-error `when` gets that member
  @events.OnEvent('user.left', { when: (event) => event.email !== '' })
  wrongWhen(_event: Left): void {}
}

interface Person {
  readonly id: string;
}

@Worker({ id: 'steps', inject: [OrderPlaced, 'token'], description: 'x', logLevel: 'warn' })
@Retry({ maxAttempts: 5 })
@Timeout('1m')
export class Steps {
  @Step()
  plain(id: string): Promise<string> {
    return Promise.resolve(id);
  }

  @Step({ key: (person: Person) => person.id })
  keyed(person: Person, _attempt: number): string {
    return person.id;
  }

  // @ts-expect-error the key function takes another argument
  @Step({ key: (id: number) => id })
  wrongKey(id: string): string {
    return id;
  }

  // @ts-expect-error a function cannot be stored
  @Step()
  async unstorable(): Promise<() => void> {
    return () => undefined;
  }

  // @ts-expect-error only methods are steps
  @Step()
  property = 1;

  @Step()
  generic<Value>(value: Value): Value {
    return value;
  }

  @Step({ atMostOnce: true, description: 'once' })
  @Retry({
    backoff: exponential('1s', { factor: 2, max: '30s' }),
    jitter: 0.1,
    retryIf: (error) => !(error instanceof TypeError),
    onExhausted: 'park',
  })
  @Timeout('10s')
  nothing(): void {}

  @Step()
  // @ts-expect-error that is no unit
  @Timeout('5 minuts')
  badTimeout(): void {}

  @Step()
  // @ts-expect-error there is no such option
  @Retry({ attempts: 3 })
  badRetry(): void {}
}

export class Injected {
  constructor(
    @Inject('name') readonly a: string,
    @Inject(Symbol.for('x')) readonly b: object,
    @Inject(Steps) readonly c: Steps,
    // @ts-expect-error a number is no token
    @Inject(5) readonly d: object,
  ) {}
}

// @ts-expect-error a log level has a name
Worker({ logLevel: 'loud' });

expectTypeOf(execution()).toEqualTypeOf<ExecutionContext>();
expectTypeOf(step('x', () => 5)).toEqualTypeOf<Promise<number>>();
expectTypeOf(step('x', async () => 'a')).toEqualTypeOf<Promise<string>>();
expectTypeOf(sleep('2 days')).toEqualTypeOf<Promise<void>>();
// @ts-expect-error that is no duration
void sleep('soon');

expectTypeOf<Storable<{ a: Date }>>().toEqualTypeOf<{ a: Date }>();
expectTypeOf<Storable<string | undefined>>().toEqualTypeOf<string | undefined>();
expectTypeOf<Storable<unknown>>().toEqualTypeOf<unknown>();
expectTypeOf<Storable<() => void>>().toEqualTypeOf<never>();
expectTypeOf<Storable<symbol | number>>().toEqualTypeOf<never>();

// What does not fit is judged without its context, so that the compiler's message names the event and the parameter.
expectTypeOf<Parameters<HandlerDecorator<OrderPlaced>>[0]>().toEqualTypeOf<object>();
expectTypeOf<Parameters<ActorMethodDecorator>[0]>().toEqualTypeOf<object>();
expectTypeOf<Parameters<ErrorMethodDecorator>[0]>().toEqualTypeOf<object>();
