import { inspect } from 'node:util';
import { systemClock } from '../adapters/system/system-clock.js';
import { ConfigurationError } from '../model/errors-boot.js';
import type { Clock, Timer } from '../ports/clock.js';

/** 2026-01-01T00:00:00Z. */
const STARTED_AT = 1_767_225_600_000;

interface Planned {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Time that moves only when an app is told to `advance`. Apps whose stores are different objects over the same data
 * share one by the option `clock`; apps that share a store object share its clock by themselves.
 *
 * A timer that is due when it is set fires in a later turn of the event loop, without anyone moving the clock.
 */
export class VirtualClock implements Clock {
  private readonly timers = new Set<Planned>();
  private readonly startedAt: number;
  private at: number;

  /** `startAt`: a Date, or epoch ms; 2026-01-01T00:00:00Z by default. Throws `ConfigurationError` for what is no instant. */
  constructor(startAt: Date | number = STARTED_AT) {
    this.startedAt = this.at = instantOf(startAt);
  }

  now(): number {
    return this.at;
  }

  monotonic(): number {
    return this.at - this.startedAt;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const planned = { at: this.at + Math.max(0, Math.ceil(delayMs)), callback };
    this.timers.add(planned);
    if (planned.at <= this.at) this.soon(() => this.fire(planned));
    return { cancel: () => void this.timers.delete(planned) };
  }

  soon(callback: () => void): void {
    systemClock.soon(callback);
  }

  /** The instant of the earliest timer, or null. */
  nextTimerAt(): number | null {
    return this.earliest()?.at ?? null;
  }

  /** Moves to the earliest timer, if it is due by then, and fires it alone. */
  fireNext(until: number): boolean {
    const next = this.earliest();
    if (next === null || next.at > until) return false;
    this.moveTo(next.at);
    this.fire(next);
    return true;
  }

  /** Moves without firing anything. */
  moveTo(at: number): void {
    this.at = Math.max(this.at, at);
  }

  private fire(planned: Planned): void {
    if (this.timers.delete(planned)) planned.callback();
  }

  private earliest(): Planned | null {
    let earliest: Planned | null = null;
    for (const timer of this.timers) if (earliest === null || timer.at < earliest.at) earliest = timer;
    return earliest;
  }
}

/** Epoch ms. With anything else no timer would ever be later than now, and `advance` would not end. */
function instantOf(startAt: unknown): number {
  const at = startAt instanceof Date ? startAt.getTime() : startAt;
  if (typeof at === 'number' && Number.isFinite(at)) return at;
  const write = "Write a valid Date, for example new Date('2026-05-01T00:00:00Z'), or epoch ms";
  throw new ConfigurationError([{ option: 'now', found: `found ${inspect(startAt)}`, write }]);
}
