import type { Clock } from '../ports/clock.js';

/** After so long the store is asked whether anything is due; if so, the last free slots, an eighth of all, are for nothing else. */
const PATIENCE_MS = 20;
/** The same after a claim that failed: the store may take publishes all the same. */
const PATIENCE_AFTER_FAILURE_MS = 1_000;

/** Whether work may be due in the store that was not taken: no slot was free, or the store did not answer. */
export class Backlog {
  /** Slots that nothing published gets while a claim of overdue work is under way: it fills them. */
  kept = 0;
  /** When its patience ends, monotonic; null: nothing is left. */
  private patientUntil: number | null = null;
  /** The store has said that something is due: a hint alone may be of what others have taken. */
  private isKnown = false;

  constructor(private readonly clock: Clock) {}

  get isThere(): boolean {
    return this.patientUntil !== null;
  }

  /** It has waited for long, if it is there at all: the store is to be asked. */
  get isInDoubt(): boolean {
    return !this.isKnown && this.isImpatient;
  }

  /** It has waited for long: what is published leaves it the last slots until a claim for it is under way. */
  get isOverdue(): boolean {
    return this.isKnown && this.kept === 0 && this.isImpatient;
  }

  /** Something may be due, and nobody asks for it now. */
  found(): void {
    this.patientUntil ??= this.clock.monotonic() + PATIENCE_MS;
  }

  /** A claim of so many is sent. */
  asked(limit: number): void {
    this.kept = this.isOverdue ? limit : 0;
  }

  /** The store has answered a claim of so many; `more`: what is left waits from now on, and no longer if nothing was to be taken. */
  answered(more: boolean, limit: number): void {
    this.isKnown = more;
    this.patientUntil = more ? this.clock.monotonic() + (limit === 0 ? 0 : PATIENCE_MS) : null;
  }

  /** What a claim brought found no slot: what was published meanwhile has it. */
  overtaken(): void {
    this.isKnown = true;
    this.patientUntil = this.clock.monotonic();
  }

  /** A claim failed. */
  failed(): void {
    this.kept = 0;
    this.patientUntil = this.clock.monotonic() + PATIENCE_AFTER_FAILURE_MS;
  }

  private get isImpatient(): boolean {
    return this.patientUntil !== null && this.clock.monotonic() >= this.patientUntil;
  }
}
