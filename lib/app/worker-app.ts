import { compileWorkers } from '../compiler/compile-workers.js';
import type { PublishRequest } from '../dispatch/publish-request.js';
import type { Published } from '../dispatch/publisher.js';
import type { Run } from '../engine/work.js';
import type { PublishedEvents } from '../step/publish-call.js';
import { partsOfDefinition, type WorkerClass, type WorkerDefinition } from '../model/definition.js';
import { DefinitionError } from '../model/errors-boot.js';
import { AppClosedError, NotStartedError, WorkerError } from '../model/errors-app.js';
import { ExecutionStateError } from '../model/errors-execution.js';
import type { EventInput, UnionMember } from '../model/event-source.js';
import type { ExecutionCount } from '../ports/store.js';
import type { InjectionToken } from '../model/injection-token.js';
import type { LifecycleEventName } from '../model/lifecycle-event.js';
import { type CurrentExecution, shared } from '../ports/current-execution.js';
import { storeFilterOf, summaryOf, type ExecutionSummary, type ListFilter } from './execution-list.js';
import { ExecutionHandle, type Outcome } from './execution-handle.js';
import { assertListens, type Listener } from './lifecycle-bus.js';
import type { BootstrapOptions, ConfigurableOptions } from './options.js';
import { Publication, type ClassOf } from './publication.js';
import { requestOf, type PublishOptions } from './publish-options.js';
import type { NotAUnionMember, Publishable, PublishEntry } from './publishable.js';
import { assertConfigurable } from './settings.js';
import { tallyStats, type AppStats } from './stats.js';
import { Schedules } from './schedules.js';
import type { WorkerAppParts } from './worker-app-parts.js';
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

  /** @internal */
  constructor(private readonly parts: WorkerAppParts) {
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
  }

  /** Stops, and releases connections and what the container built. Idempotent. */
  async close(): Promise<void> {
    await this.parts.runtime.close();
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
    const current = this.ownExecution();
    return current === undefined
      ? this.publishNow(args)
      : this.publishAsStep(current, [args], ([publication]) => publication as Publication);
  }

  /** Accepts all events or none. */
  publishMany(
    entries: readonly (PublishEntry | readonly [event: object, options?: PublishOptions])[],
  ): Promise<readonly Publication[]> {
    const current = this.ownExecution();
    return current === undefined || entries.length === 0
      ? this.publishAllNow(entries)
      : this.publishAsStep(current, entries, (publications) => publications);
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
  async execute(...args: readonly unknown[]): Promise<readonly unknown[]> {
    this.assertCanWait('execute()');
    const publication = await this.publish(...(args as [object]));
    const settled = await Promise.allSettled(publication.executions.map((execution) => execution.result()));
    const errors: unknown[] = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (errors.length > 1) throw new WorkerError(errors);
    if (errors.length === 1) throw errors[0];
    return settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  }

  /** Publishes all events or none and waits: per event, in order, the outcomes of its executions. */
  async executeMany(
    entries: readonly (PublishEntry | readonly [event: object, options?: PublishOptions])[],
  ): Promise<readonly (readonly Outcome<unknown>[])[]> {
    this.assertCanWait('executeMany()');
    const publications = await this.publishMany(entries);
    return Promise.all(
      publications.map((each) => Promise.all(each.executions.map((execution) => execution.outcome()))),
    );
  }

  /** The handle of any execution, of this process or another; its methods reject with `ExecutionNotFoundError` if there is none. */
  execution(id: string): ExecutionHandle {
    this.assertOpen('execution()');
    return new ExecutionHandle(this.parts, id, null, null);
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

  /** The worker's handlers and steps as data, known before anything runs. */
  graph(worker: ClassOf<object>): WorkerGraph {
    return new WorkerGraph(this.definitionOf(worker).graph);
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
    for (const worker of workers) {
      const definition = this.parts.runtime.definitions.ofClass(worker);
      if (definition !== null) this.parts.runtime.definitions.remove(definition);
    }
    await this.parts.runtime.declare();
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

  /** Counts of everything stored, by status and worker. */
  async stats(): Promise<AppStats> {
    this.assertOpen('stats()');
    const counts: readonly ExecutionCount[] = await this.parts.store.counts();
    const { runtime, clock, startedAt } = this.parts;
    return tallyStats(counts, {
      workers: runtime.definitions.all().map((worker) => worker.id),
      uptimeMs: clock.now() - startedAt,
      slots: { running: runtime.consumer.used, concurrency: this.parts.concurrency() },
    });
  }

  /** Waits only where the event's checker has to be loaded. */
  private request(args: readonly unknown[]): PublishRequest | Promise<PublishRequest> {
    this.assertOpen('publish()');
    if (!this.parts.knowsWorkers())
      throw new NotStartedError(
        'publish()',
        'the host has not told the app its workers yet. Under Nest, publish from onModuleInit on: after `await app.init()` or `app.listen()`, never in a constructor',
      );
    return this.resolve(args);
  }

  private resolve(args: readonly unknown[]): PublishRequest | Promise<PublishRequest> {
    const { events, clock } = this.parts;
    const resolved = events.resolve(args);
    if (resolved instanceof Promise) return resolved.then((late) => requestOf(late, clock.now()));
    return requestOf(resolved, clock.now());
  }

  private async publishNow(args: readonly unknown[]): Promise<Publication> {
    const request = this.request(args);
    const requests = [request instanceof Promise ? await request : request];
    const [published] = await this.parts.runtime.publisher.publish(requests);
    return this.publicationOf(published as Published);
  }

  private async publishAllNow(entries: readonly (readonly unknown[])[]): Promise<readonly Publication[]> {
    const requests: PublishRequest[] = [];
    for (const entry of entries) requests.push(await this.request(entry));
    if (requests.length === 0) return [];
    const published = await this.parts.runtime.publisher.publish(requests);
    return published.map((each) => this.publicationOf(each));
  }

  /** What is wrong with the events fails the step: an execution that does not await it fails with it, and not the process. */
  private publishAsStep<Answer>(
    current: CurrentExecution,
    entries: readonly (readonly unknown[])[],
    answerOf: (publications: readonly Publication[]) => Answer,
  ): Promise<Answer> {
    const requests = (): Promise<readonly PublishRequest[]> =>
      Promise.all(entries.map(async (entry) => this.resolve(entry)));
    const answer = current.publish(requests).then((stored) => answerOf(this.publicationsOf(stored)));
    answer.catch(() => {});
    return answer;
  }

  private publicationsOf(stored: unknown): readonly Publication[] {
    return (stored as PublishedEvents).events.map((each) =>
      this.publication(
        each.eventId,
        each.event,
        each.executions.map(({ id, definition }) => this.handle(id, definition)),
      ),
    );
  }

  private publicationOf(published: Published): Publication {
    return this.publication(published.eventId, published.event, this.handlesOf(published));
  }

  /** The execution that calls, when it is one of this app. */
  private ownExecution(): CurrentExecution | undefined {
    const current = shared().storage.getStore();
    return current?.app === this.parts.runtime.publisher ? current : undefined;
  }

  private publication(eventId: string, event: string, executions: readonly ExecutionHandle[]): Publication {
    return new Publication(eventId, event, executions, this.workerId);
  }

  private handlesOf(published: Published): readonly ExecutionHandle[] {
    return published.executions.map(({ executionId, definition }, at) =>
      this.handle(executionId, definition, published.runs[at] ?? null),
    );
  }

  private handle(id: string, definition: string, run: Run | null = null): ExecutionHandle {
    const { worker, method } = partsOfDefinition(definition);
    return new ExecutionHandle(this.parts, id, worker, method, run);
  }

  private async list(filter: ListFilter): Promise<readonly ExecutionSummary[]> {
    this.assertOpen('executions.list()');
    const records = await this.parts.store.list(storeFilterOf(filter, (type) => this.workerId(type)));
    return records.map(summaryOf);
  }

  private async setPaused(worker: ClassOf<object>, paused: boolean): Promise<void> {
    this.assertOpen(paused ? 'pause()' : 'resume()');
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

  private assertOpen(call: string): void {
    if (this.parts.runtime.isClosed) throw new AppClosedError(call);
  }

  private assertCanWait(call: string): void {
    const current = this.ownExecution();
    if (current !== undefined) {
      const { id } = current.context as { readonly id: string };
      throw new ExecutionStateError(
        id,
        call,
        'running and would hold its slot while it waits',
        'Publish the event instead',
      );
    }
    if (!this.parts.runtime.isStarted) throw new NotStartedError(call);
  }
}
