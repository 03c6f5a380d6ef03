import { join } from 'node:path';
import { bootstrap, consoleLogger, sqliteStore } from 'holdfast';
import { OrderWorker } from './order-worker.js';
import { Payments } from './payments.js';
import { RunLog } from './run-log.js';

/** What a worker process tells its parent. */
export interface Told {
  readonly what: 'ready' | 'completed' | 'resumed' | 'fulfilled';
  readonly executionId?: string;
  readonly step?: string;
}

/** A worker process as in production, but for the short lease. It runs until it is told to stop, or killed. */
export async function runWorkerProcess(folder: string, worker: number): Promise<void> {
  const app = await bootstrap({
    workers: [OrderWorker],
    providers: [
      { provide: Payments, useValue: new Payments(folder) },
      { provide: RunLog, useValue: new RunLog(folder, worker) },
    ],
    store: sqliteStore(join(folder, 'shop.db')),
    concurrency: 2,
    logger: consoleLogger({ level: 'error' }),
    lease: '2s', // How long a silent process keeps its work. The default is 15s; the demo has no time for it.
  });
  const tell = (told: Told): void => void process.send?.(told);
  app.on('execution.started', (event) => {
    if (event.resumed) tell({ what: 'resumed', executionId: event.executionId });
  });
  app.on('step.completed', ({ executionId, step }) => tell({ what: 'completed', executionId, step }));
  app.on('execution.completed', ({ executionId }) => tell({ what: 'fulfilled', executionId }));
  process.once('SIGTERM', () => void app.close().then(() => process.disconnect()));
  await app.start();
  tell({ what: 'ready' });
}
