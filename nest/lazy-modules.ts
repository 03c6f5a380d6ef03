import { Injectable } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';

/** Modules that the application loads while it runs. Nest calls none of their hooks, and tells nobody. */
@Injectable()
export class LazyModules {
  private restore: (() => void) | null = null;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** Calls the listener after each load, whose promise waits for it. */
  watch(loaded: () => Promise<void>): void {
    const loader = this.moduleRef.get(LazyModuleLoader, { strict: false });
    const load = loader.load.bind(loader);
    const watched: LazyModuleLoader['load'] = async (...args) => {
      const ref = await load(...args);
      await loaded();
      return ref;
    };
    const had = Object.getOwnPropertyDescriptor(loader, 'load');
    loader.load = watched;
    this.restore = () => {
      if (loader.load !== watched) return;
      if (had === undefined) Reflect.deleteProperty(loader, 'load');
      else Object.defineProperty(loader, 'load', had);
    };
  }

  forget(): void {
    this.restore?.();
    this.restore = null;
  }
}
