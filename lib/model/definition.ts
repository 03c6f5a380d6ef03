import type { DeclaredStep } from './declared-step.js';
import type { KeyedPolicy } from './keyed.js';
import type { ConcurrencyPolicy, PolicyKey, RateLimitPolicy } from './policies.js';
import type { RetryPolicy } from './retry-policy.js';
import type { SchedulePolicy } from './schedule.js';
import type { StepGraph } from './step-graph.js';

/** A worker class, compiled: everything the engine needs to run it, frozen. May also be written by hand. */
export interface WorkerDefinition {
  readonly id: string;
  readonly description: string | null;
  readonly logLevel: LogLevel | null;
  /** Finds the definition of a receiver, and is what the instance resolver resolves. */
  readonly type: WorkerClass;
  readonly handlers: readonly HandlerDefinition[];
  /** By method name. */
  readonly steps: ReadonlyMap<string, StepDefinition>;
  /** The step that undoes a step, by the name of the one it undoes. */
  readonly compensations: ReadonlyMap<string, string>;
  /** New names of steps by the name they were recorded under before. */
  readonly renames: ReadonlyMap<string, string>;
  readonly graph: StepGraph;
}

/** Any class; only its identity and prototype matter. */
export type WorkerClass = abstract new (...args: never[]) => object;

/** The least severity that is written; `'silent'` writes nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** An `@OnEvent` or `@Every` method, compiled. */
export interface HandlerDefinition {
  /** `worker.method`: the definition id of its executions. */
  readonly id: string;
  readonly worker: string;
  readonly method: string;
  readonly description: string | null;
  readonly routes: readonly EventRoute[];
  readonly retry: RetryPolicy;
  /** Bounds the whole execution, waits included; null: none. */
  readonly timeoutMs: number | null;
  /** Steps that follow its return value by themselves, each after all that it comes after. */
  readonly declared: readonly DeclaredStep[];
  /** Bounds its executions. */
  readonly concurrency: ConcurrencyPolicy | null;
  /** Bounds how often one of its executions begins. */
  readonly rateLimit: RateLimitPolicy | null;
  /** Of its executions, −100…100, higher first, when the publisher names none. */
  readonly priority: number;
  /** When it runs by itself. Absent: when an event comes. */
  readonly schedule?: SchedulePolicy;
  /** How its executions share a key. Absent: each is on its own. */
  readonly keyed?: KeyedPolicy;
}

/** One event that a handler takes. */
export interface EventRoute {
  readonly event: string;
  /** `when` and the type guard together; a non-match ends as `skipped`. Null: takes all. May be asynchronous. */
  readonly accepts: ((event: unknown) => boolean | Promise<boolean>) | null;
  /** Of a keyed handler: where this event has the key. Absent: where its policy says. */
  readonly key?: PolicyKey;
}

/** A `@Step` method, compiled. */
export interface StepDefinition {
  readonly worker: string;
  readonly name: string;
  readonly description: string | null;
  readonly retry: RetryPolicy;
  /** Bounds the running time of one attempt; null: the app's `timeout`. */
  readonly timeoutMs: number | null;
  /** A crash or timeout in the body ends the step with `StepInterruptedError` instead of running it again. */
  readonly atMostOnce: boolean;
  /** Identity of a call instead of its arguments; null: the arguments. */
  readonly key: ((...args: never[]) => unknown) | null;
  /** It stands in the graph and runs by itself: code does not call it. */
  readonly isDeclared: boolean;
  /** Bounds its bodies; an attempt that has to wait holds no slot. */
  readonly concurrency: ConcurrencyPolicy | null;
  /** Bounds how often a body of it begins; each attempt counts. */
  readonly rateLimit: RateLimitPolicy | null;
}

/** The worker and method that a definition id names; worker ids may hold dots, methods may not. */
export function partsOfDefinition(id: string): { readonly worker: string; readonly method: string } {
  const dot = id.lastIndexOf('.');
  return { worker: id.slice(0, dot), method: id.slice(dot + 1) };
}
