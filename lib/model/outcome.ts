import type { ExecutionStatus } from './execution.js';

/** How an execution stands once it is settled, as it is stored. */
export interface StoredOutcome {
  readonly status: ExecutionStatus;
  readonly value: string | null;
  readonly error: string | null;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly endedAt: number;
}
