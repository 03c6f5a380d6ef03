import type { Clock } from '../ports/clock.js';
import type { ClaimAnswer } from '../ports/store.js';

/** What the claim loop of a process has done lately: whether it goes round, and how far it is behind. */
export class ClaimWatch {
  private clock: Clock | null = null;
  private wentRoundAt = 0;
  private behindSince: number | null = null;
  private hasTaken = false;

  /** The first round is expected from now on. */
  started(clock: Clock): void {
    this.clock = clock;
    this.behindSince = null;
    this.wentRound();
  }

  /** The store answered, or there was no free slot to ask for. */
  wentRound(): void {
    this.wentRoundAt = this.clock?.monotonic() ?? 0;
  }

  /**
   * Whether more was due: what is left in the store has been due about as long as what was taken before it. Where nothing was taken,
   * because no slot is free, it is known to be due from now on.
   */
  claimed({ claimed, more }: ClaimAnswer): boolean {
    if (claimed.length > 0) this.hasTaken = true;
    if (!more) this.behindSince = null;
    else if (claimed.length > 0) this.behindSince = Math.min(...claimed.map(({ dueSince }) => dueSince));
    else this.behindSince ??= this.clock?.now() ?? 0;
    return more;
  }

  /** Whether nothing was taken since it was last asked: no claim has told what waits. */
  stoodStill(): boolean {
    const stood = !this.hasTaken;
    this.hasTaken = false;
    return stood;
  }

  /** Ms since the loop last went round; null: it was never started. */
  get sinceRoundMs(): number | null {
    return this.clock === null ? null : this.clock.monotonic() - this.wentRoundAt;
  }

  /** How long the oldest work has been due that this process could not take yet, in ms; 0: it keeps up. */
  get lagMs(): number {
    return this.behindSince === null ? 0 : Math.max(0, (this.clock?.now() ?? 0) - this.behindSince);
  }
}
