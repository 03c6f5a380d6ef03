import { sqliteStore } from 'holdfast';
import type { WorkerModuleOptions } from 'holdfast/nest';

/**
 * One process needs nothing but a file. With `REDIS_URL`, any number of processes share the work: Redis keeps it, and BullMQ
 * says at once who has something to do.
 */
export async function workerOptions(): Promise<Pick<WorkerModuleOptions, 'store' | 'dispatcher'>> {
  const url = process.env['REDIS_URL'];
  if (url === undefined)
    return { store: sqliteStore(process.env['SHOP_JOBS'] ?? '.holdfast/nest-shop-jobs.db') };
  const prefix = process.env['SHOP_PREFIX'] ?? 'nest-shop';
  const { redisStore } = await import('holdfast/redis');
  const { bullmqDispatcher } = await import('holdfast/bullmq');
  return {
    store: redisStore({ url, prefix }),
    dispatcher: bullmqDispatcher({ connection: url, prefix: `${prefix}-hints` }),
  };
}
