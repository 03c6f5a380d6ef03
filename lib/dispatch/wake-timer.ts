import type { Clock, Timer } from '../ports/clock.js';

/** One timer for the earliest of many instants. */
export class WakeTimer {
  private timer: Timer | null = null;
  private at = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  /** Wakes at that instant, epoch ms, if nothing earlier is planned. */
  plan(at: number): void {
    if (at >= this.at) return;
    this.timer?.cancel();
    this.at = at;
    this.timer = this.clock.setTimer(Math.max(0, at - this.clock.now()), () => {
      this.cancel();
      this.wake();
    });
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = null;
    this.at = Number.POSITIVE_INFINITY;
  }
}
