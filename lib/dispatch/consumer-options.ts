import type { DefinitionRef } from '../model/execution.js';
import type { ExecutionId, ProcessId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { OwnExecution, Store } from '../ports/store.js';
import type { Executor } from '../engine/executor.js';
import type { Run } from '../engine/work.js';

export interface ConsumerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly executor: Executor;
  readonly owner: ProcessId;
  readonly runnable: () => readonly DefinitionRef[];
  readonly concurrency: () => number;
  readonly isPaused: (definition: string) => boolean;
  /** Told of each pass that has ended, before its slot is free; also when a newer pass of its execution runs. */
  readonly runEnded: (run: Run) => void;
  readonly lease: LeaseState;
  /** How long a claim may take to be answered. */
  readonly answerMs: () => number;
  /** How long what may kill its process runs with nothing new beside it. */
  readonly isolationMs: () => number;
  /** Work is taken by `obtain` alone, as its pace allows; null: whatever is due is taken. */
  readonly pace: Pace | null;
}

/** Why due work is looked for. */
export type PullReason = 'hint' | 'timer' | 'sweep';

/** What says when passes may begin. */
export interface Pace {
  /** Something may be due of these definitions, or of any: asks for a ticket. */
  look(definitions?: readonly string[]): void;
  /** There may be room for those who have a ticket. */
  serve(): void;
}

/** What is to be claimed: these executions, whatever is due of a worker (null: of any), or what was lost sight of. */
export type Wish =
  | { readonly ids: readonly ExecutionId[] }
  | { readonly worker: string | null }
  | { readonly own: readonly OwnExecution[] };

/** What was claimed, and begun. */
export interface Obtained {
  readonly runs: Map<ExecutionId, Run>;
  readonly nextAt: number | null;
  readonly more: boolean;
}

/** What the consumer asks of the process's lease. */
export interface LeaseState {
  /** Grows whenever the lease may have lapsed: what was taken under an earlier one may be another's by now. */
  readonly generation: number;
  mayStartBody(): boolean;
  /** Renews soon: what the store says is ours is not what runs here. */
  hurry(): void;
}
