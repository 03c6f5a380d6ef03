import type { RecurringContext } from '../../model/recurring-context.js';
import type { ExecutionHandle } from '../executions/execution-handle.js';
import type { MethodName } from '../executions/publication.js';

/** Names of the methods that take a `RecurringContext`, or no context. */
export type RecurringMethod<Instance> = {
  [Name in MethodName<Instance>]: Instance[Name] extends (...args: infer Args) => unknown
    ? Required<Args> extends readonly [unknown, infer Context, ...unknown[]]
      ? RecurringContext<never> extends Context
        ? Name
        : Context extends RecurringContext<infer _>
          ? Name
          : never
      : Name
    : never;
}[MethodName<Instance>];

/** Those that say by their context that they have jobs; all that may, where none does. */
export type OnlyRecurringMethod<Instance> = [ContextMethod<Instance>] extends [never]
  ? RecurringMethod<Instance>
  : ContextMethod<Instance>;

type ContextMethod<Instance> = {
  [Name in MethodName<Instance>]: Instance[Name] extends (...args: infer Args) => unknown
    ? Required<Args> extends readonly [unknown, infer Context, ...unknown[]]
      ? Context extends RecurringContext<infer _>
        ? Name
        : never
      : never
    : never;
}[MethodName<Instance>];

/** What the jobs of a method are given. */
export type RecurringInput<Instance, Method extends keyof Instance> = Instance[Method] extends (
  ...args: infer Args
) => unknown
  ? Args extends readonly []
    ? undefined
    : Args[0]
  : never;

/** What the jobs of a method keep. */
export type RecurringState<Instance, Method extends keyof Instance> = Instance[Method] extends (
  ...args: infer Args
) => unknown
  ? Required<Args> extends readonly [unknown, RecurringContext<infer State>, ...unknown[]]
    ? State
    : unknown
  : never;

/** Of `start`. */
export type RecurringStart<Input> = { readonly id: string } & (undefined extends Input
  ? { readonly input?: Input }
  : { readonly input: Input });

/** What `start` gives. */
export interface RecurringStarted {
  /** False: it runs already, with the input that it was started with. */
  readonly created: boolean;
  /** `recurring:worker:id`. */
  readonly instanceId: string;
  readonly status: 'running';
}

/** What `trigger` gives. */
export type RecurringTriggered =
  | { readonly triggered: true; readonly execution: ExecutionHandle }
  | { readonly triggered: false; readonly execution: null };

/** How a job stands. Instants are epoch ms. */
export interface RecurringStatus {
  /** `stopped`: it has ended itself, with `ctx.terminate()`. */
  readonly status: 'running' | 'stopped' | 'not_found';
  /** Ticks that have ended, however. */
  readonly runCount: number;
  /** The instant of the tick ahead; null: there is none, or a tick runs or retries just now. */
  readonly nextRunAt: number | null;
  /** The instant of the newest tick that has ended; null: none has. */
  readonly lastRunAt: number | null;
  /** Null: there is no such job. */
  readonly startedAt: number | null;
  /** Why it has ended itself; null: it has not, or did not say. */
  readonly stopReason: string | null;
}
