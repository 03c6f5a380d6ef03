import type { ExecutionId } from '../model/ids.js';

/** An instance as it was last written. */
export interface StoredInstance {
  readonly id: string;
  readonly version: string;
  readonly state: string;
  /** The execution that it has ahead; null: none, or it has begun. */
  readonly ahead: {
    readonly executionId: ExecutionId;
    readonly definition: string;
    readonly dueAt: number;
  } | null;
}

/** An execution that collects events. Instants are epoch ms. */
export interface OpenBatch {
  readonly executionId: ExecutionId;
  readonly count: number;
  /** When its first event was accepted. */
  readonly openedAt: number;
  readonly dueAt: number;
}
