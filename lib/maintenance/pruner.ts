import type { Clock } from '../ports/clock.js';
import type { Store } from '../ports/store.js';

const PAGE = 200;
const PAUSE_MS = 60_000;
/** Kept all the same: whoever began it may have no answer yet, and sends the write that began it again. */
const LEAST_KEPT_MS = 60_000;

/** How long ended executions are kept, in ms. */
export interface Retention {
  /** Completed, cancelled and skipped ones. */
  readonly completedMs: number;
  readonly failedMs: number;
}

/** Removes ended executions past their retention: a bounded page at a time, most often none. */
export class Pruner {
  private nextAt = 0;
  /** Since there was nothing left to remove. */
  private removed = 0;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly retention: () => Retention,
  ) {}

  /** Removes one page. Whether there is more. */
  async prune(): Promise<boolean> {
    const now = this.clock.now();
    if (now < this.nextAt) return false;
    const { completedMs, failedMs } = this.retention();
    const { more, removed } = await this.store.prune({
      completedBefore: now - Math.max(completedMs, LEAST_KEPT_MS),
      failedBefore: now - Math.max(failedMs, LEAST_KEPT_MS),
      limit: PAGE,
    });
    this.removed += removed;
    if (more) return true;
    // Where many end, the next sweep looks again, so that they are removed as they come.
    this.nextAt = this.removed < PAGE ? now + PAUSE_MS : now;
    this.removed = 0;
    return false;
  }
}
