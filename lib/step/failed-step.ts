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

/** What was thrown, its causes, and the errors that one of them gathers. */
function errorsIn(thrown: unknown, depth: number): readonly unknown[] {
  if (!(thrown instanceof Error)) return [thrown];
  if (depth > CAUSE_DEPTH) return [];
  const gathered: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  const causes = Object.hasOwn(thrown, 'cause') ? [thrown.cause] : [];
  return [thrown, ...[...gathered, ...causes].flatMap((each) => errorsIn(each, depth + 1))];
}

/** An error keeps its name, message and stack when it is stored again; of anything else the text stays the same. */
function isOf(thrown: unknown, row: Checkpoint, codec: Codec): boolean {
  if (row.error === null) return false;
  try {
    if (!(thrown instanceof Error)) return codec.encodeFailure(thrown) === row.error;
    const of = codec.decodeFailure(row.error);
    return (
      of instanceof Error &&
      of.name === thrown.name &&
      of.message === thrown.message &&
      of.stack === thrown.stack
    );
  } catch {
    // Of a class that this process cannot read: the outcome is told all the same.
    return false;
  }
}
