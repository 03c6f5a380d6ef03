import type { DefinitionMistake } from '../model/errors-boot.js';
import type { LogLevel } from '../model/definition.js';
import type { Duration } from '../model/duration.js';
import type { AnyConcurrencyOptions, AnyRateLimitOptions, RetryOptions } from './policy-options.js';

/** Any class; only its identity and prototype matter here. */
export type AnyClass = abstract new (...args: never[]) => object;

/**
 * What decorators wrote on one class, raw: the compiler checks it. Other copies of the package read it too, so it holds
 * plain data only and changes its shape only with `METADATA_VERSION`.
 */
export interface ClassMetadata {
  event: EventMetadata | null;
  worker: WorkerOptions | null;
  actor: ActorMetadata | null;
  /** The name under which the codec stores instances. */
  storable: string | null;
  /** Default of the class's steps. */
  retry: RetryOptions | null;
  /** Default of the class's steps. */
  timeout: Duration | null;
  /** Default of the class's handlers. */
  concurrency: AnyConcurrencyOptions | null;
  /** Default of the class's handlers. */
  rateLimit: AnyRateLimitOptions | null;
  readonly methods: Map<string, MethodMetadata>;
  /** Tokens of constructor parameters, by index. */
  readonly injections: Map<number, unknown>;
  /** What decorators saw that cannot work, reported at boot. */
  readonly mistakes: DefinitionMistake[];
}

/** What `@Event` says of a class. */
export interface EventMetadata {
  /** The name on the wire. */
  readonly name: string;
  /** The field whose value `waitFor` keys on; null: nobody can wait for it. */
  readonly correlate: string | null;
  /** How long an event is kept for those that wait for it; null: not written. */
  readonly keep: Duration | null;
}

/** What `@Actor` says of a class, as written. */
export interface ActorMetadata {
  readonly state: unknown;
  /** Undefined: each `@OnEvent` has its own. */
  readonly key: unknown;
}

/** Of `@Worker`. Each may be left out. */
export interface WorkerOptions {
  /** Names the worker in stored data. Default: the class name in kebab case. */
  readonly id?: string;
  /** Constructor tokens in order, for builds that emit no types (tsx, esbuild). */
  readonly inject?: readonly unknown[];
  /** Kept in the worker's definition. */
  readonly description?: string;
  /** The least level that `execution().log` passes on for this worker. Default: the logger's own. */
  readonly logLevel?: LogLevel;
}

/** What `@Step` says of a method, as written. */
export interface StepMetadata {
  readonly key: ((...args: never[]) => unknown) | null;
  readonly atMostOnce: boolean;
  readonly description: string | null;
  /** Null: code calls the step. */
  readonly after: string | readonly string[] | null;
  /** Null: not written. */
  readonly join: 'all' | 'any' | null;
  readonly when: RouteOption | null;
  readonly each: EachOption | null;
}

/** `when` of a declared step, as written. */
export type RouteOption = ((...values: never[]) => boolean) | 'otherwise';

/** `each` of a declared step, as written. */
export type EachOption = ListOf | FanOutOptions;

/** Takes the values of the predecessors, gives the items: an array, or anything else that can be iterated but text. */
export type ListOf = (...values: never[]) => Iterable<unknown> & object;

/** Of `each`. */
export interface FanOutOptions<Of extends ListOf = ListOf> {
  /** The items, from the values of the predecessors: at most 5,000. */
  readonly of: Of;
  /** Items that run at the same time, 1 to 5,000. Default 10. */
  readonly concurrency?: number;
}

/** One `@OnEvent` of a method, as written. */
export interface Subscription {
  /** Event classes, schema events, unions or names. */
  readonly sources: readonly unknown[];
  readonly guard: EventPredicate | null;
  readonly when: EventPredicate | null;
  readonly description: string | null;
  /** Null: not written. */
  readonly priority: number | null;
  /** Where its events have the key; undefined: not written. */
  readonly key: unknown;
}

/** An `@Every`, as written. */
export interface EveryMetadata {
  /** The interval, or all options. */
  readonly written: unknown;
  readonly options: unknown;
}

/** A `@Debounce`, as written; its events are a subscription of the method. */
export interface DebounceMetadata {
  readonly options: unknown;
}

/** `when` or a guard: whether the handler takes the event. */
export type EventPredicate = (event: never) => boolean | Promise<boolean>;

/** What decorators say of one method; null: nothing of the kind. */
export interface MethodMetadata {
  readonly subscriptions: Subscription[];
  step: StepMetadata | null;
  retry: RetryOptions | null;
  timeout: Duration | null;
  concurrency: AnyConcurrencyOptions | null;
  rateLimit: AnyRateLimitOptions | null;
  /** The step that it undoes. */
  compensates: string | null;
  /** Names it was recorded under before; empty: none. */
  renamedFrom: readonly string[];
  every: EveryMetadata | null;
  /** What it is to its actor, beside handlers of events. */
  actorRole: ActorRole | null;
  debounce: DebounceMetadata | null;
}

/** `@OnAlarm`, `@OnIdle`, `@OnError`. */
export type ActorRole = 'alarm' | 'idle' | 'error';
