import type { Hint } from '../../model/hint.js';
import type { ExecutionId } from '../../model/ids.js';

/** Hints that one request may bring. */
export const MOST_HINTS = 1_000;
const LONGEST_ID = 16_384;

/** The body of a request that brings hints. It names executions and nothing else: no step, no result, no session. */
export function hintBody(hints: readonly Hint[]): string {
  return JSON.stringify({ v: 1, hints: hints.map(({ executionId, wakeSeq }) => [executionId, wakeSeq]) });
}

/** The hints of a parsed body; null when it is no such body. */
export function hintsIn(body: unknown): readonly Hint[] | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  if (Object.keys(body).toSorted().join() !== 'hints,v') return null;
  const { v, hints } = body as { readonly v: unknown; readonly hints: unknown };
  if (v !== 1 || !Array.isArray(hints) || hints.length > MOST_HINTS) return null;
  const read = hints.map(hintOf);
  return read.includes(null) ? null : (read as readonly Hint[]);
}

function hintOf(written: unknown): Hint | null {
  if (!Array.isArray(written) || written.length !== 2) return null;
  const [id, wakeSeq] = written as readonly unknown[];
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) return null;
  if (!Number.isSafeInteger(wakeSeq) || (wakeSeq as number) < 0) return null;
  return { executionId: id as ExecutionId, wakeSeq: wakeSeq as number };
}
