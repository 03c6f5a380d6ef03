import { tellExecution } from '../engine/tell-execution.js';
import type { Run, Work } from '../engine/work.js';
import type { Clock, Timer } from '../ports/clock.js';
import { isSuspect } from './claimed-work.js';

/** What runs alone, since it may be what killed its process. */
export interface Isolated {
  readonly executionId: string;
  readonly worker: string;
  readonly handler: string;
  /** Times that it was taken and stored nothing, this one included. */
  readonly claims: number;
}

/**
 * Lets a suspect run with nothing new beside it: until it has stored something, has ended, or has run for as long as the lease and the
 * process is still there. A body may take hours, and what it did not kill in that time need not stand still for it.
 */
export class Isolation {
  private run: Run | null = null;
  private isolated: Isolated | null = null;
  private timer: Timer | null = null;
  private isHolding = false;

  constructor(
    private readonly clock: Clock,
    private readonly longestMs: () => number,
    /** Others may begin again. */
    private readonly over: () => void,
  ) {}

  /** What runs alone just now; null: nothing does. */
  get current(): Isolated | null {
    return this.isolated;
  }

  /** Whether nothing may begin. */
  get isOn(): boolean {
    return this.isHolding || this.isolated !== null;
  }

  /** Nothing begins until that is done: then a suspect does. */
  async holdUntil(done: Promise<unknown>): Promise<void> {
    this.isHolding = true;
    await done;
    this.isHolding = false;
  }

  /** A pass has begun: nothing else begins now, if it is a suspect. So many of them share the time. */
  begun(work: Work, run: Run, sharing: number): void {
    // It was parked at once: none of its code runs.
    if (!isSuspect(work) || run.pass.ended !== null) return;
    const { record, worker, handler } = run.pass;
    const claims = work.strikes + 1;
    this.cancel();
    this.run = run;
    this.isolated = { executionId: record.id, worker: worker.id, handler: handler.method, claims };
    this.timer = this.clock.setTimer(this.longestMs() / sharing, () => this.end());
    run.pass.whenProgressed = () => {
      if (this.run === run) this.end();
    };
    tellExecution(run.pass, 'execution.isolated', { claims });
  }

  /** That pass has ended. Whoever calls it fills the slot that it leaves. */
  ended(run: Run): void {
    if (this.run === run) this.cancel();
  }

  private end(): void {
    this.cancel();
    this.over();
  }

  /** Nothing runs alone any more. */
  cancel(): void {
    this.timer?.cancel();
    this.run = this.isolated = this.timer = null;
  }
}
