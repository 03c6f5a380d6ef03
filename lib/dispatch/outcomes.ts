import { isSettled, type ExecutionRecord } from '../model/execution.js';
import type { ExecutionId } from '../model/ids.js';
import type { Observer } from '../ports/observer.js';
import type { Clock } from '../ports/clock.js';
import type { RecordChange, Store } from '../ports/store.js';
import type { StoredOutcome } from '../model/outcome.js';

/** Awaited executions that one poll reads. */
const POLL_PAGE = 100;

type Waiter = (outcome: StoredOutcome) => void;

/** Who waits for the outcome of which execution. Holds nothing that nobody waits for. */
export class Outcomes {
  private readonly waiters = new Map<ExecutionId, Set<Waiter>>();
  private polling = false;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly observer: Observer,
  ) {}

  /** Calls back once when the execution is settled; answers a function that forgets the caller. */
  wait(id: ExecutionId, waiter: Waiter): () => void {
    const waiters = this.waiters.get(id) ?? new Set();
    waiters.add(waiter);
    this.waiters.set(id, waiters);
    return () => {
      waiters.delete(waiter);
      if (waiters.size === 0 && this.waiters.get(id) === waiters) this.waiters.delete(id);
    };
  }

  get waiting(): number {
    return this.waiters.size;
  }

  /** A pass of this process stored its end. */
  stored(record: ExecutionRecord, change: RecordChange): void {
    if (this.waiters.size === 0 || !isSettled(change.status as ExecutionRecord['status'])) return;
    const waiters = this.waiters.get(record.id);
    if (waiters === undefined) return;
    this.settle(record.id, outcomeOf(record, change, this.clock.now()));
  }

  /** Reads what other processes may have ended. */
  async poll(): Promise<void> {
    if (this.waiters.size === 0 || this.polling) return;
    this.polling = true;
    try {
      const ids = [...this.waiters.keys()];
      for (let at = 0; at < ids.length; at += POLL_PAGE)
        await Promise.all(ids.slice(at, at + POLL_PAGE).map((id) => this.read(id)));
    } catch (error) {
      this.observer.emit({ name: 'app.fault', task: 'read outcomes', error, at: this.clock.now() });
    } finally {
      this.polling = false;
    }
  }

  private async read(id: ExecutionId): Promise<void> {
    const record = await this.store.read(id);
    if (record !== null && isSettled(record.status)) this.settle(id, storedOutcome(record));
  }

  private settle(id: ExecutionId, outcome: StoredOutcome): void {
    const waiters = this.waiters.get(id);
    this.waiters.delete(id);
    for (const waiter of waiters ?? []) waiter(outcome);
  }
}

export function storedOutcome(record: ExecutionRecord): StoredOutcome {
  const { status, value, error, attempt, startedAt, endedAt, createdAt } = record;
  return { status, value, error, attempt, startedAt, endedAt: endedAt ?? createdAt };
}

export function outcomeOf(record: ExecutionRecord, change: RecordChange, endedAt: number): StoredOutcome {
  const { status, value, error, attempt } = change;
  return { status, value, error, attempt, startedAt: record.startedAt, endedAt };
}
