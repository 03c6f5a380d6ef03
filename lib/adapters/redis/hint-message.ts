import type { Hint } from '../../model/hint.js';
import type { ExecutionId } from '../../model/ids.js';

/** Hints of one message, at most. */
export const MOST_HINTS = 1_000;

/** A message that brings hints: it names executions and nothing else. */
export function hintMessage(hints: readonly Hint[]): string {
  return JSON.stringify(hints.map(({ executionId, wakeSeq }) => [executionId, wakeSeq]));
}

/** The hints of a message; none when it is no such message. */
export function hintsOf(message: string): readonly Hint[] {
  let read: unknown;
  try {
    read = JSON.parse(message);
  } catch {
    return [];
  }
  if (!Array.isArray(read) || read.length > MOST_HINTS) return [];
  return read.flatMap((written: unknown) => {
    const [id, wakeSeq] = Array.isArray(written) ? (written as readonly unknown[]) : [];
    if (typeof id !== 'string' || typeof wakeSeq !== 'number') return [];
    return [{ executionId: id as ExecutionId, wakeSeq }];
  });
}
