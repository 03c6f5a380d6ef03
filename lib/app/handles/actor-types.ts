import type { ActorContext } from '../../model/actor-context.js';
import type { DataFields } from '../../model/event-source.js';

/** What the methods of an actor class take as events: alone, or with an `ActorContext` second. */
export type ActorEvent<Instance> = {
  [Name in keyof Instance]: Instance[Name] extends (...args: infer Args) => unknown
    ? EventIn<Required<Args>>
    : never;
}[keyof Instance];

type EventIn<Args extends readonly unknown[]> = Args extends readonly [infer First]
  ? First extends ActorContext<infer _>
    ? never
    : EventOf<First>
  : Args extends readonly [infer First, ActorContext<infer _>]
    ? EventOf<First>
    : never;

type EventOf<Taken> = unknown extends Taken
  ? never
  : Taken extends Error
    ? never
    : Taken extends object
      ? DataFields<Taken>
      : never;

/** The state of an actor class, as the contexts of its methods say. */
export type ActorState<Instance> = {
  [Name in keyof Instance]: Instance[Name] extends (...args: infer Args) => unknown ? StateIn<Args> : never;
}[keyof Instance];

type StateIn<Args extends readonly unknown[]> = Args extends readonly [infer First, ...infer Rest]
  ? StateOf<First> | StateIn<Rest>
  : never;

type StateOf<Context> = Context extends ActorContext<infer State> ? State : never;

/** Of `send`. */
export interface SendOptions<Event = object> {
  /** The id of the actor; by default the event has it. */
  readonly id?: string;
  /** An instance of an event class, a member of a union, or plain data where the actor takes one event only. */
  readonly event: Event;
  /** Makes it idempotent for `dedup`: the same id is the same message. */
  readonly eventId?: string;
  /** `false`: resolves when the message is stored. Default true: when it was handled. */
  readonly wait?: boolean;
}

/** What `send` gives. */
export interface SendResult {
  /** Whether this message created the actor; always false without waiting. */
  readonly created: boolean;
  /** `actor:worker:id`. */
  readonly instanceId: string;
  /** When its next alarm comes, epoch ms; null: nothing is scheduled, or it was not waited for. */
  readonly scheduledAt: number | null;
}

/** How an actor stands. Instants are epoch ms. */
export interface ActorStatus {
  /** `active`: an alarm is scheduled. `idle`: none is. */
  readonly status: 'active' | 'idle' | 'not_found';
  /** The next alarm, in the future; null: none. */
  readonly scheduledAt: number | null;
  /** Messages that it has handled since it was created. */
  readonly eventCount: number;
  /** Alarms that it has handled. */
  readonly executeCount: number;
  /** When the message that created it was accepted. Null: there is no such actor. */
  readonly createdAt: number | null;
}
