import type { ExecutionId, ProcessId } from '../model/ids.js';
import type { DefinitionRef } from '../model/execution.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { Store } from '../ports/store.js';
import type { Executor, Run, Work } from '../engine/executor.js';

/** At most so many executions are claimed at once: the rest of the slots follow in the next round trip. */
const CLAIM_PAGE = 100;
/** Hinted work found by the sweep only after this long was missed by hints. */
const GRACE_MS = 2_000;
const INBOX_PAGE = 100;

export type PullReason = 'hint' | 'timer' | 'sweep';

export interface ConsumerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly executor: Executor;
  readonly owner: ProcessId;
  readonly runnable: () => readonly DefinitionRef[];
  readonly concurrency: () => number;
  readonly isPaused: (definition: string) => boolean;
}

/** Keeps the process's slots busy: a free slot pulls what is due from the store. It holds no queue of its own. */
export class Consumer {
  private readonly running = new Map<ExecutionId, Run | null>();
  private accepting = false;
  private pulling: Promise<void> | null = null;
  private pullAgain: PullReason | null = null;
  private pullScheduled = false;
  private backlog = false;
  private suspects = 0;
  private wakeTimer: Timer | null = null;
  private wakeAt = Number.POSITIVE_INFINITY;
  private claims = 0;
  private whenEmpty: (() => void)[] = [];

  constructor(private readonly options: ConsumerOptions) {}

  /** Executions that occupy a slot. */
  get used(): number {
    return this.running.size;
  }

  /** What runs here just now. */
  get current(): readonly Run[] {
    return [...this.running.values()].filter((run) => run !== null);
  }

  /** Grows with each claim begun or ended: tells whether one happened beside something else. */
  get claimCount(): number {
    return this.claims;
  }

  start(): void {
    this.accepting = true;
    this.pull('hint');
  }

  /** Takes nothing new; resolves when every slot is free, or after `timeoutMs` with what still runs told to stop. */
  async drain(timeoutMs: number): Promise<void> {
    this.accepting = false;
    this.cancelWake();
    for (const run of this.running.values()) run?.pass.yield();
    if (this.running.size === 0) return;
    const timeUp = this.options.clock.setTimer(timeoutMs, () => this.handBack());
    await new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    timeUp.cancel();
    await this.pulling;
  }

  /** Ends every pass at once, as a dead process does: nothing more is written. */
  kill(): void {
    this.accepting = false;
    this.cancelWake();
    for (const run of this.running.values()) run?.pass.end({ kind: 'lost' });
    this.running.clear();
    this.becameEmpty();
  }

  /** Holds a slot for an execution that is about to be published; false when none is free. */
  reserve(id: ExecutionId, definition: string): boolean {
    if (this.options.isPaused(definition)) return false;
    if (!this.accepting || this.suspects > 0 || this.freeSlots() <= 0) return false;
    this.running.set(id, null);
    return true;
  }

  /** Gives a reserved slot back. */
  unreserve(id: ExecutionId): void {
    if (this.running.get(id) === null) this.free(id);
  }

  /** Runs what was published into a reserved slot. */
  startReserved(work: Work): Run | null {
    return this.run(work);
  }

  /** Something may be due. Cheap to call: pulls are gathered. */
  pull(reason: PullReason): void {
    if (!this.accepting) return;
    if (this.pulling !== null) {
      this.pullAgain ??= reason;
      return;
    }
    if (this.pullScheduled) return;
    this.pullScheduled = true;
    this.options.clock.soon(() => {
      this.pullScheduled = false;
      this.pulling ??= this.pullAll(reason).finally(() => {
        this.pulling = null;
      });
    });
  }

  /** Pulls again at that instant, if nothing earlier is planned. */
  wake(at: number): void {
    if (!this.accepting || at >= this.wakeAt) return;
    this.wakeTimer?.cancel();
    this.wakeAt = at;
    this.wakeTimer = this.options.clock.setTimer(Math.max(0, at - this.options.clock.now()), () => {
      this.cancelWake();
      this.pull('timer');
    });
  }

  /** Loads the messages of executions that run here. */
  async signal(ids: readonly ExecutionId[]): Promise<void> {
    for (const id of ids) {
      const run = this.running.get(id);
      if (run === undefined || run === null) continue;
      run.deliver(await this.options.store.inbox(id, run.pass.record.seenInboxSeq, INBOX_PAGE));
    }
  }

  runs(id: ExecutionId): boolean {
    return this.running.has(id);
  }

  /** Takes back what the store says is ours and this process does not run: a reply was lost. */
  async takeBack(owned: readonly ExecutionId[]): Promise<void> {
    const lost = owned.filter((id) => !this.running.has(id)).slice(0, Math.max(0, this.freeSlots()));
    if (lost.length > 0 && this.accepting && this.pulling === null)
      await this.claim('sweep', lost.length, lost);
  }

  private async pullAll(reason: PullReason): Promise<void> {
    let next: PullReason | null = reason;
    try {
      while (next !== null && this.accepting && this.suspects === 0 && this.freeSlots() > 0) {
        this.pullAgain = null;
        await this.claim(next, Math.min(this.freeSlots(), CLAIM_PAGE));
        next = this.pullAgain ?? (this.backlog ? next : null);
      }
    } catch (error) {
      this.options.observer.emit({ name: 'app.fault', task: 'claim', error, at: this.options.clock.now() });
    }
    if (this.pullAgain !== null && this.freeSlots() <= 0) this.backlog = true;
  }

  private async claim(reason: PullReason, limit: number, ids?: readonly ExecutionId[]): Promise<void> {
    const { store, owner, runnable, clock } = this.options;
    this.claims++;
    const request = { owner, runnable: runnable(), limit };
    const answer = await store
      .claim(ids === undefined ? request : { ...request, ids })
      .finally(() => this.claims++);
    if (ids === undefined) this.backlog = answer.more;
    if (answer.nextAt !== null) this.wake(answer.nextAt);
    if (reason === 'sweep')
      this.tellRecovered(answer.claimed.filter((work) => work.dueSince < clock.now() - GRACE_MS).length);
    for (const work of answer.claimed) this.run(work);
  }

  private run(work: Work): Run | null {
    const { id } = work.record;
    const run = this.options.executor.execute(work);
    if (run === null) {
      this.free(id);
      return null;
    }
    const suspect = work.strikes > 0 && work.lease.fence > 1;
    if (suspect) this.suspects++;
    this.running.set(id, run);
    void run.over.then(() => {
      if (suspect) this.suspects--;
      if (this.running.get(id) === run) this.free(id);
    });
    if (!this.accepting) run.pass.yield();
    return run;
  }

  private free(id: ExecutionId): void {
    this.running.delete(id);
    if (this.running.size === 0) this.becameEmpty();
    if (this.backlog || this.pullAgain !== null) this.pull(this.pullAgain ?? 'hint');
  }

  private freeSlots(): number {
    return this.options.concurrency() - this.running.size;
  }

  private handBack(): void {
    for (const run of this.running.values()) run?.pass.end({ kind: 'yielded' }, new Error('shutdown'));
    this.options.clock.soon(() => this.becameEmpty());
  }

  private becameEmpty(): void {
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private cancelWake(): void {
    this.wakeTimer?.cancel();
    this.wakeTimer = null;
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private tellRecovered(count: number): void {
    if (count > 0) this.options.observer.emit({ name: 'app.recovered', count, at: this.options.clock.now() });
  }
}
