import type { Clock, Timer } from '../../ports/clock.js';

/** Node refuses longer timers: it fires them at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** From here on a timer is worth the wait for the end of the turn: most of those that bound a step are cancelled before it. */
const ARMED_LATER_FROM_MS = 1_000;

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
  if (delayMs < ARMED_LATER_FROM_MS) timer.arm();
  else armLater(timer);
  return timer;
}

class SystemTimer implements Timer {
  /** Its place in `unarmed`; -1: it is not there. */
  place = -1;
  private handle: NodeJS.Timeout | null = null;

  constructor(
    private readonly delayMs: number,
    private callback: (() => void) | null,
  ) {}

  arm(): void {
    if (this.callback !== null) this.handle = setTimeout(this.callback, this.delayMs);
  }

  cancel(): void {
    this.callback = null;
    if (this.place >= 0) leave(this);
    if (this.handle !== null) clearTimeout(this.handle);
  }
}

/** Timers set in this turn of the event loop, and not cancelled: a turn may set tens of thousands. */
let unarmed: SystemTimer[] = [];
let isTurnAwaited = false;

function armLater(timer: SystemTimer): void {
  timer.place = unarmed.push(timer) - 1;
  if (isTurnAwaited) return;
  isTurnAwaited = true;
  setImmediate(armAll);
}

function armAll(): void {
  const timers = unarmed;
  unarmed = [];
  isTurnAwaited = false;
  for (const timer of timers) {
    timer.place = -1;
    timer.arm();
  }
}

/** The last one takes its place. */
function leave(timer: SystemTimer): void {
  const { place } = timer;
  timer.place = -1;
  const last = unarmed.pop();
  if (last === undefined || last === timer) return;
  unarmed[place] = last;
  last.place = place;
}

function startLongTimer(delayMs: number, callback: () => void): Timer {
  let inner = startTimer(LONGEST_TIMER_MS, () => {
    inner = startTimer(delayMs - LONGEST_TIMER_MS, callback);
  });
  return { cancel: () => inner.cancel() };
}
