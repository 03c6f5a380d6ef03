import { StoreRegressionError } from '../../model/errors-store.js';
import type { Clock } from '../../ports/clock.js';

/** The server forgets the count of one that has not written for a day. */
const EXPECTED_FOR_MS = 12 * 60 * 60 * 1_000;

/**
 * Notices that the server lost writes that it had acknowledged: after a failover to a replica that had not got them, or when
 * an older state was restored. The server counts the writes of each store object, and answers the count with each: one that
 * is not higher than what was answered before it was sent tells of a loss. It cannot repair; it refuses to hide.
 */
export class RegressionWatch {
  private highest = 0;
  private found: string | null = null;

  /** When a write was last answered, by both clocks. */
  private answeredAt = 0;
  private answeredOn = 0;

  /** `warn`: told of a loss, once. */
  constructor(
    private readonly warn: (message: string) => void,
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
  ) {}

  /**
   * Before a write is sent; what it gives takes the count that the write was answered, in whatever order answers come. Both
   * throw `StoreRegressionError` when the server is behind.
   */
  sent(): (count: number) => void {
    this.refuse();
    if (this.idleMs() > EXPECTED_FOR_MS) this.highest = 0;
    const { highest } = this;
    return (count) => {
      if (count <= highest) this.tell(highest - count + 1);
      this.refuse();
      this.highest = Math.max(this.highest, count);
      this.answeredAt = this.clock.monotonic();
      this.answeredOn = this.clock.now();
    };
  }

  /** Throws `StoreRegressionError` once a loss was noticed. */
  refuse(): void {
    if (this.found !== null) throw new StoreRegressionError(this.found);
  }

  /** The clock that nobody sets stands still while the machine sleeps; the server's does not. */
  private idleMs(): number {
    return Math.max(this.clock.monotonic() - this.answeredAt, this.clock.now() - this.answeredOn);
  }

  private tell(lost: number): void {
    if (this.found !== null) return;
    this.found = `the server lost at least ${lost} ${lost === 1 ? 'write' : 'writes'} of this process that it had acknowledged (a failover, a restart without append-only file, a restored backup). This process takes no more work and stores nothing: see what is missing, then restart it`;
    this.warn(`The Redis store went back: ${this.found}`);
  }
}
