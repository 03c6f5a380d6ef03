import type { Checkpoint } from '../model/checkpoint.js';
import type { DefinitionRef, MessageKind, TerminalStatus, Timers, WaitReason } from '../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../model/ids.js';
import type { Lease } from '../model/lease.js';
import type { NextTurn, Parent, Withdrawal } from './family.js';
import type { Mail } from './verdict.js';

// Parts of this port that have a file of their own, which nobody else imports: to its users the port is this one.
export type { NextTurn, Parent, Withdrawal } from './family.js';
export type { KnownEvent, Mail, PublishedExecution, RejectReason, Rejection, Verdict } from './verdict.js';

export type Write =
  | PublishWrite
  | CommitWrite
  | AppendWrite
  | AcquireWrite
  | ReserveWrite
  | ScheduleWrite
  | AwaitWrite
  | InstanceWrite;

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
  /**
   * For an explicit id: remember it, within its session, until `until`, with the payload's hash, if the event starts an
   * execution. Null: a made id.
   */
  readonly dedup: { readonly hash: string; readonly until: number } | null;
  readonly executions: readonly NewExecution[];
  /**
   * What it leaves in the mailbox of its name and key, for executions that wait for it. An explicit id is remembered then
   * although no execution starts. Absent: nobody can wait for it.
   */
  readonly mail?: NewMail;
}

/**
 * An event as its mailbox keeps it, once: at most `MAILBOX_CAPACITY` of a mailbox have not expired, else the whole write is
 * refused (`mailbox-full`). In the same write each execution with an open wait at the mailbox gets it, for the wait it
 * registered first: an `event` message with that holder as body is put into its inbox, which wakes one that waits and
 * listens to it, and is a signal for one that runs, whatever it listens to.
 */
export interface NewMail extends Mail {
  readonly key: string;
  /** Epoch ms; from then on nobody new gets it. */
  readonly until: number;
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
  /**
   * Created `running`, leased to this process with fence 1, instead of `pending`. Ignored for a duplicate, and when its
   * gate is full: `PublishedExecution.leased` tells.
   */
  readonly owner: ProcessId | null;
  /** What it must pass whenever it becomes ready; null: nothing. */
  readonly gate: Gate | null;
  readonly listening: readonly MessageKind[];
  /** The execution that waits for it. Absent: none does. */
  readonly parent?: Parent;
  /** Its event joins others in one execution. Absent: the execution is of this event alone. */
  readonly collect?: Collect;
}

/**
 * An execution that collects events until it begins. Of each name at most one is *open*: created and never claimed, with
 * fewer than `most` events and no cancel message. An event whose execution names an open one joins it: no execution is
 * created, and the answer names the one it joined; else the execution is created, with this event as its first, and open.
 *
 * Each of its events, the first included, is an `item` message in its inbox, in the order in which they were accepted, with
 * the id of the `NewExecution` it came with as message id: what is sent again joins nothing twice, even when the execution
 * has begun or ended meanwhile. Items wake nobody, and stay as long as the execution is stored: `inbox` answers them whether
 * they were seen or not. Of one that joins, nothing but `id`, `definition.id` and `collect` is used; `owner` and `dueAt` are null.
 *
 * It is due `flushAfterMs` after its first event, or after its newest when it `slides`, but no later than `maxWaitMs` after
 * the first, and at once with event number `most`. The rule of the newest event holds. Messages that it listens to make it
 * due as any other; what is due takes events until it is claimed (behind its gate, say), and stays due.
 */
export interface Collect {
  readonly name: string;
  readonly flushAfterMs: number;
  readonly slides: boolean;
  /** Null: no bound. */
  readonly maxWaitMs: number | null;
  /** A whole number, 1 or more. */
  readonly most: number;
  /** The body of the message: opaque to the store. */
  readonly item: string;
}

/**
 * At most `limit` at once of what names it, across all processes. Gates of executions (`NewExecution.gate`) and of permits
 * (`AcquireWrite.gate`) do not meet, whatever their names. The limit that was written last for a name holds, and so does `untilEnd`.
 *
 * An execution with a gate is *admitted* while it is ready in its lane or running. One that becomes ready (created, timer
 * due, message, retried) while its gate is full queues: it is `waiting` for `gate`, in no lane, and no claim takes it. When
 * an admitted one rests or ends, the first in the queue (by priority, then by when it became ready) is admitted in the
 * same write and is due. One that is handed back (`pending`) keeps its place as long as the limit allows; one whose process
 * died keeps it until it was taken over and rests. A cancel message lets an execution out of turn, and without
 * counting until it rests, whoever goes on with it.
 */
export interface Gate {
  readonly name: string;
  /** A whole number, 0 or more; 0 admits nobody. */
  readonly limit: number;
  /**
   * What was admitted keeps its place also while it waits, whatever the limit is then: until it is parked or ends. The next
   * one of an instance begins when the one before has ended, whatever that waits for. Default false. Nothing for permits.
   */
  readonly untilEnd?: boolean;
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
   * Events published by a step of this execution. What it publishes into its own session once a `cancel` message with a body
   * came for it that it has not seen, is created with that message, too. Refuses the delta (`event-known`) when one of them was accepted
   * before, by another write: what the delta's checkpoint says of its executions would not be true.
   */
  readonly publish: Publishing | null;
  /** Holders of this execution whose permits and queue places are given back; empty: none. What is unknown is ignored. */
  readonly release: readonly string[];
  /** What this execution waits for no longer, open or not. Absent: nothing. */
  readonly withdraw?: readonly Withdrawal[];
  /** What becomes of an instance. Refuses the delta (`instance-changed`) when it is not as `expected`. Absent: nothing. */
  readonly instance?: InstanceChange;
}

/**
 * What a write makes of an instance (an actor, a recurring job): accepted iff the stored version is `expected`. An instance
 * may have one execution *ahead*: created for a later instant, and dropped without a trace when it is replaced before it has
 * begun (was first claimed), queue place included. What has begun is ahead no more, and stays.
 */
export interface InstanceChange {
  readonly id: string;
  /** The version that the writer has read; null: there is no such instance. */
  readonly expected: string | null;
  /** Of what is written: made for this write alone. */
  readonly version: string;
  /** JSON text, opaque to the store; null: the instance is no more, and what it had ahead is dropped. */
  readonly state: string | null;
  /** The event, under a made id and of one execution without `owner`, that it has ahead from here on, instead of what it had; null: nothing. Absent: as it was. */
  readonly ahead?: NewEvent | null;
}

/**
 * Changes an instance, whole or not at all. Rejected (`instance-changed`) when it is not as expected. Sent again, it is
 * `already`: the stored version is its own. A deletion leaves no version by which a repeat could be told: one that finds no
 * instance is `ok` whatever it expected, and its `event` and `cancels`, which do nothing twice, are applied.
 */
export interface InstanceWrite {
  readonly kind: 'instance';
  readonly change: InstanceChange;
  /** An event that it accepts besides, and that `cancels` does not mean; null: none. */
  readonly event: NewEvent | null;
  /**
   * The gate of executions whose holders and queue get a `cancel` message each, with an id made of `change.version`, as if
   * it were appended to them: also where there is no instance. The answer has their number; sent again, it may miss
   * those that have left the gate since. Null: none.
   */
  readonly cancels: string | null;
}

/** The new state of the record. Instants are epoch ms. */
export interface RecordChange {
  /**
   * `running` keeps the lease; every other status releases it. `pending` makes the record ready at once; a delta that does
   * nothing else (`isHandBack`) takes its claim back where strikes are counted, and resets none.
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
  /** The `seq` of a row of the journal with that very value, of this delta or committed before: a store may keep one for both. Absent or null: none. */
  readonly valueSeq?: number | null;
  readonly error: string | null;
  /** With `waiting`: holders whose permits are kept, since their bodies have begun and wait within. Absent: none. */
  readonly holds?: readonly string[];
  /** With `pending`: puts the execution behind this gate instead of the one it had. Absent: no change. */
  readonly gate?: Gate;
  /** With `pending`: the execution begins its next turn. Absent: it does not. */
  readonly next?: NextTurn;
  /** The form of its definition that it goes on with, under which `claim` finds it from here on. Absent: the one it has. */
  readonly definition?: DefinitionRef;
}

/**
 * Asks for a permit for one body of a running execution: `stale` as for a commit, else `ok` with `granted`. Idempotent on
 * (execution, holder) as long as the permit is held or queued for.
 *
 * Not granted: it queues, first come, first served. When its turn comes, the permit is its own and a `granted` message with
 * the holder as body is put into the execution's inbox, in the same write that made room: it wakes one that waits and
 * listens to it, and is a signal for one that runs, whatever it listens to. `Delta.release` gives permits back, and so does
 * every commit after which the record is not `running`: all but those in `RecordChange.holds`, places in the queue as well. But what goes to
 * `waiting` and listens to `granted` keeps its places in the queue, and permits whose `granted` message it has not seen.
 */
export interface AcquireWrite {
  readonly kind: 'acquire';
  readonly lease: Lease;
  /** Unique within the execution; a permit is of the holder, who has it or queues for it where it asked first, whatever gate it names when it asks again. */
  readonly holder: string;
  readonly gate: Gate;
}

/**
 * Reserves the next place of a rate (GCRA): `ok` with `at`, the instant from which the caller may begin, epoch ms, now or
 * later. Places are `perMs / limit` apart; of a bucket that was idle, `limit` are free at once. Not fenced and not
 * idempotent: a repeat reserves one more place, so that there are never more than the rate.
 */
export interface ReserveWrite {
  readonly kind: 'reserve';
  readonly bucket: string;
  /** A whole number, 1 or more. */
  readonly limit: number;
  /** A whole number of ms, 1 or more. */
  readonly perMs: number;
}

/**
 * Moves a schedule on, and accepts the event of the instant that it came to, whole or not at all. Accepted iff the stored
 * version is `expected`: of several processes that come to one instant, one moves the schedule on and the others are
 * answered `schedule-changed`. Sent again, it is `already`.
 */
export interface ScheduleWrite {
  readonly kind: 'schedule';
  readonly id: string;
  /** The version that the writer has read; null: there is no such schedule. */
  readonly expected: string | null;
  /** Of what is written: made for this write alone. */
  readonly version: string;
  /** JSON text, opaque to the store; null: the schedule is no more. */
  readonly state: string | null;
  readonly event: NewEvent | null;
}

/**
 * Asks a mailbox for the next event on behalf of one wait of a running execution: `stale` as for a commit, else `ok` with
 * `mail`. Each wait of one execution gets another event, in the order in which they were accepted; none from before the
 * execution was created. Idempotent on (execution, holder): what a wait got, it gets again, as long as the execution is
 * stored.
 *
 * Nothing there: the wait is registered, and what comes is told by an `event` message (see `NewMail`); ask again then. With
 * `isOver` it is not, and one that was ends. An execution that ends takes its open waits with it, one that begins its next
 * turn all of them, and `Delta.withdraw` those that it names; nothing else does.
 */
export interface AwaitWrite {
  readonly kind: 'await';
  readonly lease: Lease;
  /** Unique within the execution. */
  readonly holder: string;
  /** The event's name. */
  readonly event: string;
  readonly key: string;
  /** An event that is not meant: the one that started the execution. */
  readonly except: EventId | null;
  /** Events accepted from then on come too late, epoch ms; null: none does. */
  readonly until: number | null;
  /** The waiter waits no longer than for this answer. */
  readonly isOver: boolean;
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
