import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import type { Logger, WorkerApp } from '../lib/entries/index.js';
import type { AppIdentity, Explorer } from './explorer.js';
import type { LazyModules } from './lazy-modules.js';
import type { ModuleRefResolver } from './module-ref-resolver.js';
import { warnWithoutShutdownHooks } from './shutdown-watch.js';
import type { WorkerModuleSettings } from './worker-module-options.js';

/** What the life of an app is tied to. */
export interface LifecycleParts {
  readonly app: WorkerApp;
  readonly identity: AppIdentity;
  readonly settings: WorkerModuleSettings;
  readonly logger: Logger;
  readonly explorer: Explorer;
  readonly resolver: ModuleRefResolver;
  readonly lazyModules: LazyModules;
  /** Whether it is a test, which no deploy ends. */
  readonly isTest: boolean;
}

/** Ties the app to Nest's life. A global module is initialised before all others, and ended after them. */
export class Lifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private forgetHooks: (() => void) | null = null;

  constructor(private readonly parts: LifecycleParts) {}

  async onModuleInit(): Promise<void> {
    await this.orClose(async () => {
      await this.takeIn();
      this.parts.resolver.ready();
      this.parts.lazyModules.watch(() => this.takeIn());
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { app, settings, logger, isTest } = this.parts;
    if (settings.autoStart === false) return;
    await this.orClose(() => app.start());
    if (!isTest && app.options.role !== 'publisher') this.forgetHooks = warnWithoutShutdownHooks(logger);
  }

  /** Before any provider is told to let go of anything. */
  async drain(): Promise<void> {
    this.letGo();
    await this.parts.app.stop();
  }

  /** Again: what is told to end now may have called `start()`. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    this.letGo();
    await this.parts.app.close();
  }

  /** Registers the workers that it does not know yet. */
  private async takeIn(): Promise<void> {
    const { app, explorer, identity, resolver, logger } = this.parts;
    const { workers, warnings } = explorer.explore(identity);
    const fresh = [...workers].filter(([type]) => !resolver.has(type));
    for (const [type, wrapper] of fresh) resolver.keep(type, wrapper);
    try {
      await app.register(...fresh.map(([type]) => type));
    } catch (error) {
      for (const [type] of fresh) resolver.drop(type);
      throw error;
    }
    if (fresh.length > 0) for (const warning of warnings) logger.warn(warning);
  }

  /** Nobody closes an application that did not come up. */
  private async orClose(begin: () => Promise<void>): Promise<void> {
    try {
      await begin();
    } catch (error) {
      this.letGo();
      await this.parts.app.close();
      throw error;
    }
  }

  private letGo(): void {
    this.forgetHooks?.();
    this.forgetHooks = null;
    this.parts.lazyModules.forget();
  }
}
