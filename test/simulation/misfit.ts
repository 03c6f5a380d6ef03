import { isDeepStrictEqual } from 'node:util';
import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { Arrival, OneOf } from './expected-outcome.js';

const codec = jsonCodec();

/** Where the value is not as expected; null: nowhere. */
export function misfit(actual: unknown, expected: unknown, at = 'value'): string | null {
  if (expected instanceof OneOf) {
    const misfits = expected.values.map((value) => misfit(actual, value, at));
    return misfits.includes(null) ? null : misfits.join(' | ');
  }
  if (expected instanceof Arrival) {
    if (actual === null) return expected.mayLack ? null : at;
    return isPlain(actual) && actual['key'] === expected.key && 'arrival' in actual ? null : at;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return at;
    return firstOf(expected.keys(), (key) => misfit(actual[key], expected[key], `${at}[${key}]`));
  }
  if (isPlain(expected)) {
    if (!isPlain(actual)) return at;
    const names = Object.keys(expected);
    if (names.length !== Object.keys(actual).length) return at;
    return firstOf(names, (name) => misfit(actual[name], expected[name], `${at}.${name}`));
  }
  return isDeepStrictEqual(actual, codec.decode(codec.encode(expected))) ? null : at;
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What the events are called that waits within that value got. */
export function arrivalsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(arrivalsIn);
  if (!isPlain(value)) return [];
  return 'arrival' in value ? [String(value['arrival'])] : Object.values(value).flatMap(arrivalsIn);
}
