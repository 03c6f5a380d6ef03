/** Nesting beyond this is refused: recursive readers of the stored text stay far from the end of the stack. */
export const MAX_DEPTH = 1_000;

/** Objects and arrays inside one stored value; bounds what a graph of shared references unfolds to. */
export const MAX_NODES = 1_000_000;

let nodes = 0;

/** Whether `JSON.parse(JSON.stringify(value))` gives the value back. Allocates next to nothing. */
export function isPlain(value: unknown, maxNodes: number): boolean {
  nodes = maxNodes;
  return walk(value, MAX_DEPTH);
}

function walk(value: unknown, depth: number): boolean {
  const type = typeof value;
  if (type === 'string' || type === 'boolean') return true;
  if (type === 'number') return isPlainNumber(value as number);
  return type === 'object' && (value === null || walkObject(value as object, depth));
}

/** Neither NaN, nor infinite, nor −0. */
export function isPlainNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

function walkObject(value: object, depth: number): boolean {
  if (depth === 0 || --nodes === 0) return false;
  if (Array.isArray(value)) return walkArray(value, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    if (!walk((value as Readonly<Record<string, unknown>>)[key], depth - 1)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

function walkArray(value: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype) return false;
  for (let i = 0; i < value.length; i++) {
    if (!walk(value[i], depth - 1)) return false;
  }
  return lastKey(value) === (value.length === 0 ? null : String(value.length - 1));
}

/** What {@link copyPlain} answers for a value that is not plain. */
export const NOT_PLAIN = Symbol('not plain');

/** What `JSON.parse(JSON.stringify(value))` gives for a plain value, at a third of its cost; else `NOT_PLAIN`. */
export function copyPlain(value: unknown, maxNodes: number): unknown {
  nodes = maxNodes;
  return copy(value, MAX_DEPTH);
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return walk(value, depth) ? value : NOT_PLAIN;
  if (depth === 0 || --nodes === 0) return NOT_PLAIN;
  if (Array.isArray(value)) return copyArray(value, depth);
  if (Object.getPrototypeOf(value) !== Object.prototype) return NOT_PLAIN;
  // Copied as a whole, it has the shape of its original: field by field, it would be given one anew.
  const copied: Record<string, unknown> = { ...value };
  for (const key in copied) {
    const field = copied[key];
    const plain = copy(field, depth - 1);
    if (plain === NOT_PLAIN) return NOT_PLAIN;
    if (plain !== field) copied[key] = plain;
  }
  return Object.getOwnPropertySymbols(value).length === 0 ? copied : NOT_PLAIN;
}

function copyArray(value: readonly unknown[], depth: number): unknown {
  if (Object.getPrototypeOf(value) !== Array.prototype) return NOT_PLAIN;
  const copied: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    const item = copy(value[i], depth - 1);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    copied.push(item);
  }
  return lastKey(value) === (value.length === 0 ? null : String(value.length - 1)) ? copied : NOT_PLAIN;
}

/** Named properties of an array come after its indices. Without the list of keys that `Object.keys` would make. */
function lastKey(value: object): string | null {
  let last: string | null = null;
  for (const key in value) last = key;
  return last;
}
