import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import { messageOf } from '../../model/message-of.js';
import type { Logger } from '../../ports/logger.js';
import type { LifecycleBus } from './lifecycle-bus.js';
import type { ErrorHandler } from '../options/options.js';

interface Reporting {
  /** Asked at each error: it may change. */
  readonly onError: () => ErrorHandler | undefined;
  readonly logger: () => Logger;
}

/** Tells `onError` of each execution that ends failed or parked, and of each background fault. */
export function reportErrors(bus: LifecycleBus, reporting: Reporting): void {
  for (const name of ['execution.failed', 'execution.parked', 'app.fault'] as const)
    bus.on(name, (event) => reportError(event, reporting));
}

async function reportError(event: LifecycleEvent, { onError, logger }: Reporting): Promise<void> {
  const handler = onError();
  if (handler === undefined) return;
  if (event.name !== 'execution.failed' && event.name !== 'execution.parked' && event.name !== 'app.fault')
    return;
  const where =
    event.name === 'app.fault'
      ? { task: event.task }
      : {
          execution: { id: event.executionId, worker: event.worker, handler: event.handler },
          ...(event.step === null ? null : { step: event.step }),
        };
  try {
    await handler(event.error, where);
  } catch (error) {
    logger().error('onError failed', { error: messageOf(error) });
  }
}
