import type { Violation } from '../../model/violation.js';

const MOST = 20;
/** Names of fields, and positions in lists. */
const PATH = /^[\w$.-]{0,128}$/;
const PLAIN_NAME = /^[\w$-]{1,64}$/;
/** With more texts than this, no message is compared with each of them: it is not told. */
const MOST_TEXTS = 10_000;
/** Shorter values are words of any message. */
const SHORTEST_VALUE = 4;

/**
 * What a caller is told about what was wrong with its data: names of fields, and the messages of the schema, but no value and no
 * text of its own that the data brought. A message that repeats any of it is replaced.
 */
export function toldViolations(violations: readonly Violation[], data: unknown): readonly Violation[] {
  const brought = textsOf(data);
  return violations.slice(0, MOST).map(({ path, message }) => ({
    path: PATH.test(path) ? path : '(a field that is not told)',
    message: repeats(message, brought) ? 'is not allowed' : message,
  }));
}

function repeats(message: string, brought: ReadonlySet<string>): boolean {
  if (brought.size > MOST_TEXTS) return true;
  for (const text of brought) if (message.includes(text)) return true;
  return false;
}

/** Values, and keys that are no plain names. The limits on events bound how many there are. */
function textsOf(data: unknown): ReadonlySet<string> {
  const texts = new Set<string>();
  const left: unknown[] = [data];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      if (text.length >= SHORTEST_VALUE) texts.add(text);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (!Array.isArray(value) && key !== '' && !PLAIN_NAME.test(key)) texts.add(key);
        left.push(item);
      }
    }
  }
  return texts;
}
