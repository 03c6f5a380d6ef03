import { bootstrap, consoleLogger } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { ReportWorker } from './report-worker.js';

/** A process that works. Start as many as you like: the store is that of HOLDFAST_STORE_URL, BullMQ's Redis that of REDIS_URL. */
export async function runWorkerProcess(redis: string, prefix: string): Promise<void> {
  const app = await bootstrap({
    workers: [ReportWorker],
    dispatcher: bullmqDispatcher({
      connection: redis,
      prefix,
      limiter: { max: 50, duration: 1_000 },
      removeOnComplete: { count: 100 },
    }),
    logger: consoleLogger({ level: 'error' }),
  });
  process.once('SIGTERM', () => void app.close().then(() => process.disconnect()));
  await app.start();
}
