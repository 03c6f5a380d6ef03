import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  type BootstrapOptions,
  silentLogger,
  sqliteStore,
  type Store,
  type WorkerApp,
} from 'holdfast';
import { type BullmqDispatcher, bullmqDispatcher, type BullmqDispatcherOptions } from 'holdfast/bullmq';

/** Several apps of one test on one SQLite file and one prefix of BullMQ, each with a store and a dispatcher of its own. */
export class BullmqApps {
  readonly faults: string[] = [];
  readonly dispatchers: BullmqDispatcher[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-bullmq-'));
  private readonly apps: WorkerApp[] = [];

  constructor(
    private readonly url: string,
    readonly prefix: string,
  ) {}

  /** Sweeps hardly ever: what hints do not bring does not come. */
  async open(
    workers: BootstrapOptions['workers'],
    options: Partial<BootstrapOptions> & {
      readonly bullmq?: Partial<BullmqDispatcherOptions>;
      readonly starts?: boolean;
    } = {},
  ): Promise<WorkerApp> {
    const { bullmq, starts = true, ...others } = options;
    const dispatcher = bullmqDispatcher({ connection: this.url, prefix: this.prefix, ...bullmq });
    this.dispatchers.push(dispatcher);
    const app = await bootstrap({
      workers,
      store: this.store(),
      dispatcher,
      sweep: '1h',
      logger: silentLogger,
      ...others,
    });
    app.on('app.fault', ({ task, error }) => this.faults.push(`${task}: ${String(error)}`));
    this.apps.push(app);
    if (starts) await app.start();
    return app;
  }

  store(): Store {
    return sqliteStore(join(this.folder, 'store.db'));
  }

  async close(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
