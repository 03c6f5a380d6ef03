import { expectTypeOf } from 'expect-type';
import type { CompensateTarget } from '../../../lib/decorators/compensate.js';
import type { LimitTarget } from '../../../lib/decorators/limit-decorator.js';
import type { StepTarget } from '../../../lib/decorators/step-target.js';

interface Worker {
  fulfil(order: { id: string }): Promise<{ id: string }>;
  charge(order: { id: string }): number;
}

type Wired<
  After extends string | readonly string[],
  M extends (...args: never[]) => unknown,
  Join extends 'all' | 'any' = 'all',
> = StepTarget<() => unknown, After, Join, 'otherwise', never, Worker, M>;

// What fits is the class; what does not is a sentence that the compiler prints.
expectTypeOf<Wired<'fulfil', (order: { id: string }) => void>>().toEqualTypeOf<Worker>();
expectTypeOf<Wired<'fullfil', () => void>>().toEqualTypeOf<"'fullfil' is no public method of this class">();
expectTypeOf<
  Wired<'charge', (receipt: string) => void>
>().toEqualTypeOf<'the parameters of this method do not fit what the methods in `after` return'>();
expectTypeOf<
  Wired<'charge', () => symbol>
>().toEqualTypeOf<'the result of this step cannot be stored: return plain data'>();
expectTypeOf<
  Wired<readonly ['fulfil', 'charge'], (either: { id: string } | number) => void, 'any'>
>().toEqualTypeOf<Worker>();
expectTypeOf<
  StepTarget<
    () => unknown,
    'charge',
    'all',
    (order: string) => boolean,
    never,
    Worker,
    (receipt: number) => void
  >
>().toEqualTypeOf<'the predicate of `when` does not take what the methods in `after` return'>();
expectTypeOf<
  StepTarget<
    () => unknown,
    'charge',
    'all',
    (order: number, more: string) => boolean,
    never,
    Worker,
    (receipt: number) => void
  >
>().toEqualTypeOf<'the predicate of `when` does not take what the methods in `after` return'>();
expectTypeOf<
  StepTarget<() => unknown, 'charge', 'all', 'otherwise', (n: number) => Date[], Worker, (n: number) => void>
>().toEqualTypeOf<'this method does not take an item of `each` as its only parameter'>();
expectTypeOf<
  StepTarget<() => unknown, 'charge', 'all', 'otherwise', (n: string) => Date[], Worker, (n: Date) => void>
>().toEqualTypeOf<'the function of `each` does not take what the methods in `after` return'>();
expectTypeOf<
  StepTarget<
    () => unknown,
    'charge',
    'all',
    'otherwise',
    { of: (n: number) => Date[]; parallel: number },
    Worker,
    (n: Date) => void
  >
>().toEqualTypeOf<"'parallel' is no option of each: write { of, concurrency }">();

expectTypeOf<
  CompensateTarget<'charge', Worker, (receipt: string) => void>
>().toEqualTypeOf<"this method does not take what 'charge' returns as its only parameter">();
expectTypeOf<
  CompensateTarget<'bill', Worker, () => void>
>().toEqualTypeOf<"'bill' is no public method of this class">();

expectTypeOf<
  LimitTarget<'customer.id', Worker, (order: { id: string }) => void>
>().toEqualTypeOf<"there is no field 'customer.id' in what this method takes first">();
expectTypeOf<
  LimitTarget<(order: Date) => number, Worker, (order: { id: string }) => void>
>().toEqualTypeOf<'the key function does not take what this method takes'>();
