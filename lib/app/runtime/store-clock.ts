import type { Clock } from '../../ports/clock.js';
import type { Store } from '../../ports/store.js';

/** The clock of the store, where that goes by one of its own; else the one that is given. */
export function storeClock(clock: Clock, store: Store): Clock {
  if (store.aheadMs === undefined) return clock;
  return {
    now: () => clock.now() + (store.aheadMs ?? 0),
    monotonic: () => clock.monotonic(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    soon: (callback) => clock.soon(callback),
  };
}
