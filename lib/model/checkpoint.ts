/**
 * One row of an execution's journal. Rows are insert-only within (execution, turn, epoch).
 *
 * `completed` and `failed` are final results of a step; `attempt` records one failed try that will be repeated at
 * `wakeAt`; `timer` records a sleep that ends at `wakeAt`, or that a wait or a
 * child began; `started` marks an at-most-once body that has begun; `skipped`
 * tells that a declared step was not taken.
 */
export interface Checkpoint {
  /** Unique within (execution, turn, epoch): the path and what distinguishes rows of one path. */
  readonly key: string;
  /** The step's path with digests and ordinals, for example `fulfil/charge~Zm9v/authorize~YmFy`. */
  readonly path: string;
  readonly kind: 'completed' | 'failed' | 'attempt' | 'timer' | 'started' | 'skipped';
  /** Order in which steps settled within the execution; replay repeats it. */
  readonly seq: number;
  /** The record's turn when it was written; a pass loads rows of the current turn. */
  readonly turn: number;
  /** The record's epoch when it was written; rows of earlier ones are loaded too, but for those that a retry forgot. */
  readonly epoch: number;
  /** 1-based attempt that produced this row. */
  readonly attempt: number;
  /** The encoded value of a `completed` row; null otherwise. */
  readonly value: string | null;
  /** The encoded failure of a `failed` or `attempt` row; null otherwise. */
  readonly error: string | null;
  /** When the next attempt or the end of the sleep is due; null otherwise. */
  readonly wakeAt: number | null;
  readonly startedAt: number;
  readonly endedAt: number;
}
