/**
 * Turns values into text and back. `decode(encode(value))` equals `value` for every value that it accepts; what it
 * cannot keep, it refuses with `UnstorableValueError`, naming the path. Decoding never runs code named by data.
 */
export interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}
