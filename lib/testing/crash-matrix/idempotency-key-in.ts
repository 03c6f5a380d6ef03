/** Arguments are searched that deep and that far. */
const MOST_DEPTH = 6;
const MOST_VALUES = 2_000;

/** Who calls: its execution, and the paths of its body and of those around it, innermost first. */
export interface Caller {
  readonly executionId: string;
  readonly paths: readonly string[];
}

/**
 * What lets the receiver of a call tell a repeat: text that holds the caller's `idempotencyKey` or one around it, other
 * text made of the execution's id, or the value of a field that is named so. Null: there is nothing. The bare id is none,
 * since all calls of the execution have it; nor is the key of another step, which came with its result.
 */
export function idempotencyKeyIn(args: readonly unknown[], caller: Caller): string | null {
  let left = MOST_VALUES;
  const seen = new Set<object>();
  const search = (value: unknown, name: string, depth: number): string | null => {
    if (typeof value === 'string') return isKey(value, name, caller) ? value : null;
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

function isKey(text: string, name: string, { executionId, paths }: Caller): boolean {
  const at = text.indexOf(`${executionId}/`);
  if (at >= 0) {
    const path = text.slice(at + executionId.length + 1);
    // A step below goes on with a slash, an equal call with a tilde, another name with a letter.
    return paths.some((own) => path.startsWith(own) && !/[\w/~]/.test(path[own.length] ?? ''));
  }
  if (text.includes(executionId)) return text !== executionId;
  return text !== '' && /^(?:x-)?idempoten\w*[-_]?(?:key|id|token)?$/i.test(name);
}

function partsOf(value: object): Iterable<readonly [string, unknown]> {
  if (value instanceof Map) return [...value].map(([name, part]) => [String(name), part]);
  if (typeof Headers !== 'undefined' && value instanceof Headers) return value.entries();
  return Object.entries(value);
}
