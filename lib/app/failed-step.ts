import type { Checkpoint } from '../model/checkpoint.js';
import { namesOf } from '../model/path.js';
import type { Codec } from '../ports/codec.js';

const CAUSE_DEPTH = 8;

/**
 * Names of the step whose failure an execution's error is, or was caused by; null for an error that came out of no step.
 * A failed step that the handler caught is not it. Where several failed with that error: the first, or the step around it
 * that let it through.
 */
export function failedStepOf(error: unknown, rows: readonly Checkpoint[], codec: Codec): string | null {
  const told = errorsIn(error, 0);
  const failed = rows.filter((row) => row.kind === 'failed' && told.some((each) => isOf(each, row, codec)));
  const [first] = failed;
  if (first === undefined) return null;
  const around = failed.filter(({ path }) => first.path.startsWith(`${path}/`));
  const outermost = around.reduce((a, b) => (b.path.length < a.path.length ? b : a), first);
  return namesOf(outermost.path);
}

/** The error, its causes, and the errors that one of them gathers. */
function errorsIn(error: unknown, depth: number): readonly Error[] {
  if (!(error instanceof Error) || depth > CAUSE_DEPTH) return [];
  const gathered: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[...gathered, error.cause].flatMap((each) => errorsIn(each, depth + 1))];
}

/** An error keeps its name, message and stack when it is stored again. */
function isOf(error: Error, row: Checkpoint, codec: Codec): boolean {
  if (row.error === null) return false;
  try {
    const of = codec.decodeFailure(row.error);
    return (
      of instanceof Error &&
      of.name === error.name &&
      of.message === error.message &&
      of.stack === error.stack
    );
  } catch {
    // Of a class that this process cannot read: the outcome is told all the same.
    return false;
  }
}
