/** The first character of tagged text: no JSON begins with it, so one comparison tells plain text apart. */
export const MARK = '~';
export const MARK_CODE = 126;

/** In tagged text an object whose only key is this one holds `[tag, …]`; objects with an own key like it are escaped. */
export const TAG_KEY = '$';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export function tagged(tag: string, ...rest: readonly Json[]): Json {
  return { [TAG_KEY]: [tag, ...rest] };
}

/** Sets an own property, `__proto__` included, without calling a setter. */
export function define(target: object, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

/** Typed arrays by the names under which they are stored. */
export const typedArrays: ReadonlyMap<string, TypedArrayType> = new Map<string, TypedArrayType>([
  ['Int8Array', Int8Array],
  ['Uint8Array', Uint8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int16Array', Int16Array],
  ['Uint16Array', Uint16Array],
  ['Int32Array', Int32Array],
  ['Uint32Array', Uint32Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
  ['BigInt64Array', BigInt64Array],
  ['BigUint64Array', BigUint64Array],
]);

interface TypedArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): object;
}

/** Built-in error classes by the names under which they are stored. */
export const builtInErrors: ReadonlyMap<string, { readonly prototype: Error }> = new Map<
  string,
  { readonly prototype: Error }
>([
  ['Error', Error],
  ['TypeError', TypeError],
  ['RangeError', RangeError],
  ['SyntaxError', SyntaxError],
  ['ReferenceError', ReferenceError],
  ['EvalError', EvalError],
  ['URIError', URIError],
  ['AggregateError', AggregateError],
]);
