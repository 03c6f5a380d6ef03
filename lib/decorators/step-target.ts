import type { EachOption, FanOutOptions, RouteOption } from '../metadata/class-metadata.js';
import type { KeyOption } from './step-options.js';
import type { IsUnstorable } from './storable.js';

/** Any method; what it takes is checked apart. */
export type Method = (...args: never[]) => unknown;

/** What `@Step` asks of a class and a method: the class itself, or a sentence that says what does not fit. */
export type StepTarget<
  Key extends KeyOption,
  After extends string | readonly string[],
  Join extends 'all' | 'any',
  When extends RouteOption,
  Each extends EachOption,
  Target,
  M extends Method,
> = [Target] extends [never] // Never so: it makes the class known also where all that follows is decided without it.
  ? Target
  : Key extends (...args: Parameters<M>) => unknown
    ? [IsUnstorable<Awaited<ReturnType<M>>>] extends [true]
      ? 'the result of this step cannot be stored: return plain data'
      : [NamesOf<After>] extends [never]
        ? Target
        : DeclaredTarget<After, Join, When, Each, Target, M>
    : 'the key function does not take the arguments of this method';

type DeclaredTarget<
  After extends string | readonly string[],
  Join extends 'all' | 'any',
  When extends RouteOption,
  Each extends EachOption,
  Target,
  M extends Method,
> = [UnknownName<Target, NamesOf<After>>] extends [never]
  ? [UnknownOption<Each>] extends [never]
    ? WiredTarget<Predecessors<Target, After, Join>, When, Each, Target, M>
    : `'${UnknownOption<Each>}' is no option of each: write { of, concurrency }`
  : `'${UnknownName<Target, NamesOf<After>>}' is no public method of this class`;

/** The awaited value of a method; of one without a result it is undefined, as it is read from the store. */
export type ValueOf<Target, Name> = Name extends keyof Target
  ? Target[Name] extends (...args: never[]) => infer Result
    ? Defined<Awaited<Result>>
    : never
  : never;

type Defined<Value> = Value extends void ? undefined : Value;

/** Those of the names that are no public method. */
export type UnknownName<Target, Name extends string> = Name extends keyof Target
  ? Target[Name] extends Method
    ? never
    : Name
  : Name;

type NamesOf<After extends string | readonly string[]> = After extends readonly string[]
  ? After[number]
  : After;

/** The values that a step gets, one parameter each; each entry is the union of what may stand there. */
type Predecessors<Target, After extends string | readonly string[], Join> = Join extends 'any'
  ? [AnyOf<Target, NamesOf<After>>]
  : After extends readonly string[]
    ? { -readonly [At in keyof After]: AnyOf<Target, After[At]> }
    : [AnyOf<Target, After>];

/** Boxed, so that unions of values stay apart from unions of predecessors. */
type AnyOf<Target, Name> = Name extends unknown ? { readonly value: ValueOf<Target, Name> } : never;

type WiredTarget<
  Boxes extends readonly unknown[],
  When extends RouteOption,
  Each extends EachOption,
  Target,
  M extends Method,
> =
  Fits<Exclude<When, 'otherwise'>, Boxes> extends true
    ? [Each] extends [never]
      ? Fits<M, Boxes> extends true
        ? Target
        : 'the parameters of this method do not fit what the methods in `after` return'
      : Fits<ListOfEach<Each>, Boxes> extends true
        ? M extends (item: ItemOf<Each>) => unknown
          ? Target
          : 'this method does not take an item of `each` as its only parameter'
        : 'the function of `each` does not take what the methods in `after` return'
    : 'the predicate of `when` does not take what the methods in `after` return';

type UnknownOption<Each> = Each extends Method ? never : Exclude<keyof Each & string, keyof FanOutOptions>;

type ListOfEach<Each> = Each extends { readonly of: infer Of } ? Of : Each;

type ItemOf<Each> = ListOfEach<Each> extends (...values: never[]) => Iterable<infer Item> ? Item : never;

/** Whether the function can be called with the values; never: there is none. */
type Fits<Function, Boxes extends readonly unknown[]> = [Function] extends [never]
  ? true
  : Function extends (...args: infer Params) => unknown
    ? Function extends (...args: Args<Boxes, Params>) => unknown
      ? true
      : false
    : false;

type Args<Boxes extends readonly unknown[], Params extends readonly unknown[]> = Boxes extends readonly [
  infer Box,
  ...infer More,
]
  ? [Arg<Box, Head<Params>>, ...Args<More, Tail<Params>>]
  : [];

/**
 * A method's type does not tell whether it fans out: its value, or the array of its values, whichever the parameter
 * takes.
 */
type Arg<Box, Param> = Box extends { readonly value: infer Value }
  ? [Value] extends [Param]
    ? Value
    : [Value[]] extends [Param]
      ? Value[]
      : Value
  : never;

type Head<Params extends readonly unknown[]> = Params extends readonly [(infer First)?, ...unknown[]]
  ? First
  : unknown;

type Tail<Params extends readonly unknown[]> = Params extends readonly [unknown?, ...infer Rest] ? Rest : [];
