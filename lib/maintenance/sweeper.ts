import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import { tellFault } from '../ports/tell-fault.js';

/** Part of the interval that is drawn at random, so that processes do not sweep in step. */
const SPREAD = 0.2;

export interface SweeperOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly intervalMs: () => number;
  /** What each sweep does, in order; one that fails, or does not end, does not keep the next from running. */
  readonly tasks: readonly { readonly name: string; readonly run: () => unknown }[];
}

/** Repairs what hints have missed: every process looks at the store now and then. */
export class Sweeper {
  private timer: Timer | null = null;
  private running = false;
  private sweeping: Promise<void> | null = null;

  constructor(private readonly options: SweeperOptions) {}

  start(): void {
    this.running = true;
    this.schedule();
  }

  async stop(): Promise<void> {
    this.halt();
    await this.sweeping;
  }

  halt(): void {
    this.running = false;
    this.timer?.cancel();
  }

  /** Sweeps now, beside what is planned; what is halted sweeps no more. */
  async now(): Promise<void> {
    await this.sweeping;
    await this.sweep();
  }

  private schedule(): void {
    if (!this.running) return;
    const { clock, random, intervalMs } = this.options;
    this.timer = clock.setTimer(intervalMs() * (1 - SPREAD + 2 * SPREAD * random.next()), () => {
      this.sweeping = this.sweep().finally(() => {
        this.sweeping = null;
        this.schedule();
      });
    });
  }

  private async sweep(): Promise<void> {
    for (const task of this.options.tasks) {
      if (!this.running) return;
      try {
        const done = task.run();
        if (done instanceof Promise) await answerInTime(this.options.clock, ANSWER_MS, task.name, done);
      } catch (error) {
        tellFault(this.options, task.name, error);
      }
    }
  }
}
