import { wakeAt } from '../model/execution.js';
import type { Clock } from '../ports/clock.js';
import type { ExecutorOptions, Work } from './work.js';

/**
 * For a pass whose timer is over by the store's clock and not by this machine's, which is behind: options with a clock that
 * is put forward by the difference. Otherwise the pass would wait again for what the store says has come, be claimed again
 * at once, and so on until this machine's clock has caught up.
 */
export function withDueClock(options: ExecutorOptions, { record, dueSince }: Work): ExecutorOptions {
  if (dueSince === undefined) return options;
  const { services } = options;
  const behindMs = dueSince - services.clock.now();
  const timer = behindMs > 0 ? wakeAt(record.timers) : null;
  if (timer === null || timer > dueSince) return options;
  return { ...options, services: { ...services, clock: putForward(services.clock, behindMs) } };
}

function putForward(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    soon: (callback) => clock.soon(callback),
  };
}
