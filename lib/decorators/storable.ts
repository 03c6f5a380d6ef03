import type { AnyClass } from '../metadata/class-metadata.js';
import { findOwnMetadata, registerStorable } from '../metadata/metadata-store.js';
import { recordClass, recordTwice } from './record-class.js';

/**
 * Lets instances of a class be stored in results, events and errors, and come back as that class. `name` is what is
 * stored: it stays when the class is renamed. `bootstrap({ types: [Money] })` does the same for classes of others.
 *
 * @example
 * @Storable('money')
 * class Money {
 *   constructor(readonly amount: bigint, readonly currency: string) {}
 * }
 */
export function Storable(name: string): (target: AnyClass) => void {
  return (target: AnyClass, context?: unknown) => {
    const record = recordClass('Storable', target, context);
    if (findOwnMetadata(target)?.storable != null) recordTwice(record, target, null, 'Storable');
    registerStorable(name, target);
  };
}

/**
 * `Value` where its type shows nothing that a journal cannot keep, else `never`: functions, symbols, promises, weak
 * collections, streams, generators, regular expressions, answers of `fetch`; also inside arrays, maps, sets and objects without
 * methods, three levels deep. A step whose result is none does not compile. What has methods may be of a registered class:
 * that is checked when it is stored.
 */
export type Storable<Value> = IsUnstorable<Value> extends true ? never : Value;

/** Ask it as `[IsUnstorable<Value>] extends [true]`: then a value of a type parameter, of which nothing is known yet, passes. */
export type IsUnstorable<Value> = [UnstorableIn<Value, []>] extends [never] ? false : true;

/** The parts of the type that cannot be stored; each element of `Depth` is a level. */
type UnstorableIn<Value, Depth extends readonly 0[]> =
  IsAny<Value> extends true
    ? never
    : Value extends string | number | bigint | boolean | null | undefined
      ? never
      : [Value, IsCollection<Value>] extends [Unstorable, false]
        ? Value
        : Depth['length'] extends 3
          ? never
          : UnstorableInside<Value, [0, ...Depth]>;

/** Also of a type that the compiler did not find: asked without the brackets, that one is no answer but itself. */
type IsAny<Value> = [0] extends [1 & Value] ? true : false;

/** By its shape a `Set` of objects is a `WeakSet`, and a `Map` with such keys a `WeakMap`. */
type IsCollection<Value> = Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> ? true : false;

type UnstorableInside<Value, Depth extends readonly 0[]> = Value extends readonly unknown[]
  ? UnstorableIn<Value[number], Depth>
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? UnstorableIn<Key, Depth> | UnstorableIn<Item, Depth>
    : Value extends ReadonlySet<infer Item>
      ? UnstorableIn<Item, Depth>
      : Value extends object
        ? [MethodsOf<Value>] extends [never]
          ? {
              [Key in keyof Value]-?: Key extends symbol ? never : UnstorableIn<Value[Key], Depth>;
            }[keyof Value]
          : never
        : never;

/** Asked key by key: one field of type `unknown` would hide all others in a union. */
type MethodsOf<Value> = {
  [Key in keyof Value]-?: [Extract<Value[Key], AnyFunction>] extends [never] ? never : Key;
}[keyof Value];

type AnyFunction = (...args: never[]) => unknown;

type Unstorable =
  | AnyFunction
  | (abstract new (
      ...args: never[]
    ) => unknown)
  | symbol
  | RegExp
  | PromiseLike<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | WeakRef<WeakKey>
  | Declared<ReadableStream>
  | Declared<AbortSignal>
  | Generator<unknown, unknown, never>
  | AsyncGenerator<unknown, unknown, never>
  | Emitter
  | Body;

/** Without the types of Node or of a browser it is not declared: as `any` it would take in every type. */
type Declared<Value> = IsAny<Value> extends true ? never : Value;

/** Streams of Node, sockets, servers. */
interface Emitter {
  readonly on: AnyFunction;
  readonly emit: AnyFunction;
  readonly removeListener: AnyFunction;
}

/** What `fetch` answers, blobs and files. */
interface Body {
  readonly arrayBuffer: (...args: never[]) => PromiseLike<unknown>;
}
