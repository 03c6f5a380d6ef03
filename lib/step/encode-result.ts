import type { EncodedValue } from '../ports/codec.js';
import type { PassServices } from './pass-services.js';

/** Encodes what a body gave. Throws `UnstorableValueError`, or `RangeError` when it is larger than `limits.resultBytes`. */
export function encodeResult(services: PassServices, value: unknown): EncodedValue {
  const encoded = services.codec.encodeAndCopy(value);
  assertSize(services, encoded.text);
  return encoded;
}

/** The same, as text alone. */
export function encodeText(services: PassServices, value: unknown): string {
  const text = services.codec.encode(value);
  assertSize(services, text);
  return text;
}

function assertSize({ settings }: PassServices, text: string): void {
  const { resultBytes } = settings.limits;
  // UTF-8 takes three bytes for a UTF-16 unit at most: most results need no counting.
  if (text.length * 3 > resultBytes && Buffer.byteLength(text) > resultBytes)
    throw new RangeError(
      `it has ${Buffer.byteLength(text)} bytes encoded, more than limits.resultBytes (${resultBytes})`,
    );
}
