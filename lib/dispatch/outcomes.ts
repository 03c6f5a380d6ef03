import { isSettled, type ExecutionRecord } from '../model/execution.js';
import type { ExecutionId } from '../model/ids.js';
import type { Observer } from '../ports/observer.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Store } from '../ports/store.js';
import { tellFault } from '../ports/tell-fault.js';
import type { StoredOutcome } from '../model/outcome.js';
import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';

/** Awaited executions that one poll reads. */
const POLL_PAGE = 100;

/** What became of an execution: how it ended, or why nobody will tell. */
export type AwaitedOutcome =
  | StoredOutcome
  /** The store holds no such execution any more: retention removed it. */
  | 'gone'
  /** The app closes before the execution is settled. */
  | 'closed';

type Waiter = (outcome: AwaitedOutcome) => void;

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
  private readonly waiters = new Map<ExecutionId, Waiter[]>();
  private polling = false;
  private timer: Timer | null = null;

  constructor(private readonly options: OutcomesOptions) {}

  /** Calls back once when the execution is settled, unless told to `forget`. */
  wait(id: ExecutionId, waiter: Waiter): void {
    const others = this.waiters.get(id);
    if (others === undefined) this.waiters.set(id, [waiter]);
    else others.push(waiter);
    this.schedule();
  }

  get waiting(): number {
    return this.waiters.size;
  }

  /** A pass of this process stored its end. */
  stored(id: ExecutionId, outcome: StoredOutcome): void {
    if (this.waiters.size > 0 && isSettled(outcome.status)) this.settle(id, outcome);
  }

  /** Tells everyone that nobody will tell them any more. */
  close(): void {
    for (const id of this.waiters.keys()) this.settle(id, 'closed');
    this.rest();
  }

  /** Reads what other processes may have ended. */
  async poll(): Promise<void> {
    if (this.waiters.size === 0 || this.polling) return;
    this.polling = true;
    try {
      const ids = [...this.waiters.keys()].filter((id) => !this.options.runsHere(id));
      for (let at = 0; at < ids.length; at += POLL_PAGE) await this.readPage(ids.slice(at, at + POLL_PAGE));
    } catch (error) {
      tellFault(this.options, 'read outcomes', error);
    } finally {
      this.polling = false;
    }
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

  /** Does not call that waiter back any more. */
  forget(id: ExecutionId, waiter: Waiter): void {
    const waiters = this.waiters.get(id);
    const at = waiters?.indexOf(waiter) ?? -1;
    if (at >= 0) waiters?.splice(at, 1);
    if (waiters?.length === 0) this.waiters.delete(id);
    this.rest();
  }

  private async readPage(ids: readonly ExecutionId[]): Promise<void> {
    const read = Promise.all(ids.map((id) => this.read(id)));
    await answerInTime(this.options.clock, ANSWER_MS, 'read outcomes', read);
  }

  private async read(id: ExecutionId): Promise<void> {
    const record = await this.options.store.read(id);
    if (record === null) this.settle(id, 'gone');
    else if (isSettled(record.status)) this.settle(id, storedOutcome(record));
  }

  private settle(id: ExecutionId, outcome: AwaitedOutcome): void {
    const waiters = this.waiters.get(id);
    this.waiters.delete(id);
    this.rest();
    for (const waiter of waiters?.splice(0) ?? []) waiter(outcome);
  }
}

export function storedOutcome(record: ExecutionRecord): StoredOutcome {
  const { status, value, error, attempt, startedAt, endedAt, createdAt } = record;
  return { status, value, error, attempt, startedAt, endedAt: endedAt ?? createdAt };
}
