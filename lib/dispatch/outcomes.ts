import { isSettled, type ExecutionRecord } from '../model/execution.js';
import { FreshMap } from '../model/fresh-map.js';
import type { ExecutionId } from '../model/ids.js';
import type { Observer } from '../ports/observer.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Change, Store } from '../ports/store.js';
import { tellFault } from '../ports/tell-fault.js';
import type { StoredOutcome } from '../model/outcome.js';
import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { AwaitedOutcome, Run, Waiter } from '../engine/work.js';

/** Awaited executions that one poll reads. */
const POLL_PAGE = 100;

export interface OutcomesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly pollMs: () => number;
  /** Executions whose end this process will tell by itself. */
  readonly runsHere: (id: ExecutionId) => boolean;
}

/** Who waits for the outcome of which execution. Holds nothing that nobody waits for. */
export class Outcomes {
  /** A list is emptied when it is done with: the garbage collector keeps what a `Map` held when it was last resized. */
  private readonly waiters = new FreshMap<ExecutionId, Waiter[]>();
  /** What is still to be read; null: nothing. */
  private asked: Set<ExecutionId> | 'all' | null = null;
  private isReading = false;
  private isClosed = false;
  private timer: Timer | null = null;

  constructor(private readonly options: OutcomesOptions) {}

  /** Tells it once when the execution is settled, unless told to `forget`. */
  wait(id: ExecutionId, waiter: Waiter): void {
    if (this.isClosed) {
      waiter.told('closed');
      return;
    }
    const others = this.waiters.get(id);
    if (others === undefined) this.waiters.set(id, [waiter]);
    else others.push(waiter);
    this.schedule();
  }

  get waiting(): number {
    return this.waiters.size;
  }

  /** Tells it when the pass ends that runs the execution here, else later. Not for a waiter that may be told to `forget`. */
  waitForRun(run: Run, waiter: Waiter): void {
    if (run.hasEnded || this.isClosed) this.wait(run.pass.record.id, waiter);
    else if (run.waiter === null) run.waiter = waiter;
    else if (run.waiter instanceof Waiters) run.waiter.all.push(waiter);
    else run.waiter = new Waiters([run.waiter, waiter]);
  }

  /** A pass of this process has ended: who waits for it is told, or waits on for what becomes of the execution elsewhere. */
  runEnded(run: Run): void {
    const { waiter, outcome } = run;
    if (waiter === null) return;
    run.waiter = null;
    const { id } = run.pass.record;
    if (outcome !== null && isSettled(outcome.status)) waiter.told(outcome);
    else this.wait(id, waiter);
    // It was lost: another process may have told its end before.
    if (outcome === null) void this.read([id]);
  }

  /** A pass of this process stored its end. */
  stored(id: ExecutionId, outcome: StoredOutcome): void {
    if (this.waiters.size > 0 && isSettled(outcome.status)) this.settle(id, outcome);
  }

  /** Tells everyone, now and later, that nobody will tell them any more: also who waits for what runs here still. */
  close(runs: readonly Run[] = []): void {
    this.isClosed = true;
    this.asked = null;
    for (const run of runs) this.runEnded(run);
    for (const id of this.waiters.keys()) this.settle(id, 'closed');
    this.rest();
  }

  /** Reads what other processes may have ended, whatever it is. */
  poll(): Promise<void> {
    return this.read('unknown');
  }

  /**
   * Reads those of them that somebody waits for. What is asked for while a reading is under way is read after it, and not
   * waited for here.
   */
  async read(settled: Change['settled']): Promise<void> {
    this.ask(settled);
    if (this.asked === null || this.isReading) return;
    await this.readAsked();
    void this.read([]);
  }

  private ask(settled: Change['settled']): void {
    if (this.waiters.size === 0 || this.asked === 'all') return;
    if (settled === 'unknown') this.asked = 'all';
    else
      for (const id of settled) {
        if (!this.waiters.has(id)) continue;
        this.asked ??= new Set();
        this.asked.add(id);
      }
  }

  private async readAsked(): Promise<void> {
    const ids = this.asked === 'all' ? this.elsewhere() : [...(this.asked ?? [])];
    this.asked = null;
    this.isReading = true;
    try {
      for (let at = 0; at < ids.length; at += POLL_PAGE) await this.readPage(ids.slice(at, at + POLL_PAGE));
    } catch (error) {
      // The timer has all of them read again.
      tellFault(this.options, 'read outcomes', error);
    } finally {
      this.isReading = false;
    }
  }

  /** What is awaited and may end in another process. */
  private elsewhere(): readonly ExecutionId[] {
    return [...this.waiters.keys()].filter((id) => !this.options.runsHere(id));
  }

  /** Hints tell most ends; this finds those that no hint told. */
  private schedule(): void {
    if (this.timer !== null || this.waiters.size === 0) return;
    this.timer = this.options.clock.setTimer(this.options.pollMs(), () => {
      this.timer = null;
      void this.poll().then(() => this.schedule());
    });
  }

  private rest(): void {
    if (this.waiters.size > 0) return;
    this.timer?.cancel();
    this.timer = null;
  }

  /** Does not tell that waiter any more. */
  forget(id: ExecutionId, waiter: Waiter): void {
    const waiters = this.waiters.get(id);
    const at = waiters?.indexOf(waiter) ?? -1;
    if (at >= 0) waiters?.splice(at, 1);
    if (waiters?.length === 0) this.waiters.delete(id);
    this.rest();
  }

  private async readPage(ids: readonly ExecutionId[]): Promise<void> {
    const read = Promise.all(ids.map((id) => this.readOne(id)));
    await answerInTime(this.options.clock, ANSWER_MS, 'read outcomes', read);
  }

  private async readOne(id: ExecutionId): Promise<void> {
    if (!this.waiters.has(id)) return;
    const record = await this.options.store.read(id);
    if (record === null) this.settle(id, 'gone');
    else if (isSettled(record.status)) this.settle(id, storedOutcome(record));
  }

  private settle(id: ExecutionId, outcome: AwaitedOutcome): void {
    const waiters = this.waiters.get(id);
    if (waiters === undefined) return;
    this.waiters.delete(id);
    this.rest();
    for (const waiter of waiters) waiter.told(outcome);
    waiters.length = 0;
  }
}

/** More than one who wait for one run, told as one. Most runs have one waiter, which needs no list. */
class Waiters implements Waiter {
  constructor(readonly all: Waiter[]) {}

  told(outcome: AwaitedOutcome): void {
    for (const waiter of this.all) waiter.told(outcome);
  }
}

export function storedOutcome(record: ExecutionRecord): StoredOutcome {
  const { status, value, error, attempt, startedAt, endedAt, createdAt } = record;
  return { status, value, error, attempt, startedAt, endedAt: endedAt ?? createdAt };
}
