import { Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Lifecycle } from './lifecycle.js';

/** Nest ends modules in the order of their distance from the root module, which has 1. */
const BEFORE_ALL = -1;

/**
 * Ends first: no provider of the application has been told to let go of what workers need. There is one of it, for all apps
 * of the application, which drain at once.
 */
@Module({})
export class DrainModule implements OnModuleDestroy {
  constructor(private readonly modules: ModulesContainer) {
    for (const module of modules.values()) if (module.metatype === DrainModule) module.distance = BEFORE_ALL;
  }

  async onModuleDestroy(): Promise<void> {
    const drains = await Promise.allSettled(this.lives().map((life) => life.drain()));
    for (const drain of drains) if (drain.status === 'rejected') throw drain.reason;
  }

  /** That of a test's spare app is null. */
  private lives(): readonly Lifecycle[] {
    return [...this.modules.values()]
      .map((module) => module.providers.get(Lifecycle)?.instance as Lifecycle | null | undefined)
      .filter((life) => life instanceof Lifecycle);
  }
}
