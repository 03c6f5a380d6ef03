import { jsonCodec } from '../adapters/codec/json-codec.js';
import { silentMetrics } from '../adapters/console/silent-metrics.js';
import { systemRandom } from '../adapters/system/system-random.js';
import { uuidGenerator } from '../adapters/system/uuid-generator.js';
import { stateOfEvery } from '../compiler/compile-schedule.js';
import { compileWorkers } from '../compiler/compile-workers.js';
import type { AnyClass } from '../metadata/class-metadata.js';
import { eventClassOf, eventMetadataOf, metadataOf, storableClasses } from '../metadata/metadata-store.js';
import type { WorkerClass, WorkerDefinition } from '../model/definition.js';
import { AppClosedError } from '../model/errors-app.js';
import type { StateSource } from '../model/state-source.js';
import type { CompiledWorker } from '../model/provided-limit.js';
import type { Logger } from '../ports/logger.js';
import type { Metrics } from '../ports/metrics.js';
import type { AppContainer } from './injection/container.js';
import { createEventSources, type EventSources } from './publishing/event-sources.js';
import { guardedLogger } from './telemetry/guarded-logger.js';
import { handledEvents } from './publishing/handled-events.js';
import { LifecycleBus } from './telemetry/lifecycle-bus.js';
import type { BootstrapOptions, ConfigurableOptions } from './options/options.js';
import { reportErrors } from './telemetry/report-errors.js';
import { resolveLimits } from './injection/resolve-limits.js';
import { eventRestorer } from './publishing/restore-event.js';
import { Runtime } from './runtime/runtime.js';
import type { RuntimeSettings } from './runtime/runtime-parts.js';
import { effectiveOptions, settingsOf } from './options/settings.js';
import { logLifecycle, measureLifecycle, textOf } from './telemetry/telemetry.js';
import { CLOCK, DISPATCHER, LOGGER, METRICS, STORE } from './tokens.js';
import { type LifecycleTracking, trackLifecycle } from './telemetry/track-lifecycle.js';
import type { Underlay } from './underlay.js';
import { watchDetached } from './telemetry/watch-detached.js';
import { watchUnstarted } from './executions/watch-unstarted.js';
import { WorkerApp } from './worker-app.js';
import { StateSources } from './runtime/state-sources.js';
import { storeClock } from './runtime/store-clock.js';
import type { WorkerAppParts } from './parts/worker-app-parts.js';

/** Puts the parts of one app together. */
export class Assembly {
  readonly runtime: Runtime;
  readonly app: WorkerApp;
  private readonly get: WorkerAppParts['get'];
  private readonly events: EventSources;
  private readonly states = new StateSources();
  private readonly bus: LifecycleBus;
  private readonly settings: { -readonly [Name in keyof RuntimeSettings]: RuntimeSettings[Name] };
  private current: BootstrapOptions;
  private readonly forgetters: (() => void)[] = [];
  private forgetMetrics: (() => void) | null = null;
  private readonly tracking: LifecycleTracking | null;
  /** Changes of the workers come one after the other: each begins with what the one before has left. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    options: BootstrapOptions,
    private readonly container: AppContainer,
    private readonly underlay: Underlay | null,
  ) {
    this.current = {
      ...options,
      store: container.get(STORE),
      clock: container.get(CLOCK),
      dispatcher: container.get(DISPATCHER),
    };
    const machineClock = underlay?.clock(container.get(CLOCK)) ?? container.get(CLOCK);
    const store = underlay?.store(container.get(STORE)) ?? container.get(STORE);
    const clock = storeClock(machineClock, store);
    this.settings = settingsOf(
      options,
      guardedLogger(() => this.logger()),
    );
    this.bus = new LifecycleBus(({ source, event, error, failures }) =>
      this.settings.logger.error(`${source} failed`, { event, failures, error: textOf(error) }),
    );
    this.events = createEventSources({ limits: () => this.settings.limits, union: options.events });
    const ids = underlay?.ids ?? uuidGenerator;
    const random = underlay?.random ?? systemRandom;
    const codec = jsonCodec({
      types: [...(options.types ?? [])],
      declared: storableClasses,
      events: {
        nameOf: (type) => eventMetadataOf(type as unknown as AnyClass)?.name ?? null,
        named: (name) => this.events.classOf(name) ?? eventClassOf(name),
      },
    });
    this.runtime = new Runtime({
      store,
      machineClock,
      clock,
      codec,
      dispatcher: container.get(DISPATCHER),
      random,
      ids,
      observer: this.bus,
      resolver: options.resolver ?? container.resolver,
      events: eventRestorer(this.events),
      states: this.states,
      handled: handledEvents(this.events, (type) => this.runtime.definitions.ofClass(type)),
      role: options.role ?? 'both',
      settings: underlay?.settings(this.settings) ?? this.settings,
    });
    this.get = (token) =>
      options.resolver?.get === undefined ? container.get(token) : options.resolver.get(token);
    const { definitions } = this.runtime;
    this.tracking =
      options.tracker === undefined
        ? null
        : trackLifecycle(this.bus, options.tracker, { clock, random, ids, definitions });
    const parts: WorkerAppParts = {
      runtime: this.runtime,
      store,
      codec,
      clock,
      ids,
      watchWait: watchUnstarted({
        runtime: this.runtime,
        clock,
        role: options.role ?? 'both',
        logger: () => this.settings.logger,
      }),
      container,
      get: this.get,
      bus: this.bus,
      events: this.events,
      states: this.states,
      limits: () => this.settings.limits,
      assertOpen: (call) => this.assertOpen(call),
      knowsWorkers: () => options.resolver?.isReady?.() ?? true,
      startedAt: clock.now(),
      options: () => effectiveOptions(this.current),
      concurrency: () => this.settings.concurrency,
      sweepMs: () => this.settings.sweepMs,
      logger: () => this.settings.logger,
      configure: (changes) => this.configure(changes),
      register: (workers) => this.inTurn('register()', () => this.register(workers)),
      unregister: (workers) => this.inTurn('unregister()', () => this.unregister(workers)),
      sync: (workers) => this.inTurn('sync()', () => this.sync(workers)),
      flush: async () => this.tracking?.flush(),
      forget: () => this.forgetAll(),
    };
    this.app = underlay?.app(parts) ?? new WorkerApp(parts);
    this.observe(options);
  }

  async registerEvents(workers: readonly WorkerClass[]): Promise<void> {
    for (const worker of workers) {
      const { methods, actor } = metadataOf(worker);
      for (const method of methods.values()) {
        for (const { sources } of method.subscriptions)
          for (const source of sources) await this.events.register(source);
        const state = method.every == null ? null : stateOfEvery(method.every);
        if (state !== null) await this.states.of(state);
      }
      if (actor !== null) await this.states.of(actor.state as StateSource);
    }
  }

  /** Leaves nothing behind of an app that could not be made. */
  async undo(): Promise<void> {
    this.forgetAll();
    await this.runtime.close().catch(() => undefined);
  }

  /** Gives the runtime the workers with the limits that providers tell. Throws `DefinitionError`, and adds none then. */
  addWorkers(compiled: readonly CompiledWorker[]): void {
    this.runtime.addWorkers(resolveLimits(compiled, this.get));
  }

  /** Opens the store, unless that is the start's to do. Idempotent. */
  async open(): Promise<void> {
    if (this.underlay?.opensAtStart !== true) await this.runtime.open();
  }

  private async register(workers: readonly WorkerClass[]): Promise<void> {
    const known = this.runtime.definitions.all().map((definition) => definition.type);
    // Together with the known ones, so that an id that one of them has is refused.
    const compiled = compileWorkers([...known, ...workers]);
    if (this.current.resolver === undefined) this.container.add(workers);
    await this.registerEvents(workers);
    this.addWorkers(compiled.filter((definition) => workers.includes(definition.type)));
    await this.runtime.declare();
    await this.open();
  }

  private async unregister(workers: readonly WorkerClass[]): Promise<void> {
    const { definitions } = this.runtime;
    for (const worker of workers) {
      const definition = definitions.ofClass(worker);
      if (definition !== null) definitions.remove(definition);
    }
    await this.runtime.declare();
  }

  private async sync(workers: readonly WorkerClass[]): Promise<void> {
    const { definitions } = this.runtime;
    const compiled = compileWorkers([...new Set(workers)]);
    const added = compiled.filter((worker) => definitions.ofClass(worker.type) === null);
    if (this.current.resolver === undefined) this.container.add(added.map((worker) => worker.type));
    await this.registerEvents(added.map((worker) => worker.type));
    const resolved = resolveLimits(added, this.get);
    for (const known of definitions.all()) if (!workers.includes(known.type)) definitions.remove(known);
    this.runtime.addWorkers(resolved);
    await this.runtime.declare();
  }

  private assertOpen(call: string): void {
    if (this.runtime.isClosed) throw new AppClosedError(call);
  }

  private inTurn(call: string, change: () => Promise<void>): Promise<void> {
    const run = this.turn.then(() => {
      this.assertOpen(call);
      return change();
    });
    this.turn = run.catch(() => {});
    return run;
  }

  private configure(changes: ConfigurableOptions): void {
    const { limits, retention } = this.current;
    this.current = {
      ...this.current,
      ...changes,
      limits: { ...limits, ...changes.limits },
      retention: { ...retention, ...changes.retention },
    };
    Object.assign(this.settings, settingsOf(this.current, this.settings.logger));
    if (changes.metrics !== undefined) this.measure();
    this.runtime.changed();
  }

  private observe(options: BootstrapOptions): void {
    const clock = this.container.get(CLOCK);
    logLifecycle(
      this.bus,
      () => this.settings.logger,
      (worker) => this.runtime.definitions.worker(worker)?.logLevel ?? null,
    );
    reportErrors(this.bus, { onError: () => this.current.onError, logger: () => this.logger() });
    if (this.metrics() !== silentMetrics) this.measure();
    this.forgetters.push(
      watchDetached({
        runtime: this.runtime,
        bus: this.bus,
        now: () => clock.now(),
        strict: options.strict ?? false,
        owns: (worker, receiver) => this.owns(worker, receiver),
      }),
    );
  }

  private measure(): void {
    this.forgetMetrics ??= measureLifecycle(this.bus, () => this.metrics());
  }

  private owns(worker: WorkerDefinition, receiver: object): boolean {
    const { resolver } = this.current;
    if (resolver !== undefined) return resolver.owns?.(worker, receiver) ?? false;
    return this.container.has(worker.type) && this.container.get(worker.type) === receiver;
  }

  private logger(): Logger {
    return this.current.logger ?? this.container.get(LOGGER);
  }

  private metrics(): Metrics {
    return this.current.metrics ?? this.container.get(METRICS);
  }

  private forgetAll(): void {
    for (const forget of this.forgetters.splice(0)) forget();
    this.tracking?.forget();
  }
}
