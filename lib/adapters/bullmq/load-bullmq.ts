import { DriverMissingError } from '../../model/errors-store.js';

/** The package. */
export type Bullmq = typeof import('bullmq');

/** Loads BullMQ once it is needed. Rejects with `DriverMissingError`. */
export async function loadBullmq(load: () => Promise<Bullmq> = () => import('bullmq')): Promise<Bullmq> {
  try {
    return await load();
  } catch (cause) {
    throw new DriverMissingError('bullmqDispatcher()', 'npm install bullmq ioredis', cause);
  }
}
