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

/** An execution that collects or has collected events. Instants are epoch ms. */
export interface StoredBatch {
  readonly executionId: ExecutionId;
  /** It takes more. */
  readonly isOpen: boolean;
  readonly count: number;
  /** When its first event was accepted. */
  readonly openedAt: number;
  /** When it is or was due. */
  readonly dueAt: number;
}

/** What an execution has collected; it begins, so nothing joins it any more. */
export interface CollectedBatch {
  /** Its events: as many `item` messages are in its inbox. */
  readonly count: number;
  /** When it became due, epoch ms. */
  readonly dueAt: number;
  /** A `flush` message came before it was due otherwise. */
  readonly flushed: boolean;
  /** Number of its newest event in the inbox. */
  readonly lastSeq: number;
}
