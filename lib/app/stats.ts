import { partsOfDefinition } from '../model/definition.js';
import type { ExecutionStatus } from '../model/execution.js';
import type { ExecutionCount } from '../ports/store.js';

type Tally = Record<ExecutionStatus, number>;

/** Counts of what is stored, and this process's slots. */
export interface AppStats extends Readonly<Tally> {
  /** Workers of this app. */
  readonly workers: number;
  /** Ms since this app was made. */
  readonly uptimeMs: number;
  /** By worker id, of every worker that has executions stored. */
  readonly byWorker: Readonly<Record<string, Readonly<Tally>>>;
  /** This process's slots. */
  readonly queues: { readonly local: { readonly running: number; readonly concurrency: number } };
}

interface Here {
  readonly workers: readonly string[];
  readonly uptimeMs: number;
  readonly slots: { readonly running: number; readonly concurrency: number };
}

export function tallyStats(counts: readonly ExecutionCount[], { workers, uptimeMs, slots }: Here): AppStats {
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
  return { ...total, workers: workers.length, uptimeMs, byWorker, queues: { local: slots } };
}

function emptyTally(): Tally {
  return { pending: 0, running: 0, waiting: 0, completed: 0, failed: 0, cancelled: 0, parked: 0, skipped: 0 };
}
