import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import {
  bootstrap,
  type BootstrapOptions,
  CLOCK,
  type Clock,
  ConfigurationError,
  consoleLogger,
  DISPATCHER,
  type Dispatcher,
  localDispatcher,
  LOGGER,
  type Logger,
  METRICS,
  type Metrics,
  silentMetrics,
  STORE,
  type Store,
  storeFromEnvironment,
  systemClock,
  WORKER_APP,
  WorkerApp,
} from '../lib/entries/index.js';
import { Explorer } from './explorer.js';
import { Lifecycle } from './lifecycle.js';
import { ModuleRefResolver } from './module-ref-resolver.js';

/**
 * The options of `bootstrap`. Workers may also be providers of any module: every class with `@Worker` is found.
 * `providers` become Nest providers; the framework's own tokens among them replace its parts.
 */
export interface WorkerModuleOptions extends Omit<BootstrapOptions, 'container' | 'resolver'> {
  /** Modules whose exports the `workers` and `providers` given here inject. Default: none. */
  readonly imports?: DynamicModule['imports'];
}

const OPTIONS = Symbol('holdfast/nest-options');

type Parts = [
  DiscoveryService,
  WorkerModuleOptions,
  ModuleRefResolver,
  Store,
  Dispatcher,
  Clock,
  Logger,
  Metrics,
];

/**
 * Runs the workers of a Nest application. Its exports (`WORKER_APP` or the class `WorkerApp`, `STORE`, `DISPATCHER`,
 * `METRICS`, `LOGGER`, `CLOCK`) can be injected everywhere. The app knows its workers from `onModuleInit` on, starts at
 * `onApplicationBootstrap`, drains at `beforeApplicationShutdown` and closes at `onApplicationShutdown`.
 *
 * Import it once: a second `forRoot()` is a `ConfigurationError` while the application is made. Nest's `init` rejects with one `DefinitionError` that lists every mistake, request-scoped and transient workers and
 * Nest's enhancers on them included.
 *
 * @example
 * @Module({ imports: [WorkerModule.forRoot({ concurrency: 20 })], providers: [OrderWorker, Payments] })
 * class AppModule {}
 */
@Module({})
export class WorkerModule {
  static forRoot(options: WorkerModuleOptions = {}): DynamicModule {
    const given = [...(options.workers ?? []), ...(options.providers ?? [])] as Provider[];
    return {
      module: WorkerModule,
      global: true,
      imports: [DiscoveryModule, ...(options.imports ?? [])],
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: STORE, useFactory: () => options.store ?? storeFromEnvironment(process.env) },
        { provide: DISPATCHER, useFactory: () => options.dispatcher ?? localDispatcher() },
        { provide: CLOCK, useValue: options.clock ?? systemClock },
        { provide: LOGGER, useFactory: () => options.logger ?? consoleLogger() },
        { provide: METRICS, useValue: options.metrics ?? silentMetrics },
        {
          provide: WORKER_APP,
          useFactory: makeApp,
          inject: [DiscoveryService, OPTIONS, ModuleRefResolver, STORE, DISPATCHER, CLOCK, LOGGER, METRICS],
        },
        { provide: WorkerApp, useExisting: WORKER_APP },
        ModuleRefResolver,
        Explorer,
        Lifecycle,
        ...given,
      ],
      exports: [STORE, DISPATCHER, CLOCK, LOGGER, METRICS, WORKER_APP, WorkerApp, ...given],
    };
  }
}

/** The app exists before any worker, so that workers and what they need can inject it; `Lifecycle` gives it its workers. */
function makeApp(
  ...[discovery, options, resolver, store, dispatcher, clock, logger, metrics]: Parts
): Promise<WorkerApp> {
  refuseTwo(discovery);
  refuseUnknown(options);
  const { workers: _workers, providers: _providers, imports: _imports, ...rest } = options;
  return bootstrap({ ...rest, resolver, store, dispatcher, clock, logger, metrics });
}

/** Each would run every worker of the application, on a store of its own. */
function refuseTwo(discovery: DiscoveryService): void {
  const { length } = discovery.getProviders().filter(({ token }) => token === Lifecycle);
  if (length < 2) return;
  throw new ConfigurationError([
    {
      option: 'WorkerModule.forRoot()',
      found: `it is imported ${length} times in one Nest application`,
      write:
        'Import it once, in the root module: it is global, and finds the workers of every module. Give all options there',
    },
  ]);
}

const OPTION_NAMES = Object.keys({
  workers: true,
  providers: true,
  imports: true,
  store: true,
  tracker: true,
  dispatcher: true,
  events: true,
  executionMode: true,
  role: true,
  clock: true,
  types: true,
  strict: true,
  dedup: true,
  maxCallDepth: true,
  interceptors: true,
  concurrency: true,
  logger: true,
  metrics: true,
  onError: true,
  limits: true,
  retention: true,
  lease: true,
  sweep: true,
  drainTimeout: true,
  timeout: true,
} satisfies Record<keyof WorkerModuleOptions, true>);

/** What is possible for an option, `bootstrap` checks. */
function refuseUnknown(options: WorkerModuleOptions): void {
  const unknown = Object.keys(options).filter((name) => !OPTION_NAMES.includes(name));
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    unknown.map((name) =>
      name === 'container' || name === 'resolver'
        ? {
            option: name,
            found: "Nest's container gives the workers",
            write: 'Remove it, and name modules whose exports the workers inject in imports',
          }
        : { option: name, found: 'it is no option', write: `Options are ${OPTION_NAMES.join(', ')}` },
    ),
  );
}
