import type { Clock } from '../ports/clock.js';

/** After so long the last free slots, an eighth of all, are for due work, and for nothing that is published meanwhile. */
const PATIENCE_MS = 20;
/** The same after a claim that failed: the store may take publishes all the same. */
const PATIENCE_AFTER_FAILURE_MS = 1_000;

/** Whether work may be due in the store that was not taken: no slot was free, or the store did not answer. */
export class Backlog {
  /** Slots that the claim under way may fill. */
  asked = 0;
  /** When its patience ends, monotonic; null: nothing is left. */
  private patientUntil: number | null = null;

  constructor(private readonly clock: Clock) {}

  get isThere(): boolean {
    return this.patientUntil !== null;
  }

  /** It has waited for long, and no claim is under way: what is published leaves it the last slots until one is. */
  get isOverdue(): boolean {
    if (this.patientUntil === null || this.asked > 0) return false;
    return this.clock.monotonic() >= this.patientUntil;
  }

  /** Something may be due, and nobody asks for it now. */
  found(): void {
    this.patientUntil ??= this.clock.monotonic() + PATIENCE_MS;
  }

  /** The store has answered a claim; `more`: what is left waits from now on. */
  answered(more: boolean): void {
    this.patientUntil = more ? this.clock.monotonic() + PATIENCE_MS : null;
  }

  /** A claim failed. */
  failed(): void {
    this.asked = 0;
    this.patientUntil = this.clock.monotonic() + PATIENCE_AFTER_FAILURE_MS;
  }
}
