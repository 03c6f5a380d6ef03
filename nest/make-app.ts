import type { Provider } from '@nestjs/common';
import {
  bootstrap,
  type BootstrapOptions,
  type Clock,
  CLOCK,
  ConfigurationError,
  type Dispatcher,
  DISPATCHER,
  type Logger,
  LOGGER,
  type Metrics,
  METRICS,
  type Store,
  STORE,
  type WorkerApp,
} from '../lib/entries/index.js';
import { SETTINGS } from './app-parts.js';
import { APP, type AppIdentity, Explorer } from './explorer.js';
import { LazyModules } from './lazy-modules.js';
import { Lifecycle } from './lifecycle.js';
import { ModuleRefResolver } from './module-ref-resolver.js';
import { getPartToken, getWorkerAppToken } from './tokens.js';
import type { WorkerModuleSettings } from './worker-module-options.js';

/** Under this token a test says what makes apps in the place of `bootstrap`. */
export const MAKE_APP = Symbol.for('holdfast/nest-make-app');

/** What makes the app of a module. */
export type MakeApp = (options: BootstrapOptions) => Promise<WorkerApp>;

type Parts = [
  Explorer,
  AppIdentity,
  WorkerModuleSettings,
  ModuleRefResolver,
  Store,
  Dispatcher,
  Clock,
  Logger,
  Metrics,
  MakeApp | undefined,
];

/**
 * Providers of the app with that name and of its life. The app exists before any worker, so that workers and what they need
 * can inject it; `Lifecycle` gives it its workers.
 */
export function makeApp(name: string | undefined): Provider[] {
  const app = getWorkerAppToken(name);
  const part = getPartToken;
  return [
    {
      provide: app,
      useFactory: makeWithParts,
      inject: [
        Explorer,
        APP,
        SETTINGS,
        ModuleRefResolver,
        part(STORE, name),
        part(DISPATCHER, name),
        part(CLOCK, name),
        part(LOGGER, name),
        part(METRICS, name),
        { token: MAKE_APP, optional: true },
      ],
    },
    {
      provide: Lifecycle,
      useFactory: (
        made: WorkerApp,
        identity: AppIdentity,
        settings: WorkerModuleSettings,
        logger: Logger,
        explorer: Explorer,
        resolver: ModuleRefResolver,
        lazyModules: LazyModules,
        testMake: MakeApp | undefined,
      ) => {
        const isTest = testMake !== undefined;
        return new Lifecycle({
          app: made,
          identity,
          settings,
          logger,
          explorer,
          resolver,
          lazyModules,
          isTest,
        });
      },
      inject: [
        app,
        APP,
        SETTINGS,
        part(LOGGER, name),
        Explorer,
        ModuleRefResolver,
        LazyModules,
        { token: MAKE_APP, optional: true },
      ],
    },
  ];
}

function makeWithParts(
  ...[
    explorer,
    identity,
    settings,
    resolver,
    store,
    dispatcher,
    clock,
    logger,
    metrics,
    make = bootstrap,
  ]: Parts
): Promise<WorkerApp> {
  refuseTwo(explorer, identity);
  const { autoStart: _auto, globalEnhancers: _global, mount: _mount, ...options } = settings;
  return make({ ...options, resolver, store, dispatcher, clock, logger, metrics });
}

/** Each would run every worker of the application, on a store of its own. */
function refuseTwo(explorer: Explorer, { name }: AppIdentity): void {
  const { length } = explorer.apps().filter((app) => app.name === name);
  if (length < 2) return;
  const which = name === undefined ? '' : ` with name '${name}'`;
  throw new ConfigurationError([
    {
      option: 'WorkerModule.forRoot()',
      found: `it is imported ${length} times${which} in one Nest application`,
      write:
        'Import it once, in the root module: it is global, and finds the workers of every module. Give all options there, or a name to each app',
    },
  ]);
}
