import { StoreRegressionError } from '../../model/errors-store.js';
import type { Clock } from '../../ports/clock.js';

const HOUR_MS = 60 * 60 * 1_000;
/** The server forgets the count a day after it was last asked to remember it. */
const EXPECTED_FOR_MS = 12 * HOUR_MS;
/** Asking with each write would make each dearer by a command. */
const REMEMBERED_EVERY_MS = HOUR_MS;

/** One write on its way. */
export interface SentWrite {
  /** Whether it asks the server to remember the count for another day. */
  readonly asksToRemember: boolean;
  /** Takes the count that it was answered, in whatever order answers come. Throws `StoreRegressionError` when the server is behind. */
  answered(count: number): void;
}

/** By both clocks. */
interface Instant {
  readonly monotonic: number;
  readonly now: number;
}

/**
 * Notices that the server lost writes that it had acknowledged: after a failover to a replica that had not got them, or when
 * an older state was restored. The server counts the writes of each store object, and answers the count with each: one that
 * is not higher than what was answered before it was sent tells of a loss. It cannot repair; it refuses to hide.
 */
export class RegressionWatch {
  private highest = 0;
  private found: string | null = null;

  /** When a write was last answered. */
  private answered: Instant | null = null;
  /** When the last write that asked to remember the count was sent, of those that were answered. */
  private remembered: Instant | null = null;

  /** `warn`: told of a loss, once. */
  constructor(
    private readonly warn: (message: string) => void,
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
  ) {}

  /** Before a write is sent. Throws `StoreRegressionError` once the server was behind. */
  sent(): SentWrite {
    this.refuse();
    const now = this.instant();
    if (since(this.answered, now) > EXPECTED_FOR_MS) this.highest = 0;
    const { highest } = this;
    const asksToRemember = since(this.remembered, now) > REMEMBERED_EVERY_MS;
    const answered = (count: number): void => {
      if (count <= highest) this.tell(highest - count + 1);
      this.refuse();
      this.highest = Math.max(this.highest, count);
      this.answered = this.instant();
      if (asksToRemember) this.remembered = now;
    };
    return { asksToRemember, answered };
  }

  /** Throws `StoreRegressionError` once a loss was noticed. */
  refuse(): void {
    if (this.found !== null) throw new StoreRegressionError(this.found);
  }

  private instant(): Instant {
    return { monotonic: this.clock.monotonic(), now: this.clock.now() };
  }

  private tell(lost: number): void {
    if (this.found !== null) return;
    this.found = `the server lost at least ${lost} ${lost === 1 ? 'write' : 'writes'} of this process that it had acknowledged (a failover, a restart without append-only file, a restored backup). This process takes no more work and stores nothing: see what is missing, then restart it`;
    this.warn(`The Redis store went back: ${this.found}`);
  }
}

/** In ms. The clock that nobody sets stands still while the machine sleeps; the server's does not. */
function since(earlier: Instant | null, now: Instant): number {
  if (earlier === null) return Number.POSITIVE_INFINITY;
  return Math.max(now.monotonic - earlier.monotonic, now.now - earlier.now);
}
