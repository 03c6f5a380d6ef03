import type { Clock } from '../../ports/clock.js';
import type { Logger } from '../../ports/logger.js';
import type { HandleParts } from './execution-handle.js';
import type { Role } from '../runtime/role.js';
import type { Runtime } from '../runtime/runtime.js';

/** A wait that began just before `start()` is none that was forgotten. */
const PATIENCE_MS = 2_000;

const nothing = (): void => {};

/** Warns once of a wait for a worker of this app that nobody has started: it might last for ever. */
export function watchUnstarted(parts: {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly role: Role;
  readonly logger: () => Logger;
}): HandleParts['watchWait'] {
  const { runtime, clock, role, logger } = parts;
  let hasWarned = role === 'publisher';
  return (execution, worker, timeoutMs) => {
    if (hasWarned || runtime.isStarted || worker === null || timeoutMs !== null) return nothing;
    if (runtime.definitions.worker(worker) === null) return nothing;
    const timer = clock.setTimer(PATIENCE_MS, () => {
      if (hasWarned || runtime.isStarted || runtime.isClosed) return;
      hasWarned = true;
      logger().warn(
        `execution '${execution}' of '${worker}' is waited for, and this app has not been started, so it runs nothing. Write await app.start(), unless another process runs the worker`,
        {},
      );
    });
    return () => timer.cancel();
  };
}
