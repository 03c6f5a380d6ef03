import type { Clock, Timer } from '../ports/clock.js';

/** Told when its time is used up. */
export interface Timed {
  usedUp(): void;
}

/** Fires once when what it measures has run for so long; what it waits meanwhile does not count. */
export class RunningTime {
  private timer: Timer | null = null;
  private since = 0;

  constructor(
    private readonly clock: Clock,
    private leftMs: number,
    private readonly timed: Timed,
  ) {}

  run(): void {
    if (this.timer !== null) return;
    this.since = this.clock.monotonic();
    this.timer = this.clock.setTimer(this.leftMs, () => {
      this.timer = null;
      this.timed.usedUp();
    });
  }

  pause(): void {
    if (this.timer === null) return;
    this.leftMs = Math.max(0, this.leftMs - (this.clock.monotonic() - this.since));
    this.stop();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}
