import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { expectTypeOf } from 'expect-type';
import {
  Compensate,
  Event,
  type ExecutionHandle,
  NonRetryableError,
  Step,
  type Storable,
  Worker,
} from 'holdfast';

class Money {
  constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {}
  plus(other: Money): Money {
    return new Money(this.amount + other.amount, this.currency);
  }
}

@Event('order.placed')
class OrderPlaced {
  orderId!: string;
  lines!: { readonly sku: string }[];
}

@Event('order.paid')
class OrderPaid extends OrderPlaced {
  isLate(): boolean {
    return this.lines.length === 0;
  }
}

type Kept<Value> = [Storable<Value>] extends [never] ? false : true;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type OrderId = string & { readonly __brand: 'order' };
declare const brand: unique symbol;
interface Branded {
  readonly id: string;
  readonly [brand]: symbol;
}
interface Tree {
  readonly value: Date;
  readonly children: readonly Tree[];
  readonly parent?: Tree;
}
type Kind = { readonly kind: 'a'; readonly a: number } | { readonly kind: 'b'; readonly b?: string };

// What can be stored is left as it is.
expectTypeOf<Kept<undefined>>().toEqualTypeOf<true>();
expectTypeOf<Kept<unknown>>().toEqualTypeOf<true>();
expectTypeOf<Storable<never>>().toEqualTypeOf<never>();
expectTypeOf<Kept<{ a: unknown; b: object }>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Json>>().toEqualTypeOf<true>();
expectTypeOf<Kept<OrderId>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Branded>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Tree>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Kind>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Money>>().toEqualTypeOf<true>();
expectTypeOf<Kept<readonly { price: Money; error?: Error }[]>>().toEqualTypeOf<true>();
expectTypeOf<Kept<OrderPlaced>>().toEqualTypeOf<true>();
expectTypeOf<Kept<readonly OrderPaid[]>>().toEqualTypeOf<true>();
expectTypeOf<Kept<NonRetryableError>>().toEqualTypeOf<true>();
expectTypeOf<Kept<AggregateError>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Map<string, Set<Date>>>>().toEqualTypeOf<true>();
expectTypeOf<Kept<ReadonlyMap<string, ReadonlySet<URL>>>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Map<Date, { at: Date }>>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Buffer>>().toEqualTypeOf<true>();
expectTypeOf<Kept<readonly [Uint8Array, ArrayBuffer, bigint, number]>>().toEqualTypeOf<true>();
expectTypeOf<Kept<Record<string, { at: Date } | null>>>().toEqualTypeOf<true>();

// What cannot is found, also inside.
expectTypeOf<Kept<Promise<number>[]>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ later: Promise<number> }>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ deep: { later?: PromiseLike<number> } }>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Map<string, symbol>>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Set<() => void>>>().toEqualTypeOf<false>();
expectTypeOf<Kept<(() => void)[]>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ cache: WeakMap<object, string> }>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ seen: WeakSet<object> } | null>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Response>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ answer: Response; status: number }>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Blob>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Readable>>().toEqualTypeOf<false>();
expectTypeOf<Kept<ReadableStream<Uint8Array>>>().toEqualTypeOf<false>();
expectTypeOf<Kept<readonly [Socket]>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ pattern: RegExp }>>().toEqualTypeOf<false>();
expectTypeOf<Kept<AsyncGenerator<number>>>().toEqualTypeOf<false>();
expectTypeOf<Kept<Generator<number, void, string>>>().toEqualTypeOf<false>();
expectTypeOf<Kept<{ kind: 'a' } | { kind: 'b'; stop: AbortSignal }>>().toEqualTypeOf<false>();

// Nobody can tell these from instances of a registered class: they are refused when they are stored.
expectTypeOf<Kept<{ close: () => void }>>().toEqualTypeOf<true>();
expectTypeOf<Kept<ExecutionHandle<number>>>().toEqualTypeOf<true>();

@Worker()
export class Fetching {
  // @ts-expect-error the answer of fetch has a stream: read it within the step
  @Step()
  async page(url: string) {
    return fetch(url);
  }

  // @ts-expect-error promises that nobody awaited
  @Step()
  async pages(urls: readonly string[]) {
    return urls.map(async (url) => (await fetch(url)).text());
  }

  @Step()
  async texts(urls: readonly string[]) {
    return Promise.all(urls.map(async (url) => (await fetch(url)).text()));
  }

  @Step()
  async generic<Value>(value: Value): Promise<{ value: Value }> {
    return { value };
  }

  // @ts-expect-error a step gives one value
  @Step()
  *items() {
    yield 1;
  }
}

/** Of a type parameter nothing is known yet: what it stands for is checked when it is stored. */
@Worker()
export class Generic<Value> {
  constructor(private readonly value: Value) {}

  @Step()
  async bare(): Promise<Value> {
    return this.value;
  }

  @Step()
  async inside(): Promise<{ readonly values: readonly Value[] }> {
    return { values: [this.value] };
  }
}

/** What the compiler does not know is told once, where it stands. */
@Worker()
export class Unresolved {
  @Step()
  any() {
    return JSON.parse('1');
  }

  @Step()
  // @ts-expect-error nobody has declared it
  async bare(receipt: Undeclared): Promise<Undeclared> {
    return receipt;
  }

  @Step()
  // @ts-expect-error nobody has declared it
  async inside(receipt: Undeclared): Promise<{ readonly receipts: Undeclared[] }> {
    return { receipts: [receipt] };
  }

  @Compensate('bare')
  // @ts-expect-error nobody has declared it
  async undo(receipt: Undeclared): Promise<Undeclared> {
    return receipt;
  }
}
