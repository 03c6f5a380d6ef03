import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../../ports/clock.js';
import { type LateTimer, LateTimers } from '../../ports/late-timers.js';

/** Node refuses longer timers: it fires them at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. A started app keeps its process alive by the timers it holds, until it stops. */
export const systemClock: Clock = machineClock();

function machineClock(): Clock {
  const soon = (callback: () => void): void => void setImmediate(callback);
  const lateTimers = new LateTimers(soon);
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer: (delayMs, callback) => startTimer(lateTimers, delayMs, callback),
    soon,
  };
}

function startTimer(lateTimers: LateTimers, delayMs: number, callback: () => void): Timer {
  if (delayMs > LONGEST_TIMER_MS) return startLongTimer(lateTimers, delayMs, callback);
  const timer = new SystemTimer(lateTimers, delayMs, callback);
  lateTimers.add(timer, delayMs);
  return timer;
}

class SystemTimer implements Timer, LateTimer {
  index = -1;
  private handle: NodeJS.Timeout | null = null;

  constructor(
    private readonly lateTimers: LateTimers,
    private readonly delayMs: number,
    private readonly callback: () => void,
  ) {}

  arm(): void {
    this.handle = setTimeout(this.callback, this.delayMs);
  }

  cancel(): void {
    this.lateTimers.remove(this);
    if (this.handle !== null) clearTimeout(this.handle);
  }
}

function startLongTimer(lateTimers: LateTimers, delayMs: number, callback: () => void): Timer {
  let inner = startTimer(lateTimers, LONGEST_TIMER_MS, () => {
    inner = startTimer(lateTimers, delayMs - LONGEST_TIMER_MS, callback);
  });
  return { cancel: () => inner.cancel() };
}
