import { UnreadableValueError } from '../../model/errors-value.js';
import type { StorableType } from '../../model/storable.js';
import type { Codec, DecodedCopy, EncodedValue } from '../../ports/codec.js';
import { isError } from './error-shape.js';
import { describeThrown, FailureEncoder } from './failure-encoder.js';
import { copyPlain, isPlain, isPlainNumber, MAX_NODES, NOT_PLAIN } from './plain-value.js';
import { type EventTypes, StorableTypes } from './storable-types.js';
import { type Json, MARK, MARK_CODE } from './tagged.js';
import { ValueDecoder } from './value-decoder.js';
import { ValueEncoder } from './value-encoder.js';

const THROWN_NODES = 10_000;
const THROWN_TEXT = 32 * 1024;

export interface JsonCodecOptions {
  /** Classes whose instances may be stored, by their names. Default: none. */
  readonly types?: readonly StorableType[] | undefined;
  /** Further classes by name, asked at each use: those with `@Storable`, also ones loaded later. Default: none. */
  readonly declared?: (() => ReadonlyMap<string, StorableType>) | undefined;
  /** Classes of events, whose instances may be stored likewise. Default: none. */
  readonly events?: EventTypes | undefined;
}

/**
 * Plain JSON for plain values. Anything else that has an exact counterpart is written as tagged JSON behind a `~`:
 * undefined, NaN, ±Infinity, −0, bigint, Date, Map, Set, typed arrays, ArrayBuffer, Buffer, URL, errors (without
 * their stack), null-prototype objects and instances of registered classes and events. Cycles, functions, symbols, RegExps,
 * sparse arrays and all other instances are refused. An object referred to twice is written twice.
 */
export function jsonCodec(options: JsonCodecOptions = {}): Codec {
  const types = new StorableTypes(options.types ?? [], options.declared ?? (() => new Map()), options.events);
  const encode = (value: unknown): string => {
    if (typeof value === 'number' && isPlainNumber(value)) return String(value);
    return typeof value === 'string' || isPlainNow(value)
      ? JSON.stringify(value)
      : writeValue(new ValueEncoder(types, MAX_NODES), value);
  };
  return {
    encode,
    encodeAndCopy: (value) => {
      const copy = copyPlainNow(value);
      return copy === NOT_PLAIN
        ? { text: encode(value), copy: null }
        : new CopiedValue(JSON.stringify(copy), copy);
    },
    decode: (text) => read(text, types),
    encodeFailure: (thrown) => {
      try {
        if (typeof thrown === 'object' && thrown !== null && isError(thrown)) {
          return write(new FailureEncoder(types).error(thrown));
        }
        const text = writeValue(new ValueEncoder(types, THROWN_NODES), thrown);
        return text.length <= THROWN_TEXT ? text : write(describeThrown(thrown, `${text.length} characters`));
      } catch (error) {
        return write(describeThrown(thrown, error instanceof Error ? error.message : 'reading it throws'));
      }
    },
    decodeFailure: (text) => read(text, types),
  };
}

/** The text of a plain value, which was copied to write it. */
class CopiedValue implements EncodedValue {
  constructor(
    readonly text: string,
    readonly value: unknown,
  ) {}

  get copy(): DecodedCopy | null {
    return this;
  }
}

/** A getter that throws is found again, with its path, by the encoder. */
function isPlainNow(value: unknown): boolean {
  try {
    return isPlain(value, MAX_NODES);
  } catch {
    return false;
  }
}

function copyPlainNow(value: unknown): unknown {
  try {
    return copyPlain(value, MAX_NODES);
  } catch {
    return NOT_PLAIN;
  }
}

/** Plain objects of another realm become plain text too, so that equal values are equal text. */
function writeValue(encoder: ValueEncoder, value: unknown): string {
  const json = encoder.encode(value);
  return encoder.isTagged ? write(json) : JSON.stringify(json);
}

function write(json: Json): string {
  return MARK + JSON.stringify(json);
}

function read(text: string, types: StorableTypes): unknown {
  if (text.charCodeAt(0) !== MARK_CODE) return parse(text);
  return new ValueDecoder(types).decode(parse(text.slice(1)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableValueError(`the stored text is no JSON: ${JSON.stringify(text.slice(0, 40))}`);
  }
}
