import { consoleLogger } from '../adapters/console/console-logger.js';
import { silentMetrics } from '../adapters/console/silent-metrics.js';
import { localDispatcher } from '../adapters/local/local-dispatcher.js';
import { systemClock } from '../adapters/system/system-clock.js';
import { compileWorkers } from '../compiler/compile-workers.js';
import { DefinitionError } from '../model/errors-boot.js';
import type { UnionMember } from '../model/event-source.js';
import type { CompiledWorker } from '../model/provided-limit.js';
import { Assembly } from './assembly.js';
import { AppContainer, createContainer, type ContainerOptions } from './injection/container.js';
import { provides } from './injection/provides.js';
import { storeFromEnvironment, withEnvironment } from './environment.js';
import { refuse, refuseNoOptions } from './options/option-checks.js';
import type { BootstrapOptions } from './options/options.js';
import { checkBootstrapOptions } from './options/settings.js';
import { CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP } from './tokens.js';
import type { Underlay } from './underlay.js';
import { WorkerApp } from './worker-app.js';

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
  refuseNoOptions('bootstrap()', given);
  return (await assemble(given as BootstrapOptions, null)) as unknown as WorkerApp<Union>;
}

/** As `bootstrap`, on what the underlay puts beneath the engine. */
export async function assemble(given: BootstrapOptions, underlay: Underlay | null): Promise<WorkerApp> {
  const { options, mistakes } = withEnvironment(given, process.env);
  refuse([...mistakes, ...checkBootstrapOptions(options)]);
  const compiled = compileAll(options);
  const container = await createContainer(containerOptions(options));
  let assembly: Assembly | null = null;
  try {
    assembly = new Assembly(options, container, underlay);
    await assembly.registerEvents(options.workers ?? []);
    await container.complete([
      [WORKER_APP, assembly.app],
      [WorkerApp, assembly.app],
    ]);
    // Providers are complete now: limits may be read from them.
    assembly.addWorkers(compiled);
    // A host that fails before it has told the workers closes nothing, so nothing is open until it tells them.
    if (options.resolver?.isReady?.() ?? true) await assembly.open();
    return assembly.app;
  } catch (error) {
    await assembly?.undo();
    await container.dispose().catch(() => undefined);
    throw error;
  }
}

/** Compiles the workers; what is wrong with them and with their constructors is said at once. */
function compileAll(options: BootstrapOptions): readonly CompiledWorker[] {
  try {
    return compileWorkers(options.workers ?? []);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new DefinitionError([...error.mistakes, ...new AppContainer(containerOptions(options)).mistakes]);
  }
}

function containerOptions(options: BootstrapOptions): ContainerOptions {
  const store = provides(options.providers, STORE)
    ? undefined
    : (options.store ?? storeFromEnvironment(process.env));
  return {
    ...(options.resolver === undefined && options.workers !== undefined
      ? // What is no class has been told by the compiler.
        { workers: options.workers.filter((worker) => typeof worker === 'function') }
      : null),
    ...(options.container === undefined ? null : { container: options.container }),
    providers: options.providers ?? [],
    parts: [
      { provide: STORE, useValue: store },
      { provide: DISPATCHER, useValue: options.dispatcher ?? localDispatcher() },
      { provide: CLOCK, useValue: options.clock ?? systemClock },
      { provide: LOGGER, useValue: options.logger ?? consoleLogger() },
      { provide: METRICS, useValue: options.metrics ?? silentMetrics },
    ],
    late: [WORKER_APP, WorkerApp],
  };
}
