import type { Clock, Timer } from '../../ports/clock.js';

/** Node refuses longer timers: it fires them at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** From here on a timer is worth the wait for the end of the turn: most of those that bound a step are cancelled before it. */
const LONG_MS = 1_000;

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
  const timer = new SystemTimer(delayMs, callback);
  if (delayMs < LONG_MS) timer.arm();
  else armLater(timer);
  return timer;
}

class SystemTimer implements Timer {
  private handle: NodeJS.Timeout | null = null;

  constructor(
    private readonly delayMs: number,
    /** Null once cancelled: what it would call may be garbage long before the turn ends. */
    private callback: (() => void) | null,
  ) {}

  arm(): void {
    if (this.callback !== null) this.handle = setTimeout(this.callback, this.delayMs);
  }

  cancel(): void {
    this.callback = null;
    if (this.handle !== null) clearTimeout(this.handle);
  }
}

/** Timers set in this turn of the event loop. */
let unarmed: SystemTimer[] = [];

function armLater(timer: SystemTimer): void {
  if (unarmed.push(timer) > 1) return;
  setImmediate(() => {
    const timers = unarmed;
    unarmed = [];
    for (const each of timers) each.arm();
  });
}

function startLongTimer(delayMs: number, callback: () => void): Timer {
  let inner = startTimer(LONGEST_TIMER_MS, () => {
    inner = startTimer(delayMs - LONGEST_TIMER_MS, callback);
  });
  return { cancel: () => inner.cancel() };
}
