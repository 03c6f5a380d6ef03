import type { Clock } from '../ports/clock.js';
import type { Store } from '../ports/store.js';

const PAGE = 500;
const PAUSE_MS = 60_000;

/** How long ended executions are kept, in ms. */
export interface Retention {
  /** Completed, cancelled and skipped ones. */
  readonly completedMs: number;
  readonly failedMs: number;
}

/** Removes ended executions past their retention: a bounded page at a time, most often none. */
export class Pruner {
  private nextAt = 0;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly retention: () => Retention,
  ) {}

  async prune(): Promise<void> {
    const now = this.clock.now();
    if (now < this.nextAt) return;
    const { completedMs, failedMs } = this.retention();
    const answer = await this.store.prune({
      completedBefore: now - completedMs,
      failedBefore: now - failedMs,
      limit: PAGE,
    });
    this.nextAt = answer.more ? now : now + PAUSE_MS;
  }
}
