import type { Clock } from '../ports/clock.js';

/** Due work waits for so long behind what is published here; then it goes first. */
const PATIENCE_MS = 20;
/** The same after a claim that failed: the store may take what is published all the same. */
const PATIENCE_AFTER_FAILURE_MS = 1_000;
/** Overdue work has the last eighth of the slots, one at least: all of them would cost more speed than it gains. */
const PART_FOR_OVERDUE = 8;

/**
 * Due work that was not taken, because no slot was free or the store did not answer. There is none; there may be some (a hint alone may be
 * of what others have taken); it is in doubt, once that was long ago: the store is asked; it is confirmed by the store; and overdue, once
 * it has waited for long after that.
 */
export class Backlog {
  /** Slots that the claim under way may fill: nothing else gets them. */
  asked = 0;
  /** Slots were taken for what is published here since the last claim: more of it may come while the next one is under way. */
  isContested = false;
  /** When its patience ends, monotonic; null: there is none. */
  private patientUntil: number | null = null;
  private isConfirmed = false;

  constructor(private readonly clock: Clock) {}

  get mayBeThere(): boolean {
    return this.patientUntil !== null;
  }

  get isInDoubt(): boolean {
    return !this.isConfirmed && this.patienceMs === 0;
  }

  get isOverdue(): boolean {
    return this.isConfirmed && this.patienceMs === 0;
  }

  /** How long it still waits behind what is published; infinite: there is none. */
  get patienceMs(): number {
    if (this.patientUntil === null) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.patientUntil - this.clock.monotonic());
  }

  /** Whether it needs all of so many free slots: none is left for what is published until a claim for it is under way. */
  needs(freeSlots: number, concurrency: number): boolean {
    if (this.patientUntil === null || this.asked > 0 || !this.isOverdue) return false;
    return freeSlots <= Math.ceil(concurrency / PART_FOR_OVERDUE);
  }

  /** How many of so many free slots a claim asks for: half, where others are published here, and nothing has waited for long. */
  shareOf(freeSlots: number): number {
    return this.isContested && this.patienceMs > 0 ? Math.floor(freeSlots / 2) : freeSlots;
  }

  /** Something may be due, and nobody asks for it now. */
  found(): void {
    this.patientUntil ??= this.clock.monotonic() + PATIENCE_MS;
  }

  /** A claim of so many is sent. */
  asks(limit: number): void {
    this.asked = limit;
    this.isContested = false;
  }

  /** What the store says is left, after a claim of so many: it waits from now on, but if the claim was of none, which only asked. */
  answered(more: boolean, limit: number): void {
    this.isConfirmed = more;
    this.patientUntil = more ? this.clock.monotonic() + (limit === 0 ? 0 : PATIENCE_MS) : null;
  }

  /** A claim has failed. */
  failed(): void {
    this.asked = 0;
    this.patientUntil = this.clock.monotonic() + PATIENCE_AFTER_FAILURE_MS;
  }

  /** Others look for it. */
  forget(): void {
    this.isConfirmed = false;
    this.patientUntil = null;
  }
}
