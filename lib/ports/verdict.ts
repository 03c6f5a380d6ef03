import type { EventId, ExecutionId } from '../model/ids.js';

/** An event that somebody waited for. */
export interface Mail {
  /** Orders what one execution got, by when it was accepted. Absent: before it is stored. */
  readonly place?: number;
  /** The encoded payload. */
  readonly payload: string;
  /** Hash of the schema that checked it; null when the schema has none. */
  readonly schemaHash: string | null;
}

/** What became of one write. */
export type Verdict =
  | {
      readonly verdict: 'ok' | 'already';
      readonly executions?: readonly PublishedExecution[];
      readonly due?: boolean;
      /** Of an `acquire`: the permit is held, now or still. */
      readonly granted?: boolean;
      /** Of a `reserve`: epoch ms. */
      readonly at?: number;
      /** Of an `await`: what the wait got; null: nothing yet. */
      readonly mail?: Mail | null;
      /** Of an `instance` write that `cancels`: how many executions had its message. */
      readonly cancelled?: number;
    }
  /** The fence is not current any more, or the record is not running: nothing was applied. */
  | { readonly verdict: 'stale' }
  /** Nothing was applied, and sending again will not help. */
  | Rejection;

/** Why nothing was applied. */
export interface Rejection {
  readonly verdict: 'rejected';
  readonly reason: RejectReason;
  /** With `event-conflict` and `mailbox-full`. */
  readonly eventId?: EventId;
  /** With `event-known`: all events of the delta that are. */
  readonly known?: readonly KnownEvent[];
}

/** An event that was accepted before under its explicit id. */
export interface KnownEvent {
  /** Its place in `events`, from 0. */
  readonly eventIndex: number;
  /** Those of the first publish; none when no handler took it then. */
  readonly executions: readonly { readonly id: ExecutionId; readonly definition: string }[];
}

/** Why a write can never be applied. */
export type RejectReason =
  /** A checkpoint key exists already with another commit. */
  | 'checkpoint-exists'
  /** The same explicit event id was published with another payload. */
  | 'event-conflict'
  /** In a delta: the same explicit event id was published by another write, which started other executions. */
  | 'event-known'
  /** No such execution. */
  | 'unknown-execution'
  /** The execution does not listen to that kind of message any more. */
  | 'not-listening'
  /** The schedule is not as the writer has read it: another process moved it on. */
  | 'schedule-changed'
  /** The instance is not as the writer has read it. */
  | 'instance-changed'
  /** The mailbox that an event goes to has no room. */
  | 'mailbox-full';

/** Answered for a publish, in the order of `events` and their executions; for a duplicate, those of the first publish. */
export interface PublishedExecution {
  readonly eventId: EventId;
  /** The place of its event in `events`, from 0: ids of different sessions may be equal. */
  readonly eventIndex: number;
  readonly executionId: ExecutionId;
  readonly definition: string;
  /** The store's name for the record, for the lease of one created with an owner; null for a duplicate. */
  readonly key: number | null;
  /** Its `createdAt` (and, created with an owner, its `startedAt`): what a resume will read. */
  readonly createdAt: number;
  readonly duplicate: boolean;
  /** It runs, leased to the `owner` that it was published with, under fence 1. */
  readonly leased: boolean;
  /**
   * Of one that collects: how many events it has now, this one included, and when it is or was due, epoch ms. Absent: it
   * does not collect, or the event is a duplicate.
   */
  readonly batch?: { readonly count: number; readonly dueAt: number };
}
