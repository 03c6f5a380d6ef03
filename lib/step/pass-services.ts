import type { HandlerDefinition, StepDefinition } from '../model/definition.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import type { Limits } from '../model/limits.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { Clock } from '../ports/clock.js';
import type { Codec } from '../ports/codec.js';
import type { AnewCall, RunCall } from '../ports/current-execution.js';
import type { InstanceResolver } from '../ports/instance-resolver.js';
import type { LateTimers } from '../ports/late-timers.js';
import type { Logger } from '../ports/logger.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import type { StateCheckers } from '../ports/state-checker.js';
import type { Store } from '../ports/store.js';
import type { NewEvent, NextTurn, Parent, Verdict, Write } from '../ports/store-write.js';

/** What passes need from the process they run in. One per app. */
export interface PassServices {
  readonly clock: Clock;
  readonly lateTimers: LateTimers;
  readonly random: Random;
  readonly codec: Codec;
  readonly observer: Observer;
  readonly writer: Writer;
  readonly steps: StepFinder;
  readonly events: EventRestorer;
  readonly states: StateCheckers;
  /** Instances, as they were last written, and what was collected. */
  readonly instances: Pick<Store, 'instance' | 'inbox'>;
  /** What the host puts around methods; null: nothing. */
  readonly host: Pick<InstanceResolver, 'invokerOf'> | null;
  /** Asked late: publisher and engine need each other. */
  publisher(): StepPublisher;
  readonly settings: PassSettings;
  /** False when so much of the lease has passed that a new body might outlive it. */
  mayStartBody(): boolean;
}

/** May change while the app runs; each attempt reads the current value. */
export interface PassSettings {
  readonly mode: ExecutionMode;
  readonly limits: Limits;
  readonly maxCallDepth: number;
  /** Bounds an attempt of each step without a `@Timeout` of its own. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly interceptors: readonly Interceptor[];
}

/** `UNTIL_ERROR` runs on in this process; `ISOLATED` runs what is ready, then hands the execution back to the store. */
export type ExecutionMode = 'UNTIL_ERROR' | 'ISOLATED';

/** What an interceptor sees of the attempt it wraps. */
export interface AttemptCall {
  readonly worker: string;
  readonly executionId: string;
  /** The step's names, `fulfil/charge`; for the handler itself its name. */
  readonly step: string;
  readonly attempt: number;
  readonly args: readonly unknown[];
}

/** Wraps each attempt of each handler and step; never a memoised result. `next` runs the body. */
export type Interceptor = (call: AttemptCall, next: () => Promise<unknown>) => Promise<unknown>;

/** Whoever sent a write: told one of the two, once. */
export interface Sender {
  judged(verdict: Verdict): void;
  /** Why the store gave no verdict. */
  unjudged(error: unknown): void;
}

/** The way of writes to the store. */
export interface Writer {
  /** Sends a write; senders are told in order of submission. That of a write which a killed process dropped is told nothing. */
  submit(write: Write, sender: Sender): void;
}

/** What passes ask of the definitions of this process. */
export interface StepFinder {
  /** The definition of that method of the receiver's worker, or null when its class is no worker of this app. */
  stepOf(receiver: object, name: string): StepDefinition | null;
  /** Whether any step is undone by another. */
  readonly hasCompensations: boolean;
  /** Whether some step undoes the one with that encoded name, called in an execution of that worker. */
  compensates(worker: string, encodedName: string): boolean;
}

/** Makes of a stored event what handlers receive. */
export interface EventRestorer {
  /**
   * The value that handlers receive for a stored event. One that another schema checked is checked again: rejects or
   * throws `InvalidEventError` when it does not fit any more.
   */
  restore(eventName: string, data: unknown, schemaHash: string | null): unknown;
  /** Makes an event known by its class or definition; a promise while that has to be loaded. Throws or rejects with `DefinitionError`. */
  know(source: unknown): Promise<void> | null;
  /**
   * The data of a stored event as the current schema takes it: itself, unless another schema checked it; then it is checked
   * again. Throws or rejects with `InvalidEventError`.
   */
  recheck(eventName: string, data: unknown, schemaHash: string | null): unknown;
  /** The value that handlers receive for data that was rechecked. */
  revive(eventName: string, data: unknown): unknown;
}

/** What an execution needs that starts others, or goes on with another input. */
export interface HandlerStarter {
  /**
   * The event with the one execution of the handler that is called, of that id. Rejects with `InvalidEventError`,
   * `NotSubscribedError`, and `StoreUnavailableError` when the store has to be asked and does not answer.
   */
  prepareChild(call: RunCall, child: NewChild): Promise<NewEvent>;
  /** How an execution stands; null: it is not stored. */
  outcomeOf(id: ExecutionId): Promise<StoredOutcome | null>;
  /** The input of the handler's next turn. Rejects with `InvalidEventError`. */
  nextTurn(handler: HandlerDefinition, call: AnewCall): Promise<NextTurn>;
}

/** What is known of a child execution before it is made. */
export interface NewChild {
  readonly id: ExecutionId;
  readonly eventId: EventId;
  readonly depth: number;
  readonly session: string | null;
  readonly parent: Parent;
}

/** What a publish inside an execution needs of the publisher. */
export interface StepPublisher {
  readonly handlers: HandlerStarter;
  /** Checks and encodes what user code publishes; ids are made of the seed, equal on each replay. */
  prepare(request: unknown, seed: string, depth: number): Promise<readonly NewEvent[]>;
  /** Told after the commit: new work is in the store. */
  published(events: readonly NewEvent[]): void;
}
