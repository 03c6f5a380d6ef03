/** What a text decodes to, sharing nothing with the value that was encoded: for one taker, who may change it. */
export interface DecodedCopy {
  readonly value: unknown;
}

export interface EncodedValue {
  readonly text: string;
  /** Null: decode the text. */
  readonly copy: DecodedCopy | null;
}

/**
 * Turns values into text and back. `decode(encode(value))` equals `value` for every value that it accepts; what it
 * cannot keep, it refuses with `UnstorableValueError`, naming the path. Decoding never runs code named by data.
 */
export interface Codec {
  /** Throws `UnstorableValueError`. Plain values become plain JSON. */
  encode(value: unknown): string;
  /** Text as `encode` gives it, and the value that `decode` would give for it where that is known without reading the text. */
  encodeAndCopy(value: unknown): EncodedValue;
  /** Throws `UnreadableValueError` for text that `encode` did not write, or whose class is not registered any more. */
  decode(text: string): unknown;
  /**
   * What a journal keeps of a thrown value: never throws, and leaves out what cannot be stored. The stack is cut to
   * 8 KiB, the chain of causes to 8 errors.
   */
  encodeFailure(thrown: unknown): string;
  /**
   * The thrown value again: a registered class, a built-in one or an error of Holdfast as itself, any other error as
   * `StepError` with its name, code, message and fields. Throws `UnreadableValueError` as `decode` does.
   */
  decodeFailure(text: string): unknown;
}
