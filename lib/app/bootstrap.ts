import { jsonCodec } from '../adapters/codec/json-codec.js';
import { consoleLogger } from '../adapters/console/console-logger.js';
import { localDispatcher } from '../adapters/local/local-dispatcher.js';
import { systemClock } from '../adapters/system/system-clock.js';
import { systemRandom } from '../adapters/system/system-random.js';
import { uuidGenerator } from '../adapters/system/uuid-generator.js';
import { compileWorkers } from '../compiler/compile-workers.js';
import { metadataOf, storableClasses } from '../metadata/metadata-store.js';
import type { WorkerClass, WorkerDefinition } from '../model/definition.js';
import { ConfigurationError, DefinitionError } from '../model/errors-boot.js';
import { DetachedStepError } from '../model/errors-execution.js';
import type { UnionMember } from '../model/event-source.js';
import type { LifecycleEvent } from '../model/lifecycle-event.js';
import { shared } from '../ports/current-execution.js';
import type { Logger } from '../ports/logger.js';
import type { Metrics } from '../ports/metrics.js';
import { AppContainer, createContainer, type ContainerOptions } from './container.js';
import { storeFromEnvironment, withEnvironment } from './environment.js';
import { createEventSources, type EventSources } from './event-sources.js';
import { LifecycleBus } from './lifecycle-bus.js';
import type { BootstrapOptions, ConfigurableOptions } from './options.js';
import { restoreEvent } from './restore-event.js';
import { Runtime, type RuntimeSettings } from './runtime.js';
import { checkBootstrapOptions, effectiveOptions, settingsOf } from './settings.js';
import { logLifecycle, measureLifecycle } from './telemetry.js';
import { CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP } from './tokens.js';
import type { Underlay } from './underlay.js';
import { WorkerApp, type WorkerAppParts } from './worker-app.js';

/**
 * Makes an app: checks the workers, builds the container and opens the store. Nothing runs before `start()`.
 * Throws `ConfigurationError` and `DefinitionError`, each listing every mistake.
 *
 * @example
 * const app = await bootstrap({ workers: [OrderWorker] }); // embedded SQLite in ./.holdfast
 * await app.start();
 */
export async function bootstrap<Union extends UnionMember = never>(
  given: BootstrapOptions<Union> = {},
): Promise<WorkerApp<Union>> {
  return (await assemble(given as BootstrapOptions, null)) as unknown as WorkerApp<Union>;
}

/** As `bootstrap`, on what the underlay puts beneath the engine. */
export async function assemble(given: BootstrapOptions, underlay: Underlay | null): Promise<WorkerApp> {
  const options = withEnvironment(given, process.env);
  const mistakes = checkBootstrapOptions(options);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const definitions = compileAll(options);
  const container = await createContainer(containerOptions(options));
  try {
    const assembly = new Assembly(options, container, underlay);
    await assembly.registerEvents(options.workers ?? []);
    assembly.runtime.addWorkers(definitions);
    await container.complete([
      [WORKER_APP, assembly.app],
      [WorkerApp, assembly.app],
    ]);
    await assembly.runtime.open();
    return assembly.app;
  } catch (error) {
    await container.dispose().catch(() => undefined);
    throw error;
  }
}

/** Compiles the workers; what is wrong with them and with their constructors is said at once. */
function compileAll(options: BootstrapOptions): readonly WorkerDefinition[] {
  try {
    return compileWorkers(options.workers ?? []);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new DefinitionError([...error.mistakes, ...new AppContainer(containerOptions(options)).mistakes]);
  }
}

function containerOptions(options: BootstrapOptions): ContainerOptions {
  const provided = new Set(
    (options.providers ?? []).map((provider) =>
      typeof provider === 'function' ? provider : provider.provide,
    ),
  );
  const store = provided.has(STORE) ? undefined : (options.store ?? storeFromEnvironment(process.env));
  return {
    ...(options.resolver === undefined && options.workers !== undefined
      ? { workers: options.workers }
      : null),
    ...(options.container === undefined ? null : { container: options.container }),
    providers: options.providers ?? [],
    parts: [
      { provide: STORE, useValue: store },
      { provide: DISPATCHER, useValue: options.dispatcher ?? localDispatcher() },
      { provide: CLOCK, useValue: options.clock ?? systemClock },
      { provide: LOGGER, useValue: options.logger ?? consoleLogger() },
      { provide: METRICS, useValue: options.metrics ?? noMetrics },
    ],
    late: [WORKER_APP, WorkerApp],
  };
}

/** Puts the parts of one app together. */
class Assembly {
  readonly runtime: Runtime;
  readonly app: WorkerApp;
  private readonly events: EventSources;
  private readonly bus: LifecycleBus;
  private readonly settings: { -readonly [Name in keyof RuntimeSettings]: RuntimeSettings[Name] };
  private current: BootstrapOptions;
  private readonly forgetters: (() => void)[] = [];
  private forgetMetrics: (() => void) | null = null;

  constructor(
    options: BootstrapOptions,
    private readonly container: AppContainer,
    underlay: Underlay | null,
  ) {
    this.current = {
      ...options,
      store: container.get(STORE),
      clock: container.get(CLOCK),
      dispatcher: container.get(DISPATCHER),
    };
    const clock = underlay?.clock(container.get(CLOCK)) ?? container.get(CLOCK);
    const store = underlay?.store(container.get(STORE)) ?? container.get(STORE);
    this.settings = settingsOf(
      options,
      guarded(() => this.logger()),
    );
    this.bus = new LifecycleBus((error) =>
      this.logger().error('a listener failed', { error: String(error) }),
    );
    this.events = createEventSources({ limits: () => this.settings.limits, union: options.events });
    const codec = jsonCodec({ types: [...(options.types ?? [])], declared: storableClasses });
    this.runtime = new Runtime({
      store,
      clock,
      codec,
      dispatcher: container.get(DISPATCHER),
      random: underlay?.random ?? systemRandom,
      ids: uuidGenerator,
      observer: this.bus,
      resolver: options.resolver ?? container.resolver,
      events: { restore: (name, data, schemaHash) => restoreEvent(this.events, name, data, schemaHash) },
      role: options.role ?? 'both',
      settings: underlay?.settings(this.settings) ?? this.settings,
    });
    const parts: WorkerAppParts = {
      runtime: this.runtime,
      store,
      codec,
      clock,
      ids: uuidGenerator,
      container,
      get: (token) =>
        options.resolver?.get === undefined ? container.get(token) : options.resolver.get(token),
      bus: this.bus,
      events: this.events,
      startedAt: clock.now(),
      options: () => effectiveOptions(this.current),
      concurrency: () => this.settings.concurrency,
      configure: (changes) => this.configure(changes),
      register: (workers) => this.register(workers),
      forget: () => this.forgetAll(),
    };
    this.app = underlay?.app(parts) ?? new WorkerApp(parts);
    this.observe(options);
  }

  async registerEvents(workers: readonly WorkerClass[]): Promise<void> {
    for (const worker of workers)
      for (const method of metadataOf(worker).methods.values())
        for (const { sources } of method.subscriptions)
          for (const source of sources) await this.events.register(source);
  }

  private async register(workers: readonly WorkerClass[]): Promise<void> {
    const known = this.runtime.definitions.all().map((definition) => definition.type);
    // Together with the known ones, so that an id that one of them has is refused.
    const compiled = compileWorkers([...known, ...workers]);
    const definitions = compiled.filter((definition) => workers.includes(definition.type));
    await this.registerEvents(workers);
    if (this.current.resolver === undefined) this.container.add(workers);
    this.runtime.addWorkers(definitions);
    await this.runtime.declare();
  }

  private configure(changes: ConfigurableOptions): void {
    this.current = { ...this.current, ...changes };
    Object.assign(this.settings, settingsOf(this.current, this.settings.logger));
    if (changes.metrics !== undefined) this.measure();
    this.runtime.changed();
  }

  private observe(options: BootstrapOptions): void {
    logLifecycle(
      this.bus,
      () => this.settings.logger,
      (worker) => this.runtime.definitions.worker(worker)?.logLevel ?? null,
    );
    for (const name of ['execution.failed', 'execution.parked', 'app.fault'] as const)
      this.bus.on(name, (event) => this.toldError(event));
    if (this.metrics() !== noMetrics) this.measure();
    this.forgetters.push(this.watchDetached(options.strict ?? false));
  }

  private measure(): void {
    this.forgetMetrics ??= measureLifecycle(this.bus, () => this.metrics());
  }

  private async toldError(event: LifecycleEvent): Promise<void> {
    const { onError } = this.current;
    if (onError === undefined || !('error' in event) || 'attempt' in event) return;
    const where =
      event.name === 'execution.failed' || event.name === 'execution.parked'
        ? {
            execution: { id: event.executionId, worker: event.worker, handler: event.handler },
            ...(event.step === null ? null : { step: event.step }),
          }
        : { task: event.task };
    try {
      await onError(event.error, where);
    } catch (error) {
      this.logger().error('onError failed', { error: String(error) });
    }
  }

  /** Steps that are called outside an execution on a worker of this app are not durable: someone should know. */
  private watchDetached(strict: boolean): () => void {
    const told = new Set<string>();
    const listener = (receiver: object, step: string): void => {
      const worker = this.runtime.isStarted ? this.runtime.definitions.ofReceiver(receiver) : null;
      if (worker === null || !this.owns(worker, receiver)) return;
      if (strict) throw new DetachedStepError(worker.id, step);
      const name = `${worker.id}.${step}`;
      if (told.has(name)) return;
      told.add(name);
      this.bus.emit({ name: 'step.detached', worker: worker.id, step, at: this.current.clock?.now() ?? 0 });
    };
    shared().detached.add(listener);
    return () => shared().detached.delete(listener);
  }

  private owns(worker: WorkerDefinition, receiver: object): boolean {
    const { resolver } = this.current;
    if (resolver !== undefined) return resolver.resolve(worker) === receiver;
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
  }
}

/** A logger that may change, and whose failures disturb nothing. */
function guarded(logger: () => Logger): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    (message, details) => {
      try {
        logger()[level](message, details);
      } catch {
        // A broken logger must not stop the work it would tell of.
      }
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

const noMetrics: Metrics = { increment: () => {}, timing: () => {}, gauge: () => {} };
