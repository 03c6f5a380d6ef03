import type { DataFields } from '../../model/event-source.js';
import type { MethodName } from '../executions/publication.js';

/** The events of a method with `@Debounce`; where it takes a reduced state or the newest event, its parameter says too little. */
export type DebouncedEvent<Instance, Method extends MethodName<Instance>> =
  ReceivedBy<Instance, Method> extends readonly (infer Event)[] ? Event : object;

/** What the method gets. */
export type ReceivedBy<Instance, Method extends MethodName<Instance>> = Instance[Method] extends (
  received: infer Received,
  ...rest: never[]
) => unknown
  ? Received
  : never;

/** Of `add`. */
export interface AddOptions<Event = object> {
  /** The key of the batch; by default the event has it. */
  readonly id?: string;
  /** An instance of an event class, a member of a union, or plain data where the method takes one event only. */
  readonly event: DataFields<Event>;
  /** Makes it idempotent for `dedup`: an event with a known id is in the batch that has it, and in no other. */
  readonly eventId?: string;
  /** Of the batch; each session collects by itself. Default: none. */
  readonly session?: string;
}

/** Where an event went. */
export interface AddResult {
  /** It is the first of a batch. */
  readonly created: boolean;
  /** Its `eventId` was accepted before, and nothing was added. */
  readonly duplicate: boolean;
  /** Events of its batch by now, this one included; 0 for a duplicate whose batch is over. */
  readonly eventCount: number;
  /** When its batch begins if no other event comes, epoch ms; null for a duplicate whose batch is over. */
  readonly willFlushAt: number | null;
  /** The execution that handles the batch. */
  readonly executionId: string;
}

/** Of `flush`. */
export interface FlushResult {
  /** A batch begins now; false: none was open. */
  readonly flushed: boolean;
  /** Events of that batch; 0 when none was open. */
  readonly eventCount: number;
  /** `empty`: none was open. */
  readonly reason: 'manual' | 'empty';
  /** The execution that handles the batch; null: none. */
  readonly executionId: string | null;
}

/** Of `clear`. */
export interface ClearResult {
  /** False: no batch was open. */
  readonly cleared: boolean;
  /** Events that the batch had collected; 0 when none was open. */
  readonly discardedEvents: number;
}

/** How the batches of a key stand. */
export interface DebounceStatus {
  /** `debouncing`: a batch collects. `idle`: none does, and the newest was begun or cleared. `not_found`: there is none. */
  readonly status: 'debouncing' | 'idle' | 'not_found';
  /** Events that wait. */
  readonly eventCount: number;
  /** When the first of them was accepted, epoch ms; null: none waits. */
  readonly startedAt: number | null;
  /** When they are handled if no other comes, epoch ms; null: none waits. */
  readonly willFlushAt: number | null;
  /** The newest execution of the key, as long as it is stored; null: there is none. */
  readonly executionId: string | null;
}

/** Of `status` and its kin. */
export interface BatchOptions {
  /** The session that the events were published in. Default: none. */
  readonly session?: string;
}
