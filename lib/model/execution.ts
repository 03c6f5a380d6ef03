import type { EventId, ExecutionId, ProcessId } from './ids.js';

/** Where an execution stands. `completed`, `failed`, `cancelled` and `skipped` are ends; `parked` waits for a person. */
export type ExecutionStatus =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'parked'
  | 'skipped';

/** What a waiting execution waits for. */
export type WaitReason = 'timer' | 'event' | 'gate' | 'retry' | 'paused' | 'compensating' | 'child';

/** The statuses of an execution that has ended. */
export type TerminalStatus = 'completed' | 'failed' | 'cancelled' | 'skipped';

/** No work is left: the outcome is known and stays unless someone calls `retry()`. */
export function isTerminal(status: ExecutionStatus): status is TerminalStatus {
  return status === 'completed' || status === 'failed' || status === 'cancelled' || status === 'skipped';
}

/** No process will go on by itself: terminal, or parked for a person. */
export function isSettled(status: ExecutionStatus): boolean {
  return status === 'parked' || isTerminal(status);
}

/** What an execution runs: one handler of one worker, in the shape that the fingerprint names. */
export interface DefinitionRef {
  /** `worker.method`, for example `order-worker.fulfil`. */
  readonly id: string;
  readonly fingerprint: string;
}

/** The durable record of one execution, without its journal and inbox. Instants are epoch ms of the store's clock. */
export interface ExecutionRecord {
  readonly id: ExecutionId;
  readonly definition: DefinitionRef;
  readonly eventId: EventId;
  readonly eventName: string;
  /** The event's payload as the codec encoded it. */
  readonly input: string;
  /** Hash of the event's schema when the payload was checked; null when the schema has none. */
  readonly schemaHash: string | null;
  readonly session: string | null;
  /** Ready work is served in turn over lanes: `s:session`, or `d:definition` where there is no session. */
  readonly lane: string;
  /** The gate that it passes whenever it becomes ready; null: none. */
  readonly gate: string | null;
  /** −100…100, higher first within the lane. */
  readonly priority: number;
  /** How many executions started each other above this one; 0 for one that was published from outside. */
  readonly depth: number;
  readonly status: ExecutionStatus;
  readonly waitReason: WaitReason | null;
  /** 1-based attempt of the handler itself. */
  readonly attempt: number;
  /** Which part of its life the journal is of: 0 at first, one more with each `continueAsNew()`. */
  readonly turn: number;
  /** Grows by one with each `retry()` and `resume()`, from 0. What these forget belongs to lower epochs and is loaded no more. */
  readonly epoch: number;
  /** Named timers; the record wakes at the earliest. */
  readonly timers: Timers;
  /** The kinds of message that make this record due. */
  readonly listening: readonly MessageKind[];
  /** Number of the last message that a pass has heeded; only later ones make the record due. */
  readonly seenInboxSeq: number;
  /** The encoded value of a completed execution; null otherwise. */
  readonly value: string | null;
  /** The encoded failure of a failed or parked execution; null otherwise. */
  readonly error: string | null;
  readonly owner: ProcessId | null;
  /** Grows by one with each claim; a write under a lower one is refused as `stale`. */
  readonly fence: number;
  readonly createdAt: number;
  /** When it was first claimed; null before. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** Instants (epoch ms) by name, such as `retry:path`, `sleep:path` and `timeout`. */
export type Timers = Readonly<Record<string, number>>;

/** The instant a record wakes: the earliest of its timers, or null when it has none. */
export function wakeAt(timers: Timers): number | null {
  let earliest: number | null = null;
  for (const name in timers) {
    const at = timers[name];
    if (at !== undefined && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}

/**
 * Kinds of message that an inbox takes. `resume` frees a parked execution, `retry` reopens an ended one, `graph` has one that
 * waits looked at because its worker's graph changed, `item` is an event that was collected, `flush` has a collecting one begin.
 */
export type MessageKind =
  | 'cancel'
  | 'resume'
  | 'retry'
  | 'granted'
  | 'event'
  | 'child'
  | 'graph'
  | 'item'
  | 'flush';
