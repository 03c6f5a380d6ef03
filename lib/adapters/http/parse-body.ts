import type { Limits } from '../../model/limits.js';
import { Refusal } from './refusal.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Levels that the message itself adds around an event's data. */
const ENVELOPE_DEPTH = 1;

/**
 * The JSON value that the bytes are. Nesting and the keys of each object are counted before anything is parsed. Throws
 * `Refusal`, of which nothing repeats the body: the parser's own message would.
 */
export function parseBody(bytes: Uint8Array, limits: Pick<Limits, 'depth' | 'keys'>): unknown {
  assertBounded(bytes, limits.depth + ENVELOPE_DEPTH, limits.keys);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Refusal('BODY_INVALID', 'the body is no JSON text in UTF-8');
  }
}

/** One walk over the bytes. Outside of texts the bytes of JSON are ASCII, and no byte of a longer character looks like one. */
function assertBounded(bytes: Uint8Array, depth: number, keys: number): void {
  /** The commas of each object that is open; −1: a list. */
  const open: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (open.push(byte === OPEN_OBJECT ? 0 : -1) > depth)
        throw new Refusal('BODY_INVALID', `the body is nested deeper than ${depth} levels`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) open.pop();
    else if (byte === COMMA) countKey(open, keys);
  }
}

function countKey(open: number[], most: number): void {
  const last = open.length - 1;
  const commas = open[last];
  if (commas === undefined || commas === -1) return;
  // So many commas part one key more.
  if (commas + 1 >= most) throw new Refusal('BODY_INVALID', `an object has more than ${most} keys`);
  open[last] = commas + 1;
}

function endOfText(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
