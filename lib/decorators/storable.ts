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
 * `Value` where its type shows nothing that a journal cannot keep, else `never`: functions, symbols, weak collections and
 * streams. A step whose result is none does not compile.
 */
export type Storable<Value> = 0 extends 1 & Value
  ? Value
  : Extract<Value, Unstorable> extends never
    ? Value
    : never;

type Unstorable =
  | ((...args: never[]) => unknown)
  | (abstract new (
      ...args: never[]
    ) => unknown)
  | symbol
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | WeakRef<WeakKey>
  | ReadableStream
  | AbortSignal;
