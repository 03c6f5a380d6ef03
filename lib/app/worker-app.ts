/// <reference types="node" preserve="true" />
import { ActorHandle } from './handles/actor-handle.js';
import type { ActorEvent, ActorState } from './handles/actor-types.js';
import { compileWorkers } from '../compiler/compile-workers.js';
import type { WorkerClass, WorkerDefinition } from '../model/definition.js';
import { DefinitionError } from '../model/errors-boot.js';
import type { EventInput, UnionMember } from '../model/event-source.js';
import type { InjectionToken } from '../model/injection-token.js';
import type { LifecycleEventName } from '../model/lifecycle-event.js';
import {
  storeFilterOf,
  summaryOf,
  type ExecutionSummary,
  type ListFilter,
} from './executions/execution-list.js';
import { ExecutionHandle, type Outcome } from './executions/execution-handle.js';
import { type AppHealth, healthOf, type HealthOptions } from './health.js';
import { assertListens, type Listener } from './telemetry/lifecycle-bus.js';
import { type Mount, mountOf } from './http/mount.js';
import type { MountOptions } from './http/mount-options.js';
import type { BootstrapOptions, ConfigurableOptions } from './options/options.js';
import { DebounceHandle } from './handles/debounce-handle.js';
import type { DebouncedEvent, ReceivedBy } from './handles/debounce-types.js';
import { debounceMethod } from './handles/debounce-method.js';
import type { ClassOf, MethodName, Publication } from './executions/publication.js';
import type { PublishOptions } from './publishing/publish-options.js';
import { AppPublisher } from './publishing/app-publisher.js';
import { tooEarly } from './publishing/too-early.js';
import type { NotAUnionMember, Publishable, PublishEntry } from './publishing/publishable.js';
import { assertConfigurable } from './options/settings.js';
import { statsOf } from './app-stats.js';
import type { AppStats, StatsOptions } from './executions/stats.js';
import { RecurringHandle } from './handles/recurring-handle.js';
import { jobMethod } from './handles/job-method.js';
import type {
  OnlyRecurringMethod,
  RecurringInput,
  RecurringMethod,
  RecurringState,
} from './handles/recurring-types.js';
import { Schedules } from './handles/schedules.js';
import type { SessionHandle } from './sessions/session-handle.js';
import { Sessions } from './sessions/sessions.js';
import type { WorkerAppParts } from './parts/worker-app-parts.js';
import { WorkerGraph } from './worker-graph.js';

/** A running set of workers. Made by `bootstrap`; give it back with `close()`, or `await using`. */
export class WorkerApp<Union extends UnionMember = never> implements AsyncDisposable {
  /** What is stored, for operators. */
  readonly executions = {
    /** Oldest first. Throws `ConfigurationError` for a filter that is unknown or impossible. */
    list: (filter: ListFilter = {}): Promise<readonly ExecutionSummary[]> => this.list(filter),
  };

  /** What runs by itself: methods with `@Every`. */
  readonly schedules: Schedules;

  /** Sessions of the store: those that are active, and the end of all. */
  readonly sessions: Sessions;

  private readonly publishing: AppPublisher;

  /** @internal */
  constructor(private readonly parts: WorkerAppParts) {
    this.publishing = new AppPublisher(parts, this.workerId);
    this.sessions = new Sessions(parts, this.publishing, (filter, call) => this.list(filter, call));
    this.schedules = new Schedules(
      parts,
      (type) => this.definitionOf(type),
      (call) => this.assertOpen(call),
    );
  }

  /** The options in force, frozen. */
  get options(): Readonly<BootstrapOptions> {
    return this.parts.options();
  }

  /** Begins to run what is due. Idempotent. */
  async start(): Promise<void> {
    this.assertOpen('start()');
    await this.parts.runtime.start();
  }

  /** Takes nothing new, lets running steps finish within `drainTimeout`, hands back the rest. `start()` may follow. */
  async stop(): Promise<void> {
    await this.parts.runtime.stop();
    await this.parts.flush();
  }

  /** Stops, and releases connections and what the container built. Idempotent. */
  async close(): Promise<void> {
    await this.parts.runtime.close();
    await this.parts.flush();
    this.parts.forget();
    await this.parts.container.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** An instance of an event class, or a member of the app's union: as with class and data. */
  publish<Instance extends object>(
    event: NotAUnionMember<Instance, Union>,
    options?: PublishOptions,
  ): Promise<Publication>;
  publish(event: Union, options?: PublishOptions): Promise<Publication>;
  /**
   * Accepts an event: it is checked, stored with one execution per handler, and then the promise resolves. In an execution
   * it is a step of it. Throws `InvalidEventError`, `UnknownEventError`, `EventConflictError`, `StoreUnavailableError`.
   *
   * @example
   * const published = await app.publish(OrderPlaced, { orderId, email, total }, { id: orderId });
   * await published.of(OrderWorker, 'fulfil').result();
   */
  publish<Source extends Publishable>(
    event: Source,
    data: EventInput<Source>,
    options?: PublishOptions,
  ): Promise<Publication>;
  publish(...args: readonly unknown[]): Promise<Publication> {
    return this.publishing.publish(args, null);
  }

  /** Accepts all events or none. */
  publishMany(
    entries: readonly (PublishEntry | readonly [event: object, options?: PublishOptions])[],
  ): Promise<readonly Publication[]> {
    return this.publishing.publishMany(entries, null);
  }

  execute<Instance extends object>(
    event: NotAUnionMember<Instance, Union>,
    options?: PublishOptions,
  ): Promise<readonly unknown[]>;
  execute(event: Union, options?: PublishOptions): Promise<readonly unknown[]>;
  /**
   * Publishes and waits: the handlers' values in (worker id, method) order. Rejects with the error of the handler that
   * failed, with `WorkerError` when several did, and with `NotStartedError` before `start()`.
   */
  execute<Source extends Publishable>(
    event: Source,
    data: EventInput<Source>,
    options?: PublishOptions,
  ): Promise<readonly unknown[]>;
  execute(...args: readonly unknown[]): Promise<readonly unknown[]> {
    return this.publishing.execute(args, null);
  }

  /** Publishes all events or none and waits: per event, in order, the outcomes of its executions. */
  executeMany(
    entries: readonly (PublishEntry | readonly [event: object, options?: PublishOptions])[],
  ): Promise<readonly (readonly Outcome<unknown>[])[]> {
    return this.publishing.executeMany(entries, null);
  }

  /** The handle of any execution, of this process or another; its methods reject with `ExecutionNotFoundError` if there is none. */
  execution(id: string): ExecutionHandle {
    this.assertOpen('execution()');
    return new ExecutionHandle(this.parts, id, null, null);
  }

  /**
   * A session: what is published, counted, listed and stopped by itself. `id` is text of 1 to 16,384 characters, of any
   * kind. Throws `ConfigurationError` for another.
   */
  session(id: string): SessionHandle<Union> {
    return this.sessions.of(id);
  }

  /**
   * What a method with `@Debounce` collects, by key. The method may be left out when the class has one only (types are then those of any of its
   * methods: name it for the exact ones). Throws `DefinitionError` when there is none.
   *
   * @example
   * await app.debounce(ContactSync, 'sync').add({ event: { contactId: 'c-1', name: 'Ada' } });
   */
  debounce<Instance extends object, Method extends MethodName<Instance> = MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method?: Method,
  ): DebounceHandle<DebouncedEvent<Instance, Method>, ReceivedBy<Instance, Method>> {
    this.assertOpen('debounce()');
    return new DebounceHandle(this.parts, this.publishing, debounceMethod(this.definitionOf(worker), method));
  }

  /** What the container, or the host's container, holds under a token or class. Throws `DefinitionError` for one it cannot make. */
  get<Value>(token: InjectionToken<Value>): Value {
    return this.parts.get(token);
  }

  /**
   * Calls the listener with each lifecycle event of that name, or of any with `'*'`; `'custom.*'`
   * hears all custom ones. Returns its removal. Throws `ConfigurationError` for a name that no event has.
   */
  on<Name extends LifecycleEventName | '*'>(name: Name, listener: Listener<Name>): () => void {
    assertListens(name, listener);
    return this.parts.bus.on(name, listener as Listener);
  }

  /**
   * The actors of a class with `@Actor`: send messages, read state. Throws `DefinitionError` for any other class.
   *
   * @example
   * const { scheduledAt } = await app.actor(OrderProcess).send({ event: new OrderPlaced(orderId, total) });
   */
  actor<Instance extends object>(
    type: ClassOf<Instance>,
  ): ActorHandle<ActorEvent<Instance>, ActorState<Instance>> {
    this.assertOpen('actor()');
    const definition = this.definitionOf(type);
    const policy = definition.handlers.find(({ keyed }) => keyed?.kind === 'actor')?.keyed;
    if (policy?.kind === 'actor') return new ActorHandle(this.parts, this.publishing, definition, policy);
    throw new DefinitionError([
      {
        class: type.name,
        member: null,
        found: 'it is no actor',
        write: "Decorate it with @Actor({ state, key: 'orderId' }) instead of @Worker()",
      },
    ]);
  }

  /**
   * The jobs of a method with `@Every({ keyed: true })`: start one for an id, trigger, read and end it. `method` may be left out
   * where there is one. Throws `DefinitionError` for any other class or method.
   *
   * @example
   * await app.recurring(Tokens, 'refresh').start({ id: account.id, input: account });
   */
  recurring<
    Instance extends object,
    Method extends RecurringMethod<Instance> = OnlyRecurringMethod<Instance>,
  >(
    worker: ClassOf<Instance>,
    method?: Method,
  ): RecurringHandle<RecurringInput<Instance, Method>, RecurringState<Instance, Method>> {
    this.assertOpen('recurring()');
    return new RecurringHandle(this.parts, jobMethod(this.definitionOf(worker), method));
  }

  /** The worker's handlers and steps as data, known before anything runs. */
  graph(worker: ClassOf<object>): WorkerGraph {
    return new WorkerGraph(this.definitionOf(worker).graph);
  }

  /**
   * Takes events and hints over HTTP, as functions for whatever server there is. Throws `ConfigurationError` without `signing` or
   * a `guard`.
   *
   * @example
   * export const { POST } = app.mount({ signing: process.env.HOLDFAST_KEY }); // Next.js: app/holdfast/[[...at]]/route.ts
   */
  mount(options: MountOptions): Mount {
    this.assertOpen('mount()');
    return mountOf(this.parts, this.publishing, options);
  }

  /** Changes options while the app runs: they hold from the next claim. Throws `ConfigurationError` for any other option. */
  configure(options: ConfigurableOptions): void {
    assertConfigurable(options);
    this.parts.configure(options);
  }

  /** Takes in further workers, also while running. Throws `DefinitionError`. */
  async register(...workers: readonly WorkerClass[]): Promise<void> {
    this.assertOpen('register()');
    await this.parts.register(workers);
  }

  /** Lets go of workers: their running executions finish, and no other is taken. Their subscriptions stay stored. */
  async unregister(...workers: readonly WorkerClass[]): Promise<void> {
    this.assertOpen('unregister()');
    await this.parts.unregister(workers);
  }

  /**
   * Makes these the app's workers, also while running: takes in those that are new, as `register` does, and lets go of all
   * others, as `unregister` does. Throws `DefinitionError`, and changes nothing then.
   */
  async sync(...workers: readonly WorkerClass[]): Promise<void> {
    this.assertOpen('sync()');
    await this.parts.sync(workers);
  }

  /** Holds a worker in every process: nothing of it is claimed until `resume`. What runs goes on. */
  async pause(worker: ClassOf<object>): Promise<void> {
    await this.setPaused(worker, true);
  }

  /** Ends `pause`. */
  async resume(worker: ClassOf<object>): Promise<void> {
    await this.setPaused(worker, false);
    this.parts.runtime.changed();
  }

  /** How this process fares, for probes: also before `start()` and after `close()`. Throws `ConfigurationError` for an unknown option. */
  health(options: HealthOptions = {}): Promise<AppHealth> {
    return healthOf(this.parts, options);
  }

  /**
   * Counts of everything stored, by status, worker and, on request, session, and of the queues that there are. Throws
   * `ConfigurationError` for options that cannot be.
   */
  async stats(options: StatsOptions = {}): Promise<AppStats> {
    this.assertReads('stats()');
    return statsOf(this.parts, options);
  }

  private async list(filter: ListFilter, call = 'executions.list()'): Promise<readonly ExecutionSummary[]> {
    this.assertReads(call);
    const records = await this.parts.store.list(storeFilterOf(filter, (type) => this.workerId(type), call));
    return records.map(summaryOf);
  }

  private async setPaused(worker: ClassOf<object>, paused: boolean): Promise<void> {
    this.assertReads(paused ? 'pause()' : 'resume()');
    const definition = this.definitionOf(worker);
    await this.parts.runtime.paused.set(
      definition.handlers.map((handler) => handler.id),
      paused,
    );
  }

  private readonly workerId = (type: ClassOf<object>): string => this.definitionOf(type).id;

  /** Also for a class that this process only publishes to. */
  private definitionOf(type: ClassOf<object>): WorkerDefinition {
    const known = this.parts.runtime.definitions.ofClass(type as WorkerClass);
    if (known !== null) return known;
    const [compiled] = compileWorkers([type as WorkerClass]);
    if (compiled !== undefined) return compiled;
    throw new DefinitionError([
      { class: type.name, member: null, found: 'it is no worker', write: 'Decorate it with @Worker()' },
    ]);
  }

  private assertReads(call: string): void {
    this.assertOpen(call);
    if (!this.parts.knowsWorkers()) throw tooEarly(call);
  }

  private assertOpen(call: string): void {
    this.parts.assertOpen(call);
  }
}
