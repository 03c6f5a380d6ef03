import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import { tellFault } from '../ports/tell-fault.js';

/** Part of the interval that is drawn at random, so that processes do not sweep in step. */
const SPREAD = 0.2;

/** Part of the interval in which a task that has more to do goes on. */
const SHARE = 0.5;

/** Rounds of one task in one sweep. */
const MOST_ROUNDS = 1_000;

interface Task {
  readonly name: string;
  readonly run: () => unknown;
}

export interface SweeperOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly intervalMs: () => number;
  /**
   * What each sweep does, in order; one that fails, or does not end, does not keep the next from running. One that answers
   * true has more to do, and is run again for half an interval at most.
   */
  readonly tasks: readonly Task[];
}

/** Repairs what hints have missed: every process looks at the store now and then. */
export class Sweeper {
  private timer: Timer | null = null;
  private running = false;
  private sweeping: Promise<void> | null = null;
  /** How long the last sweep went on with what had more to do: the next comes as much sooner. */
  private wentOnMs = 0;

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

  /** One sweep at most is planned, or under way: that plans the next. */
  private schedule(): void {
    if (!this.running || this.sweeping !== null) return;
    const { clock, random, intervalMs } = this.options;
    const afterMs = intervalMs() * (1 - SPREAD + 2 * SPREAD * random.next()) - this.wentOnMs;
    this.timer = clock.setTimer(Math.max(0, afterMs), () => {
      this.sweeping = this.sweep().finally(() => {
        this.sweeping = null;
        this.schedule();
      });
    });
  }

  private async sweep(): Promise<void> {
    this.wentOnMs = 0;
    for (const task of this.options.tasks) if (await this.hasMore(task)) await this.goOn(task);
  }

  /** Runs a task once. */
  private async hasMore({ name, run }: Task): Promise<boolean> {
    if (!this.running) return false;
    const { clock } = this.options;
    try {
      const done = run();
      return (done instanceof Promise ? await answerInTime(clock, ANSWER_MS, name, done) : done) === true;
    } catch (error) {
      tellFault(this.options, name, error);
      return false;
    }
  }

  /** In between, others have their turn: a store may answer without giving up the thread. */
  private async goOn(task: Task): Promise<void> {
    const { clock, intervalMs } = this.options;
    const began = clock.monotonic();
    const until = began + SHARE * intervalMs();
    for (let round = 1; round < MOST_ROUNDS && clock.monotonic() < until; round++) {
      await new Promise<void>((resolve) => clock.soon(resolve));
      if (!(await this.hasMore(task))) break;
    }
    this.wentOnMs += clock.monotonic() - began;
  }
}
