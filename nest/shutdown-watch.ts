import { type Clock, type Logger, systemClock } from '../lib/entries/index.js';

/** By then an application has called `enableShutdownHooks()`, or does not. */
const LOOK_AFTER_MS = 5_000;

/**
 * Warns of a process that would end without a drain: nothing in it listens for SIGTERM. It looks a while after the start,
 * since the hooks may be enabled after it. Returns the end of the watch.
 */
export function warnWithoutShutdownHooks(
  logger: Logger,
  clock: Pick<Clock, 'setTimer'> = systemClock,
): () => void {
  const timer = clock.setTimer(LOOK_AFTER_MS, () => {
    if (process.listenerCount('SIGTERM') === 0)
      logger.warn(
        'nothing listens for SIGTERM: a deploy ends this process without a drain, and its executions wait for their leases to expire. Call app.enableShutdownHooks() before app.listen()',
      );
  });
  return () => timer.cancel();
}
