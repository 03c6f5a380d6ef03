import type { Clock, Timer } from '../../ports/clock.js';
import type { Owner, VirtualTime } from './virtual-time.js';

/** One process's view of virtual time; counts the timers that it holds. */
export class SimulatedClock implements Clock {
  /** Timers set, not fired and not cancelled. */
  pending = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly owner: Owner | null,
    /** Where its monotonic clock began: differs from process to process. */
    private readonly offsetMs = 0,
  ) {}

  now(): number {
    return this.time.now();
  }

  monotonic(): number {
    return this.time.elapsed + this.offsetMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let open = true;
    const close = (): boolean => {
      const wasOpen = open;
      open = false;
      if (wasOpen) this.pending--;
      return wasOpen;
    };
    this.pending++;
    const planned = this.time.after(delayMs, this.owner, () => {
      if (close()) callback();
    });
    return {
      cancel: () => {
        if (close()) planned.cancel();
      },
    };
  }

  soon(callback: () => void): void {
    this.time.after(0, this.owner, callback);
  }
}
