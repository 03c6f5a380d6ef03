import type { Clock } from '../ports/clock.js';

/** What is due in the store waits no longer for a slot while slots become free here, whoever publishes without a pause. */
const PATIENCE_MS = 20;

/** Whether work may be due in the store that was not taken: no slot was free, or the store did not answer. */
export class Backlog {
  /** Monotonic; null: nothing is left. */
  private since: number | null = null;

  constructor(private readonly clock: Clock) {}

  get isThere(): boolean {
    return this.since !== null;
  }

  /** The next free slot is for it, and for nothing that is published meanwhile. */
  get isOverdue(): boolean {
    return this.since !== null && this.clock.monotonic() - this.since >= PATIENCE_MS;
  }

  /** Something may be due, and nobody asks for it now. */
  found(): void {
    this.since ??= this.clock.monotonic();
  }

  /** It was asked for; `more`: what is left waits from now on. */
  asked(more: boolean): void {
    this.since = more ? this.clock.monotonic() : null;
  }
}
