import type { Clock, Timer } from '../../ports/clock.js';

/** Node refuses longer timers: it fires them at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. A started app keeps its process alive by the timers it holds, until it stops. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, callback) => startTimer(delayMs, callback),
  soon: (callback) => {
    setImmediate(callback);
  },
};

function startTimer(delayMs: number, callback: () => void): Timer {
  if (delayMs > LONGEST_TIMER_MS) return startLongTimer(delayMs, callback);
  return new SystemTimer(setTimeout(callback, delayMs));
}

class SystemTimer implements Timer {
  constructor(private readonly handle: NodeJS.Timeout) {}

  cancel(): void {
    clearTimeout(this.handle);
  }
}

function startLongTimer(delayMs: number, callback: () => void): Timer {
  let inner = startTimer(LONGEST_TIMER_MS, () => {
    inner = startTimer(delayMs - LONGEST_TIMER_MS, callback);
  });
  return { cancel: () => inner.cancel() };
}
