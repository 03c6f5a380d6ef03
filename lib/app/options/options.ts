import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DependencyContainer } from 'tsyringe';
import type { WorkerClass } from '../../model/definition.js';
import type { Duration } from '../../model/duration.js';
import type { EventUnion, UnionMember } from '../../model/event-source.js';
import type { Limits } from '../../model/limits.js';
import type { Clock } from '../../ports/clock.js';
import type { Dispatcher } from '../../ports/dispatcher.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Logger } from '../../ports/logger.js';
import type { Metrics } from '../../ports/metrics.js';
import type { Store } from '../../ports/store.js';
import type { Tracker } from '../../ports/tracker.js';
import type { ExecutionMode, Interceptor } from '../../step/pass-services.js';
import type { Provider } from '../injection/provider.js';
import type { Role } from '../runtime/role.js';

/** Told of each execution that ends failed or parked, and of each background fault. */
export type ErrorHandler = (
  error: unknown,
  where: {
    /** Whose error it is; absent for a background fault. */
    readonly execution?: { readonly id: string; readonly worker: string; readonly handler: string };
    /** Names of the step that failed for good, when one did. */
    readonly step?: string;
    /** The background task that failed; absent for an execution's error. */
    readonly task?: string;
  },
) => unknown;

/** Options that `configure` may change while the app runs; they hold from the next claim. */
export interface ConfigurableOptions {
  /**
   * Executions that run in this process at the same time; 10 by default. One that waits or sleeps holds no slot.
   * More keeps slow I/O busy, fewer protects what the workers call.
   */
  readonly concurrency?: number;
  /** Where messages go; `consoleLogger({ level: 'warn' })` by default. */
  readonly logger?: Logger;
  /** Where counters go; nowhere by default. */
  readonly metrics?: Metrics;
  /** Told once of each execution that ends failed or parked, and of each background fault. May be asynchronous. */
  readonly onError?: ErrorHandler;
  /** Bounds on events and results; those left out keep their defaults. */
  readonly limits?: Partial<Limits>;
  /** How long ended executions are kept, a minute at least; `{ completed: '30d', failed: '90d' }` by default. */
  readonly retention?: { readonly completed?: Duration; readonly failed?: Duration };
  /** How long after a crash another process may take over; `'15s'` by default. Shorter recovers faster, and forgives less. */
  readonly lease?: Duration;
  /** How often each process looks for work that no hint announced; `'5s'` ± 20 % by default. */
  readonly sweep?: Duration;
  /** How long `stop` lets steps finish before it hands their executions back; `'25s'` by default. */
  readonly drainTimeout?: Duration;
  /** Bounds each attempt of steps without `@Timeout`; `'5m'` by default. */
  readonly timeout?: Duration;
}

/** Every option may be left out. `docs/options.md` says what each trades. */
export interface BootstrapOptions<Union extends UnionMember = UnionMember> extends ConfigurableOptions {
  /** Classes with `@Worker`. None: an app that only publishes. */
  readonly workers?: readonly WorkerClass[];
  /** What the container provides, beside what it can construct by itself; the framework's own tokens replace its parts. */
  readonly providers?: readonly Provider[];
  /** A tsyringe container to derive from; by default the app derives from an empty one. */
  readonly container?: DependencyContainer;
  /** Gives worker instances instead of the app's own container: for hosts that have one, such as Nest. */
  readonly resolver?: InstanceResolver;
  /** Where executions live; `sqliteStore('.holdfast/holdfast.db')` by default. */
  readonly store?: Store;
  /** What carries hints between processes; `localDispatcher()` by default. */
  readonly dispatcher?: Dispatcher;
  /** A Standard Schema of a union on `type` (or what `defineEvents` made of it): its members can be published as they are. */
  readonly events?: StandardSchemaV1<unknown, Union> | EventUnion<Union, unknown>;
  /** Where lifecycle events go beside logs and metrics, such as `httpTracker({ endpoint })`; nowhere by default. */
  readonly tracker?: Tracker;
  /** `'UNTIL_ERROR'` (default) runs an execution on in this process; `'ISOLATED'` hands it back after each step. */
  readonly executionMode?: ExecutionMode;
  /** `'both'` by default; a `'publisher'` runs nothing, a `'worker'` is told apart in the registry only. */
  readonly role?: Role;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
  /** Classes that results, events and errors may hold, beside those with `@Storable`. */
  readonly types?: readonly WorkerClass[];
  /** Throw instead of warning when a step is called outside an execution; false by default. */
  readonly strict?: boolean;
  /** How long an explicit event id is remembered; `'7d'` by default. */
  readonly dedup?: Duration;
  /** How deep steps may call steps; 15 by default. */
  readonly maxCallDepth?: number;
  /** Wrap each attempt of each handler and step, the first outermost. */
  readonly interceptors?: readonly Interceptor[];
}
