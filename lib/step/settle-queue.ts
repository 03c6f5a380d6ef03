import type { Clock } from '../ports/clock.js';

interface Settlement {
  readonly seq: number;
  readonly run: () => void;
}

/**
 * Lets results into user code one per macrotask, in journal order: a race over steps has the same winner on replay.
 */
export class SettleQueue {
  private readonly queue: Settlement[] = [];
  private pumping = false;
  private closed = false;

  /**
   * `mayPass` answers whether a settlement may go now (replay may wait for an earlier one); `idle` is called in a turn
   * in which nothing settled.
   */
  constructor(
    private readonly clock: Clock,
    private readonly mayPass: (seq: number) => boolean,
    private readonly idle: () => void,
  ) {}

  /** Something settles in a turn to come, or it is still looked for. */
  get isPumping(): boolean {
    return this.pumping;
  }

  get empty(): boolean {
    return this.queue.length === 0;
  }

  /** Settles in its turn. */
  add(seq: number, run: () => void): void {
    this.insert({ seq, run });
    this.pump();
  }

  /** Makes sure that `idle` is asked soon. */
  pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    this.clock.soon(this.turn);
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
  }

  private insert(settlement: Settlement): void {
    let at = this.queue.length;
    while (at > 0 && (this.queue[at - 1] as Settlement).seq > settlement.seq) at--;
    this.queue.splice(at, 0, settlement);
  }

  private readonly turn = (): void => {
    this.pumping = false;
    if (this.closed) return;
    const next = this.queue[0];
    if (next !== undefined && this.mayPass(next.seq)) {
      this.queue.shift();
      this.pumping = true;
      this.clock.soon(this.turn);
      next.run();
      return;
    }
    if (next !== undefined) this.pump();
    this.idle();
  };
}
