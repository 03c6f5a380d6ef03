import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Module,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import {
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  ModulesContainer,
} from '@nestjs/core';
import { WorkerApp, type WorkerClass } from '../lib/entries/index.js';
import { partProviders, partTokens, SETTINGS } from './app-parts.js';
import { DrainModule } from './drain-module.js';
import { Enhancers } from './enhancers/enhancers.js';
import { APP, type AppIdentity, Explorer } from './explorer.js';
import { FEATURE, type Feature, featureModule, refuseAppless } from './feature-workers.js';
import { LazyModules } from './lazy-modules.js';
import { makeApp } from './make-app.js';
import { ModuleRefResolver } from './module-ref-resolver.js';
import { mountController } from './mount-controller.js';
import { getPublisherToken, getWorkerAppToken } from './tokens.js';
import type {
  WorkerModuleExtras,
  WorkerModuleOptions,
  WorkerModuleSettings,
  WorkerOptionsFactory,
} from './worker-module-options.js';

/** The options of `forRootAsync`: where the settings come from, and what is known without them. */
export type WorkerModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  WorkerModuleSettings,
  keyof WorkerOptionsFactory
> &
  WorkerModuleExtras;

type Extras = WorkerModuleExtras & Pick<WorkerModuleOptions, 'imports'>;

/** Every key is there: Nest takes those that it finds out of the settings. */
const EXTRAS: Extras = {
  name: undefined,
  isGlobal: true,
  workers: undefined,
  providers: undefined,
  imports: undefined,
  mount: undefined,
};

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<WorkerModuleSettings>({
  optionsInjectionToken: SETTINGS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createWorkerOptions')
  .setExtras<Extras>(EXTRAS, moduleOf)
  .build();

/**
 * Runs the workers of a Nest application: every provider with `@Worker` or `@Actor`, of any module. Its exports (`WORKER_APP`
 * or the class `WorkerApp`, `STORE`, `DISPATCHER`, `METRICS`, `LOGGER`, `CLOCK`) can be injected everywhere. The app knows its
 * workers from `onModuleInit` on, starts at `onApplicationBootstrap`, drains before any `onModuleDestroy` and closes at
 * `onApplicationShutdown`.
 *
 * Import it once, or once for each `name`: another is a `ConfigurationError` while the application is made. Nest's `init` rejects
 * with one `DefinitionError` that lists every mistake. Guards, interceptors, pipes and filters on workers and their methods run
 * once for each attempt.
 *
 * @example
 * @Module({ imports: [WorkerModule.forRoot({ concurrency: 20 })], providers: [OrderWorker, Payments] })
 * class AppModule {}
 */
@Module({})
export class WorkerModule extends ConfigurableModuleClass {
  /** The app with these options. Each may be left out. */
  static override forRoot(options: WorkerModuleOptions = {}): DynamicModule {
    return super.forRoot(options as Parameters<typeof ConfigurableModuleClass.forRoot>[0]);
  }

  /**
   * The app with options that are made of providers. `name`, `isGlobal`, `workers`, `providers` and `mount` stand beside the
   * factory.
   *
   * @example
   * WorkerModule.forRootAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ store: sqliteStore(config.getOrThrow('DATABASE')) }),
   * })
   */
  static override forRootAsync(options: WorkerModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options as Parameters<typeof ConfigurableModuleClass.forRootAsync>[0]);
  }

  /**
   * Provides workers, made of what the importing module can inject, and exports them. A worker that a module provides itself
   * is that module's. `app` names the app that runs them, where there are several. Throws `ConfigurationError` for what is no
   * class; one without `@Worker` is a `DefinitionError` while the application is made.
   *
   * @example
   * @Module({ imports: [WorkerModule.forFeature([OrderWorker])], providers: [Payments] })
   * class OrdersModule {}
   */
  static forFeature(workers: readonly WorkerClass[], app?: string): DynamicModule {
    return featureModule(WorkerFeatureModule, { workers, app });
  }
}

/** What `forFeature` gives is an instance of. */
@Module({})
class WorkerFeatureModule implements OnModuleInit {
  constructor(
    @Inject(FEATURE) private readonly feature: Feature,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** Throws `DefinitionError` when no app would run the workers. Modules of tests that are only compiled do without. */
  onModuleInit(): void {
    refuseAppless(this.feature, appsIn(this.modules));
  }
}

function appsIn(modules: ModulesContainer): readonly AppIdentity[] {
  const found = [...modules.values()].map((module) => module.providers.get(APP)?.instance);
  return found.filter((app): app is AppIdentity => typeof app === 'object' && app !== null);
}

function moduleOf(definition: DynamicModule, extras: Extras): DynamicModule {
  const { name, isGlobal = true, workers = [], providers = [], imports = [], mount } = extras;
  const identity: AppIdentity = { name, workers };
  const given = [...workers, ...providers] as Provider[];
  const app = getWorkerAppToken(name);
  const ofDefault: Provider[] = name === undefined ? [{ provide: WorkerApp, useExisting: app }] : [];
  return {
    ...definition,
    global: isGlobal,
    imports: [DiscoveryModule, DrainModule, ...imports, ...(definition.imports ?? [])],
    controllers: mount === undefined ? [] : [mountController(mount, name)],
    providers: [
      ...(definition.providers ?? []),
      { provide: APP, useValue: identity },
      ...partProviders(name),
      {
        provide: Enhancers,
        useFactory: (
          creator: ExternalContextCreator,
          config: ApplicationConfig,
          modules: ModulesContainer,
          { globalEnhancers = false }: WorkerModuleSettings,
        ) => new Enhancers(creator, config, modules, globalEnhancers),
        inject: [ExternalContextCreator, ApplicationConfig, ModulesContainer, SETTINGS],
      },
      ModuleRefResolver,
      {
        provide: Explorer,
        useFactory: (discovery: DiscoveryService, enhancers: Enhancers) => new Explorer(discovery, enhancers),
        inject: [DiscoveryService, Enhancers],
      },
      LazyModules,
      ...makeApp(name),
      ...ofDefault,
      { provide: getPublisherToken(name), useExisting: app },
      ...given,
    ],
    exports: [
      ...partTokens(name),
      app,
      getPublisherToken(name),
      ...(name === undefined ? [WorkerApp] : []),
      ...given,
    ],
  };
}
