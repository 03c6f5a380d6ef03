import type { Checkpoint } from '../../model/checkpoint.js';
import { namesOf } from '../../model/path.js';
import { latestRows } from '../../step/latest-rows.js';
import { isPartOfUndo, undoneSteps, wasUndone } from '../../step/undo-rows.js';
import type { Codec } from '../../ports/codec.js';

/** One step of an execution, as it was recorded. Instants are epoch ms. */
export interface StepView {
  /** Names of the step and those around it: `fulfil/charge/authorize`. */
  readonly path: string;
  /**
   * `running`: not ended yet; between two attempts, too. `skipped`: a declared step that its route did not take.
   * `compensated`: completed, and undone since.
   */
  readonly status: 'running' | 'completed' | 'failed' | 'skipped' | 'compensated';
  /** 1-based. */
  readonly attempt: number;
  readonly value?: unknown;
  readonly error?: unknown;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** The journal as users read it: one entry per call, in the order in which calls ended. */
export function stepViews(journal: readonly Checkpoint[], codec: Codec): readonly StepView[] {
  const undone = undoneSteps(journal);
  return latestRows(journal).map((row) => viewOf(row, (undone.get(row.path)?.seq ?? 0) > row.seq, codec));
}

/** Names of the steps that completed and stand, in order: neither undone nor part of an undo. */
export function completedNames(journal: readonly Checkpoint[]): readonly string[] {
  const undone = undoneSteps(journal);
  return latestRows(journal)
    .filter((row) => row.kind === 'completed' && !isPartOfUndo(row.path) && !wasUndone(row, undone))
    .map(({ path }) => namesOf(path));
}

function viewOf(row: Checkpoint, isUndone: boolean, codec: Codec): StepView {
  const { attempt, startedAt, endedAt } = row;
  const common = { path: namesOf(row.path), attempt, startedAt };
  if (row.kind === 'completed')
    return {
      ...common,
      status: isUndone ? 'compensated' : 'completed',
      value: row.value === null ? undefined : codec.decode(row.value),
      endedAt,
    };
  if (row.kind === 'skipped') return { ...common, status: 'skipped', endedAt };
  const error = row.error === null ? undefined : codec.decodeFailure(row.error);
  if (row.kind === 'failed') return { ...common, status: 'failed', error, endedAt };
  return { ...common, status: 'running', ...(error === undefined ? null : { error }), endedAt: null };
}
