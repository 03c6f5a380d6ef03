import { systemClock } from '../adapters/system/system-clock.js';
import type { Clock, Timer } from '../ports/clock.js';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move. Timers fire while it moves, in order of their instants;
 * `soon` is a real turn of the event loop.
 */
export class ManualClock implements Clock {
  private readonly timers = new Set<Pending>();
  private readonly startedAt: number;

  /** `at`: epoch ms to start from; 2026-01-01T00:00:00Z by default. */
  constructor(private at: number = 1_767_225_600_000) {
    this.startedAt = at;
  }

  now(): number {
    return this.at;
  }

  monotonic(): number {
    return this.at - this.startedAt;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const pending = { at: this.at + Math.max(0, delayMs), callback };
    this.timers.add(pending);
    return { cancel: () => void this.timers.delete(pending) };
  }

  soon(callback: () => void): void {
    systemClock.soon(callback);
  }

  /** The instant of the earliest timer, or null. */
  nextTimerAt(): number | null {
    return this.earliest()?.at ?? null;
  }

  /** Moves by `ms`, firing what falls due on the way, each at its own instant. */
  advance(ms: number): void {
    const until = this.at + ms;
    for (let next = this.earliest(); next !== null && next.at <= until; next = this.earliest()) {
      this.timers.delete(next);
      this.at = Math.max(this.at, next.at);
      next.callback();
    }
    this.at = until;
  }

  private earliest(): Pending | null {
    let earliest: Pending | null = null;
    for (const timer of this.timers) if (earliest === null || timer.at < earliest.at) earliest = timer;
    return earliest;
  }
}
