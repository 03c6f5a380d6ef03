import type { ExecutionId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { ClaimAnswer, ClaimedExecution } from '../ports/store.js';

/** Executions that were looked at and handed back: so many are remembered. */
const MOST_LOOKED_AT = 1_000;

/** What the claim loop of a process has done lately: whether it goes round, and how far it is behind. */
export class ClaimWatch {
  private clock: Clock | null = null;
  private wentRoundAt = 0;
  private behindSince: number | null = null;
  private hasTaken = false;
  /** What the last look found due; null: nothing. */
  private found: { readonly id: ExecutionId; readonly definition: string; readonly more: boolean } | null =
    null;
  /** Since when what was handed back has been due: the store counts from then on. */
  private readonly lookedAt = new Map<ExecutionId, number>();

  /** The first round is expected from now on. */
  started(clock: Clock): void {
    this.clock = clock;
    this.behindSince = this.found = null;
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

  /** Where others bring the work: what a look has found, which is handed back; undefined: nothing is due. */
  lookedFor({ claimed, more }: ClaimAnswer): ClaimedExecution | undefined {
    const [work] = claimed;
    this.found = null;
    this.behindSince = null;
    if (work === undefined) {
      this.lookedAt.clear();
      return undefined;
    }
    const { id, definition } = work.record;
    const since = Math.min(work.dueSince, this.lookedAt.get(id) ?? work.dueSince);
    this.lookedAt.delete(id);
    this.lookedAt.set(id, since);
    const [oldest] = this.lookedAt.keys();
    if (oldest !== undefined && this.lookedAt.size > MOST_LOOKED_AT) this.lookedAt.delete(oldest);
    this.found = { id, definition: definition.id, more };
    this.behindSince = since;
    return work;
  }

  /** Where others bring the work, this was brought: what is left of its kind has been due about as long. */
  brought(claimed: readonly ClaimedExecution[]): void {
    for (const { record, dueSince } of claimed) {
      this.lookedAt.delete(record.id);
      const { found, behindSince } = this;
      if (found === null || behindSince === null || found.definition !== record.definition.id) continue;
      if (found.more) this.behindSince = Math.max(behindSince, dueSince);
      else if (found.id === record.id) this.found = this.behindSince = null;
    }
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
