import type { ExecutionId, ProcessId } from '../model/ids.js';
import type { DefinitionRef } from '../model/execution.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { ClaimAnswer, ClaimedExecution, Store } from '../ports/store.js';
import type { StoredMessage } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';
import { answerInTime } from '../engine/answer-in-time.js';
import type { Executor } from '../engine/executor.js';
import type { Run, Work } from '../engine/work.js';

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
  readonly lease: LeaseState;
  /** How long a claim may take to be answered. */
  readonly answerMs: () => number;
}

/** What the consumer asks of the process's lease. */
export interface LeaseState {
  /** Grows whenever the lease may have lapsed: what was taken under an earlier one may be another's by now. */
  readonly generation: number;
  mayStartBody(): boolean;
}

/** A slot held for an execution that is being published, or in which it runs. */
export interface Slot {
  readonly id: ExecutionId;
  /** Of the lease, when the slot was taken. */
  readonly generation: number;
  /**
   * Null while it is being published, and again once the slot is free: the engine's garbage collector keeps what a `Map` held
   * when it was last resized, and a pass holds everything its execution has made.
   */
  run: Run | null;
}

/** Keeps the process's slots busy: a free slot pulls what is due from the store. It holds no queue of its own. */
export class Consumer {
  private readonly running = new Map<ExecutionId, Slot>();
  /** Passes that are over, of which a body still runs: it did not heed its timeout. */
  private readonly lingering = new Set<Run>();
  private accepting = false;
  private pulling: Promise<void> | null = null;
  private pullAgain: PullReason | null = null;
  private pullScheduled = false;
  /** Work may be due that was not taken: no slot was free, or the store did not answer. */
  private backlog = false;
  private suspects = 0;
  private wakeTimer: Timer | null = null;
  private wakeAt = Number.POSITIVE_INFINITY;
  private isIdle: () => boolean = () => true;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly options: ConsumerOptions) {}

  /** Slots in use. */
  get used(): number {
    return this.running.size + this.lingering.size;
  }

  /** Nothing runs here, and nothing is being claimed. */
  get isQuiet(): boolean {
    return this.used === 0 && this.pulling === null && !this.pullScheduled && this.pullAgain === null;
  }

  /** At most one execution runs here, and it waits for whatever it has begun: it makes one write at a time. */
  get isSequential(): boolean {
    if (this.used > 1) return false;
    for (const { run } of this.running.values()) if (run !== null && run.pass.isOccupied) return false;
    return true;
  }

  /** What runs here just now. */
  get current(): readonly Run[] {
    return Array.from(this.running.values(), ({ run }) => run).filter((run) => run !== null);
  }

  start(): void {
    this.accepting = true;
    this.pull('hint');
  }

  /** Takes nothing new; resolves when every slot is free, or after `timeoutMs` with what still runs handed back. */
  async drain(timeoutMs: number): Promise<void> {
    this.accepting = false;
    this.cancelWake();
    for (const { run } of this.running.values()) run?.pass.yield();
    this.isIdle = () => this.used === 0 && this.pulling === null;
    if (this.isIdle()) return;
    const timeUp = this.options.clock.setTimer(timeoutMs, () => this.handBack());
    await new Promise<void>((resolve) => this.whenIdle.push(resolve));
    timeUp.cancel();
  }

  /** Ends every pass at once, as a dead process does: nothing more is written. */
  kill(): void {
    this.accepting = false;
    this.cancelWake();
    for (const { run } of this.running.values()) run?.pass.end({ kind: 'lost' });
    this.running.clear();
    this.lingering.clear();
    this.isIdle = () => true;
    this.tellIdle();
  }

  /** Holds a slot for an execution that is about to be published; null when none is free. */
  reserve(id: ExecutionId, definition: string): Slot | null {
    if (this.options.isPaused(definition)) return null;
    if (!this.accepting || this.suspects > 0 || this.freeSlots() <= 0 || this.running.has(id)) return null;
    if (!this.options.lease.mayStartBody()) return null;
    return this.occupy(id, this.options.lease.generation);
  }

  /** Gives a reserved slot back. */
  unreserve(slot: Slot): void {
    if (slot.run === null && this.running.get(slot.id) === slot) this.free(slot);
  }

  /** Runs what was published into a reserved slot; null when it was handed back instead. */
  startReserved(slot: Slot, work: Work): Run | null {
    return this.admit(work, slot);
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
      if (this.pulling === null) this.take(() => this.pullAll(reason));
      else this.pullAgain ??= reason;
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
      const run = this.running.get(id)?.run ?? null;
      if (run === null) continue;
      for (let after: number | null = run.seenInboxSeq; after !== null; ) {
        const messages: readonly StoredMessage[] = await this.options.store.inbox(id, after, INBOX_PAGE);
        run.deliver(messages);
        after = messages.length < INBOX_PAGE ? null : (messages.at(-1)?.seq ?? null);
      }
    }
  }

  /** Whether a pass runs here of which the end is still to be told. */
  runs(id: ExecutionId): boolean {
    const slot = this.running.get(id);
    return slot !== undefined && (slot.run === null || slot.run.outcome === null);
  }

  /**
   * Compares with what the store says is ours. What ran before the question was sent (`before`) and is not ours any more
   * ends; what is ours and does not run here is taken back: a reply was lost.
   */
  reconcile(before: readonly Run[], owned: readonly ExecutionId[]): void {
    const ours = new Set(owned);
    for (const run of before)
      if (!ours.has(run.pass.record.id)) run.pass.end({ kind: 'lost' }, new Error('the lease was lost'));
    const lost = owned.filter((id) => !this.running.has(id));
    if (this.accepting && this.pulling === null && lost.length > 0) this.take(() => this.takeBack(lost));
    else if (this.backlog) this.pull('hint');
  }

  /** Gives reserved slots back and takes those of the executions that are still ours, under a new fence. */
  reclaim(ids: readonly ExecutionId[]): void {
    for (const id of ids) if (this.running.get(id)?.run === null) this.running.delete(id);
    const lost = ids.filter((id) => !this.running.has(id));
    if (lost.length > 0 && this.accepting && this.pulling === null) this.take(() => this.takeBack(lost));
    else this.freed();
  }

  /** One claim is under way at a time: slots are never given twice. */
  private take(claims: () => Promise<void>): void {
    this.pulling = claims()
      .catch((error: unknown) => {
        this.backlog = true;
        tellFault(this.options, 'claim', error);
      })
      .then(() => {
        this.pulling = null;
        this.tellIdle();
        if (this.pullAgain !== null && this.canTake()) this.pull(this.pullAgain);
      });
  }

  private async pullAll(reason: PullReason): Promise<void> {
    let next: PullReason | null = reason;
    while (next !== null && this.canTake()) {
      this.pullAgain = null;
      await this.claim(next, Math.min(this.freeSlots(), CLAIM_PAGE));
      next = this.pullAgain ?? (this.backlog ? 'hint' : null);
    }
    if (next !== null) this.backlog = true;
  }

  private async takeBack(lost: readonly ExecutionId[]): Promise<void> {
    if (this.canTake()) await this.claim('timer', Math.min(this.freeSlots(), CLAIM_PAGE), lost);
  }

  private canTake(): boolean {
    return this.accepting && this.suspects === 0 && this.freeSlots() > 0 && this.options.lease.mayStartBody();
  }

  private async claim(reason: PullReason, limit: number, ids?: readonly ExecutionId[]): Promise<void> {
    const { store, clock, owner, runnable, lease, answerMs } = this.options;
    const { generation } = lease;
    const wasBehind = this.backlog;
    const request = { owner, runnable: runnable(), limit };
    const call = store.claim(ids === undefined ? request : { ...request, ids });
    const answer = await answerInTime(clock, answerMs(), 'claim', call, (late) => this.handBackLate(late));
    if (ids === undefined) this.backlog = answer.more;
    if (answer.nextAt !== null) this.wake(answer.nextAt);
    if (reason === 'sweep' && !wasBehind) this.tellRecovered(answer.claimed);
    const [suspect] = answer.claimed.filter(isSuspect).toSorted((a, b) => b.strikes - a.strikes);
    for (const work of answer.claimed)
      if (suspect === undefined || work === suspect)
        this.admit(work, this.occupy(work.record.id, generation));
      else this.release(work);
  }

  /** Others may have it by now, or we ourselves under a newer fence: it is not begun, but claimed again. */
  private handBackLate({ claimed }: ClaimAnswer): void {
    for (const work of claimed) this.release(work);
    this.pull('hint');
  }

  private occupy(id: ExecutionId, generation: number): Slot {
    const slot: Slot = { id, generation, run: null };
    this.running.set(id, slot);
    return slot;
  }

  /** Runs what was leased under the slot's generation of the process's lease, or hands it back. */
  private admit(work: Work, slot: Slot): Run | null {
    const { lease, executor } = this.options;
    const isOurs = slot.generation === lease.generation && lease.mayStartBody();
    const run = this.accepting && isOurs ? executor.execute(work) : null;
    if (run === null) {
      this.release(work);
      this.free(slot);
      return null;
    }
    const suspect = isSuspect(work);
    if (suspect) this.suspects++;
    slot.run = run;
    void run.ended.then(() => {
      if (suspect) this.suspects--;
      if (this.running.get(slot.id) !== slot) return;
      if (run.pass.isOccupied) this.linger(run);
      this.free(slot);
    });
    return run;
  }

  private linger(run: Run): void {
    this.lingering.add(run);
    void run.over.then(() => {
      if (this.lingering.delete(run)) this.freed();
    });
  }

  private release(work: Work): void {
    this.backlog = true;
    this.options.executor.release(work);
  }

  private free(slot: Slot): void {
    slot.run = null;
    this.running.delete(slot.id);
    this.freed();
  }

  private freed(): void {
    this.tellIdle();
    if (this.backlog || this.pullAgain !== null) this.pull(this.pullAgain ?? 'hint');
  }

  private freeSlots(): number {
    return this.options.concurrency() - this.used;
  }

  /** Time is up: what runs is told to stop and goes back; bodies that do not heed it are left alone. */
  private handBack(): void {
    for (const { run } of this.running.values()) run?.pass.end({ kind: 'yielded' }, new Error('shutdown'));
    this.isIdle = () => this.running.size === 0;
    this.tellIdle();
  }

  private tellIdle(): void {
    if (this.whenIdle.length === 0 || !this.isIdle()) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private cancelWake(): void {
    this.wakeTimer?.cancel();
    this.wakeTimer = null;
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private tellRecovered(claimed: readonly ClaimedExecution[]): void {
    const now = this.options.clock.now();
    const count = claimed.filter((work) => work.dueSince < now - GRACE_MS).length;
    if (count > 0) this.options.observer.emit({ name: 'app.recovered', count, at: now });
  }
}

/** It was claimed before and never got anywhere: it may be what killed its process. */
function isSuspect(work: Work): boolean {
  return work.strikes > 0 && work.lease.fence > 1;
}
