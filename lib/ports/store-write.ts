import type { Checkpoint } from '../model/checkpoint.js';
import type { DefinitionRef, MessageKind, TerminalStatus, Timers, WaitReason } from '../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../model/ids.js';
import type { Lease } from '../model/lease.js';

export type Write = PublishWrite | CommitWrite | AppendWrite;

/** Accepts events and creates their executions, all of them or none. Idempotent on execution and explicit event ids. */
export interface PublishWrite extends Publishing {
  readonly kind: 'publish';
}

/** Events that one write accepts, all or none. */
export interface Publishing {
  readonly events: readonly NewEvent[];
}

/** An event with the executions that it starts. */
export interface NewEvent {
  readonly id: EventId;
  readonly name: string;
  readonly session: string | null;
  /** For an explicit id: remember it, within its session, until `until`, with the payload's hash. Null: a made id. */
  readonly dedup: { readonly hash: string; readonly until: number } | null;
  readonly executions: readonly NewExecution[];
}

/** An execution to create. */
export interface NewExecution {
  readonly id: ExecutionId;
  readonly definition: DefinitionRef;
  /** The encoded payload. */
  readonly input: string;
  /** Hash of the schema that checked it; null when the schema has none. */
  readonly schemaHash: string | null;
  readonly lane: string;
  /** −100…100, higher first. */
  readonly priority: number;
  readonly depth: number;
  /** Not before this instant; null: now. */
  readonly dueAt: number | null;
  /** Created `running`, leased to this process with fence 1, instead of `pending`. Ignored for a duplicate. */
  readonly owner: ProcessId | null;
  readonly listening: readonly MessageKind[];
}

/** Progress of one execution, accepted iff the lease's fence is current and the record is `running`. */
export interface CommitWrite {
  readonly kind: 'commit';
  readonly lease: Lease;
  readonly delta: Delta;
}

/** What one commit changes: whole or not at all. */
export interface Delta {
  /** Grows by one with each delta under one fence, from 1. A resend is answered `already`. */
  readonly commitNo: number;
  /** Inserted; one whose key exists refuses the whole delta (`rejected`). */
  readonly checkpoints: readonly Checkpoint[];
  /** What changes in the record; absent: the record is not written. */
  readonly record: RecordChange | null;
  /**
   * Events published by a step of this execution. Refuses the delta (`event-known`) when one of them was accepted
   * before, by another write: what the delta's checkpoint says of its executions would not be true.
   */
  readonly publish: Publishing | null;
}

/** The new state of the record. Instants are epoch ms. */
export interface RecordChange {
  /**
   * `running` keeps the lease; every other status releases it. `pending` makes the record ready at once, and (a
   * graceful release) does not count as a claim without progress.
   */
  readonly status: 'running' | 'pending' | 'waiting' | 'parked' | TerminalStatus;
  readonly waitReason: WaitReason | null;
  /** Replaces all named timers; the store derives when the record wakes. */
  readonly timers: Timers;
  /** A waiting, parked or ended record becomes ready at once if a message of these kinds beyond `seenInboxSeq` exists. */
  readonly listening: readonly MessageKind[];
  readonly seenInboxSeq: number;
  readonly attempt: number;
  /**
   * The journal's epoch from here on. Raising it hides the rows that `forget` matches: rows of lower epochs stay
   * stored but are not loaded.
   */
  readonly epoch: number;
  /** With a raised epoch: the keys of journal rows of earlier epochs that are not loaded any more. Empty otherwise. */
  readonly forget: readonly string[];
  readonly value: string | null;
  readonly error: string | null;
}

/** Sends a message. Unfenced; idempotent on the message id. */
export interface AppendWrite {
  readonly kind: 'append';
  readonly message: Message;
}

/** A message to one execution. */
export interface Message {
  readonly id: MessageId;
  readonly to: ExecutionId;
  readonly kind: MessageKind;
  readonly body: string | null;
}

/** A message as the inbox keeps it. */
export interface StoredMessage extends Message {
  /** Grows within one inbox. */
  readonly seq: number;
}

/** What became of one write. */
export type Verdict =
  | {
      readonly verdict: 'ok' | 'already';
      readonly executions?: readonly PublishedExecution[];
      readonly due?: boolean;
    }
  /** The fence is not current any more, or the record is not running: nothing was applied. */
  | { readonly verdict: 'stale' }
  /** Nothing was applied, and sending again will not help. */
  | Rejection;

/** Why nothing was applied. */
export interface Rejection {
  readonly verdict: 'rejected';
  readonly reason: RejectReason;
  /** With `event-conflict`. */
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
  | 'not-listening';

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
}
