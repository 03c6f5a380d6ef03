/** Arguments are searched that deep and that far. */
const MOST_DEPTH = 6;
const MOST_VALUES = 2_000;

/**
 * What lets the receiver of a call tell a repeat: text made of the execution's id, as every `idempotencyKey` is, or the
 * value of a field that is named so. Null: there is nothing. The bare id is none: it is equal for all calls of the execution.
 */
export function idempotencyKeyIn(args: readonly unknown[], executionId: string): string | null {
  let left = MOST_VALUES;
  const seen = new Set<object>();
  const search = (value: unknown, name: string, depth: number): string | null => {
    if (typeof value === 'string') {
      const isNamed = /^(?:x-)?idempoten\w*[-_]?(?:key|id|token)?$/i.test(name) && value !== '';
      return isNamed || (value !== executionId && value.includes(executionId)) ? value : null;
    }
    if (typeof value !== 'object' || value === null || depth > MOST_DEPTH || --left < 0) return null;
    if (seen.has(value)) return null;
    seen.add(value);
    for (const [field, part] of partsOf(value)) {
      const found = search(part, field, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  return search(args, '', 0);
}

function partsOf(value: object): Iterable<readonly [string, unknown]> {
  if (value instanceof Map) return [...value].map(([name, part]) => [String(name), part]);
  if (typeof Headers !== 'undefined' && value instanceof Headers) return value.entries();
  return Object.entries(value);
}
