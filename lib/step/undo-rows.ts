import type { Checkpoint } from '../model/checkpoint.js';
import type { TerminalStatus } from '../model/execution.js';
import { encodedNameOf, segment } from '../model/path.js';
import { ancestorsOf, UNDO, undoPath } from './control-path.js';

/** What an execution undoes its steps for: how it ends when all of them are undone. */
export interface Undoing {
  readonly status: Extract<TerminalStatus, 'failed' | 'cancelled'>;
  /** The encoded failure that the execution ends with; null for one that was cancelled. */
  readonly error: string | null;
  /** Why it was cancelled, as the message told; null: it did not. */
  readonly reason: string | null;
  /** Tells the undo of one failure from that of a later one. */
  readonly epoch: number;
  /** When the execution failed or was cancelled. */
  readonly since: number;
}

/** The segment of the call that undoes a step, below the step's own path. */
export function undoSegment({ epoch }: Undoing): string {
  return segment(UNDO, '', epoch);
}

/** The compensation that has begun and not ended, or null. */
export function openUndo(journal: readonly Checkpoint[], method: string): Undoing | null {
  if (journal.length === 0) return null;
  const path = undoPath(method);
  let last: Checkpoint | null = null;
  for (const row of journal) if (row.path === path && (last === null || row.seq > last.seq)) last = row;
  if (last === null || last.kind === 'completed') return null;
  return {
    status: last.error === null ? 'cancelled' : 'failed',
    error: last.error,
    reason: last.value,
    epoch: last.epoch,
    since: last.endedAt,
  };
}

/** When each step that was undone was so for the last time: its path, and the row of its undo. */
export function undoneSteps(journal: readonly Checkpoint[]): ReadonlyMap<string, Checkpoint> {
  const undone = new Map<string, Checkpoint>();
  for (const row of journal) {
    const step = row.kind === 'completed' ? undoneBy(row) : null;
    if (step !== null && row.seq > (undone.get(step)?.seq ?? 0)) undone.set(step, row);
  }
  return undone;
}

/** Results of steps that have a compensation and stand, last first. The undo of a step covers the steps within it. */
export function undoableRows(
  journal: readonly Checkpoint[],
  compensates: (encodedName: string) => boolean,
): readonly Checkpoint[] {
  const undone = undoneSteps(journal);
  const rows = journal.filter(
    (row) => row.kind === 'completed' && compensates(encodedNameOf(row.path)) && !wasUndone(row, undone),
  );
  const paths = new Set(rows.map((row) => row.path));
  return rows.filter(({ path }) => !isWithin(path, paths)).sort((a, b) => b.seq - a.seq);
}

/** Whether the result does not stand: by the step's own undo, or by that of a step that it was called in. `undone` is what `undoneSteps` tells. */
export function wasUndone({ path, seq }: Checkpoint, undone: ReadonlyMap<string, Checkpoint>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if ((undone.get(path.slice(0, end))?.seq ?? 0) > seq) return true;
  return false;
}

/** Keys of the rows that do not hold any more once steps were undone: a retry runs them again. */
export function undoneRows(journal: readonly Checkpoint[], returnPath: string): readonly string[] {
  const undone = undoneSteps(journal);
  const gone = journal.filter(
    (row) => row.kind === 'completed' && (undone.get(row.path)?.seq ?? 0) > row.seq,
  );
  if (gone.length === 0) return [];
  const returned = journal.find((row) => row.path === returnPath);
  const first = Math.min(...gone.map((row) => row.seq));
  // The handler made the call that was undone: it makes it again, and all declared steps come after it.
  const since = returned !== undefined && first < returned.seq ? returned.seq : Number.POSITIVE_INFINITY;
  const paths = new Set(gone.map((row) => row.path));
  const completed = new Set(journal.filter((row) => row.kind === 'completed').map((row) => row.path));
  // What a call around it gave was made of what is undone: it is called again, and finds in the journal what stands.
  const around = new Set(
    Array.from(paths, ancestorsOf)
      .flat()
      .filter((path) => completed.has(path)),
  );
  return journal
    .filter((row) => row.kind !== 'failed' && row.kind !== 'attempt' && !isPartOfUndo(row.path))
    .filter(
      (row) => paths.has(row.path) || isWithin(row.path, paths) || row.seq >= since || around.has(row.path),
    )
    .map((row) => row.key);
}

/** Sleeps and waits that ended with a call around them, without a result: the call begins them anew. */
export function timersWithin(journal: readonly Checkpoint[], keys: ReadonlySet<string>): readonly string[] {
  const completed = journal.filter((row) => row.kind === 'completed');
  const over = new Set(completed.map((row) => row.path));
  const calls = new Set(completed.filter((row) => keys.has(row.key)).map((row) => row.path));
  return journal
    .filter(({ kind, path }) => kind === 'timer' && !over.has(path) && isWithin(path, calls))
    .map((row) => row.key);
}

function isWithin(path: string, paths: ReadonlySet<string>): boolean {
  return ancestorsOf(path).some((call) => paths.has(call));
}

/** Rows of compensations, which no retry forgets: they tell what was undone. */
export function isPartOfUndo(path: string): boolean {
  return path.includes(`/${UNDO}`);
}

/** What earlier passes recorded of compensations: all that one that undoes steps repeats. */
export function rowsOfUndo(journal: readonly Checkpoint[], method: string): readonly Checkpoint[] {
  const control = undoPath(method);
  return journal.filter(({ path }) => path !== control && isPartOfUndo(path));
}

/** Whether the row is of an undo, or of what begins and ends a compensation: nothing that code calls. */
export function isOfUndo({ path }: Checkpoint): boolean {
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last === UNDO || last.startsWith(`${UNDO}~`);
}

/** The path of the step that the row's undo undoes; null for other rows and for calls within an undo. */
function undoneBy(row: Checkpoint): string | null {
  if (!isOfUndo(row)) return null;
  const step = row.path.slice(0, row.path.lastIndexOf('/'));
  return step.includes('/') ? step : null;
}
