import type { Clock, Timer } from '../ports/clock.js';

/** Told when its time is used up. */
export interface Timed {
  usedUp(): void;
}

/**
 * Fires once when what it measures has run for so long; what it waits meanwhile does not count. Its timer goes on while it
 * waits, and is set again for what is left then: most bodies wait for steps, and end long before.
 */
export class RunningTime {
  private timer: Timer | null = null;
  private setAt = 0;
  private waitsSince: number | null = null;
  /** How long it has waited since the timer was set. */
  private waitedMs = 0;

  constructor(
    private readonly clock: Clock,
    private leftMs: number,
    private readonly timed: Timed,
  ) {}

  run(): void {
    if (this.timer === null) this.arm();
    else if (this.waitsSince !== null) this.waitedMs += this.clock.monotonic() - this.waitsSince;
    this.waitsSince = null;
  }

  pause(): void {
    if (this.timer !== null) this.waitsSince ??= this.clock.monotonic();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    this.setAt = this.clock.monotonic();
    this.waitedMs = 0;
    this.timer = this.clock.setTimer(this.leftMs, () => this.fired());
  }

  private fired(): void {
    this.timer = null;
    if (this.waitsSince === null && this.waitedMs === 0) return this.timed.usedUp();
    const ranUntil = this.waitsSince ?? this.clock.monotonic();
    this.leftMs -= ranUntil - this.setAt - this.waitedMs;
    if (this.waitsSince !== null) return;
    if (this.leftMs > 0) this.arm();
    else this.timed.usedUp();
  }
}
