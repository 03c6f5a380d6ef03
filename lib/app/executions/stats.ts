import { partsOfDefinition } from '../../model/definition.js';
import type { ExecutionStatus } from '../../model/execution.js';
import type { HintQueue } from '../../ports/dispatcher.js';
import type { ExecutionCount } from '../../ports/store.js';

type Tally = Record<ExecutionStatus, number>;

/** Counts of what is stored of one session, by status. */
export interface SessionStats extends Readonly<Tally> {
  /** By worker id, of every worker that has executions in it. */
  readonly byWorker: Readonly<Record<string, Readonly<Tally>>>;
}

/** Counts of what is stored, and this process's slots. */
export interface AppStats extends Readonly<Tally> {
  /** Workers of this app. */
  readonly workers: number;
  /** Ms since this app was made. */
  readonly uptimeMs: number;
  /** By worker id, of every worker that has executions stored. */
  readonly byWorker: Readonly<Record<string, Readonly<Tally>>>;
  /** By session id, of as many active sessions as `stats({ sessions })` asked for. */
  readonly bySession: Readonly<Record<string, SessionStats>>;
  readonly queues: {
    /** This process's slots. */
    readonly local: { readonly running: number; readonly concurrency: number };
    /** The dispatcher's queues, by name; none where it has none, and where it does not answer. */
    readonly dispatcher: Readonly<Record<string, HintQueue>>;
  };
}

/** Of `app.stats()`. */
export interface StatsOptions {
  /**
   * How many active sessions `bySession` tells, in the order of `app.sessions.active()`: 0 to 1,000, 0 by default. Each of them is
   * counted by itself.
   */
  readonly sessions?: number;
}

/** `workers`: those that are told although nothing of them is stored. */
export function tallySession(
  counts: readonly ExecutionCount[],
  workers: readonly string[] = [],
): SessionStats {
  const total = emptyTally();
  const byWorker = Object.create(null) as Record<string, Tally>;
  for (const id of workers) byWorker[id] = emptyTally();
  for (const { definition, status, count } of counts) {
    const { worker } = partsOfDefinition(definition);
    byWorker[worker] ??= emptyTally();
    const tally = byWorker[worker];
    tally[status] += count;
    total[status] += count;
  }
  return { ...total, byWorker };
}

function emptyTally(): Tally {
  return { pending: 0, running: 0, waiting: 0, completed: 0, failed: 0, cancelled: 0, parked: 0, skipped: 0 };
}
