import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { WorkerApp } from '../lib/entries/index.js';
import { Explorer } from './explorer.js';
import { ModuleRefResolver } from './module-ref-resolver.js';

/** Ties the app to Nest's life. Its module is global: it is initialised before all others, and ended after them. */
@Injectable()
export class Lifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly app: WorkerApp,
    private readonly explorer: Explorer,
    private readonly resolver: ModuleRefResolver,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.orClose(async () => {
      const workers = this.explorer.workers();
      for (const [type, instance] of workers) this.resolver.keep(type, instance);
      await this.app.register(...workers.keys());
      this.resolver.ready();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.orClose(() => this.app.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.app.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.app.close();
  }

  /** Nobody closes an application that did not come up. */
  private async orClose(begin: () => Promise<void>): Promise<void> {
    try {
      await begin();
    } catch (error) {
      await this.app.close();
      throw error;
    }
  }
}
