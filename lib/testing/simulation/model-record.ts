import type { Checkpoint } from '../../model/checkpoint.js';
import type { ExecutionStatus, Timers } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type { NewEvent } from '../../ports/store-write.js';

/** What the model knows of one execution. */
export interface ModelRecord {
  readonly id: ExecutionId;
  readonly definition: string;
  readonly event: NewEvent;
  /** The newest event in any mailbox when it was created. */
  readonly lastMail: number;
  status: ExecutionStatus;
  fence: number;
  owner: ProcessId | null;
  timers: Timers;
  dueAt: number | null;
  turn: number;
  epoch: number;
  gate: string | null;
  claims: number;
  /** Messages accepted: what is settled may begin again, what waits may be early. */
  messages: number;
  /** A cancel was accepted before it settled. */
  cancelled: boolean;
  /** Claimed after that: nothing of it may run any more. */
  mustEnd: boolean;
  /** By epoch and key; rows that a retry forgot are gone. */
  readonly rows: Map<string, StoredRow>;
  readonly applied: Set<string>;
}

export interface StoredRow {
  readonly checkpoint: Checkpoint;
  readonly fence: number;
}
