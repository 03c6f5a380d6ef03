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
function isPlainNumber(value: number): boolean {
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

/** Named properties of an array come after its indices. Without the list of keys that `Object.keys` would make. */
function lastKey(value: object): string | null {
  let last: string | null = null;
  for (const key in value) last = key;
  return last;
}
