import { StoreRegressionError, StoreUnavailableError } from '../model/errors-store.js';
import type { Clock, Timer } from '../ports/clock.js';
import { callsFromHere } from '../ports/current-execution.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import type { Store } from '../ports/store.js';
import type { Verdict, Write } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';
import type { Writer } from '../step/pass-services.js';
import { writeSize } from './write-size.js';

/** Tries of one group before its writes go one by one, in turn. */
const GROUP_TRIES = 3;
/** Tries of one write by itself that fail while the store takes others: it is the write that is at fault. */
const WRITE_STRIKES = 8;
/** Whoever waits for a write is told by then, counted from the first failure that it met. What a lease covers is sent for as long as that. */
const PATIENCE_MS = 3_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * A store that answers in microtasks, under work that never waits, would keep the event loop from turning: no timer would
 * fire, and the lease would run out.
 */
const MOST_FLUSHES_IN_TURN = 256;

/** The same where each write takes the disk's time: other work of the process waits for no more than these. */
const MOST_LONE_FLUSHES_IN_TURN = 5;

const settled = Promise.resolve();

interface Queued {
  readonly write: Write;
  readonly done: (verdict: Verdict) => void;
  readonly failed: (error: unknown) => void;
  /** It was in a group that the store did not take: it goes by itself, so that it spoils no other. */
  isAlone: boolean;
  /** When the store first failed while it was sent, or waited to be (monotonic); null: it has not. */
  failingSince: number | null;
  strikes: number;
  /** How many groups the store had taken when it failed last. */
  takenBefore: number;
}

/**
 * Group commit: writes of all executions go to the store in groups, one group at a time. While it is under way, the next one
 * gathers; there is no timer, and a write that no other can join is not held until the turn of the event loop ends. Two at a
 * time would let what was published later overtake what was published before.
 */
export class GroupWriter implements Writer {
  private queue: Queued[] = [];
  private underWay: readonly Queued[] | null = null;
  private flushing = false;
  private closed = false;
  private flushesInTurn = 0;
  /** Groups that the store has taken, and how often it has failed since the last one. */
  private taken = 0;
  private failures = 0;
  private pause: Timer | null = null;
  private whenIdle: (() => void)[] = [];
  /** What verdicts set off belongs to no execution, whichever made the first write of the group. */
  private readonly outside = callsFromHere();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly observer: Observer,
    /** Whether nothing runs just now that could write beside the one that does. */
    private readonly isLone: () => boolean = () => false,
    private readonly leaseMs: () => number = () => PATIENCE_MS,
  ) {}

  submit(write: Write, done: (verdict: Verdict) => void, failed: (error: unknown) => void): void {
    if (this.closed) return;
    this.queue.push({
      write,
      done,
      failed,
      isAlone: false,
      failingSince: null,
      strikes: 0,
      takenBefore: 0,
    });
    if (!this.flushing && this.underWay === null) this.scheduleFlush();
  }

  /**
   * The verdict of one write. Rejects with `StoreUnavailableError` when the store does not answer, with `StoreRegressionError` when
   * it takes nothing any more.
   */
  write(write: Write): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      if (this.closed) reject(new StoreUnavailableError('the app was closed before the write was sent'));
      else this.submit(write, resolve, reject);
    });
  }

  /** Resolves when everything submitted has its verdict. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Closes, and tells everyone whose write has no verdict that there will be none. */
  abandon(): void {
    const left = [...(this.underWay ?? []), ...this.queue];
    this.close();
    for (const queued of left) this.fail(queued, new Error('the app was closed meanwhile'));
  }

  /** Drops what was not sent. Nobody is told: the process is as good as gone. */
  close(): void {
    this.closed = true;
    this.queue = [];
    this.pause?.cancel();
    this.underWay = null;
    this.becomeIdle();
  }

  private get isIdle(): boolean {
    return this.queue.length === 0 && this.underWay === null && !this.flushing;
  }

  private scheduleFlush(): void {
    this.flushing = true;
    const isSlow = this.store.gather === 'macrotask';
    const most = isSlow ? MOST_LONE_FLUSHES_IN_TURN : MOST_FLUSHES_IN_TURN;
    if (++this.flushesInTurn >= most || (isSlow && !this.isLone())) {
      this.flushesInTurn = 0;
      this.outside(() => this.clock.soon(this.flush));
    } else {
      // Not `queueMicrotask`: Node makes an asynchronous resource for each of its callbacks.
      this.outside(() => void settled.then(this.flush));
    }
  }

  private readonly flush = (): void => {
    this.flushing = false;
    if (this.closed || this.underWay !== null) return;
    if (this.queue.length > 0) this.send(this.takeGroup(), 1);
    else this.becomeIdle();
  };

  private takeGroup(): readonly Queued[] {
    const { maxWrites, maxBytes } = this.store.group;
    let bytes = 0;
    let count = 0;
    for (const { write, isAlone } of this.queue) {
      bytes += writeSize(write);
      if (count > 0 && (isAlone || count >= maxWrites || bytes > maxBytes)) break;
      count++;
      if (isAlone) break;
    }
    if (count === this.queue.length) {
      const group = this.queue;
      this.queue = [];
      return group;
    }
    return this.queue.splice(0, count);
  }

  private send(group: readonly Queued[], tries: number): void {
    const sentAt = this.observer.wants('store.written') ? this.clock.monotonic() : 0;
    this.underWay = group;
    this.store.write(group.map((queued) => queued.write)).then(
      (verdicts) => {
        if (this.closed) return;
        this.underWay = null;
        this.taken++;
        this.failures = 0;
        if (sentAt > 0) this.tell(group.length, sentAt);
        for (let at = 0; at < group.length; at++) this.answer(group[at] as Queued, verdicts[at] as Verdict);
        if (this.queue.length === 0) this.becomeIdle();
        else if (!this.flushing) this.scheduleFlush();
      },
      (error: unknown) => this.retry(group, tries, error),
    );
  }

  /** The outcome is unknown, and every write is safe to repeat. A store that went back takes none any more. */
  private retry(group: readonly Queued[], tries: number, error: unknown): void {
    if (this.closed) return;
    this.failures++;
    if (error instanceof StoreRegressionError) {
      this.underWay = null;
      this.giveUp(group, error);
      this.flush();
      return;
    }
    this.blame(group, error);
    const left = this.endLate(group, error);
    if (left.length > 0) this.sendLater(left, tries);
    else this.flush();
  }

  /** Those that wait behind the group meet the same store: their time runs, too. */
  private blame(group: readonly Queued[], error: unknown): void {
    const now = this.clock.monotonic();
    for (const queued of [...group, ...this.queue]) {
      if (queued.failingSince === null) queued.takenBefore = this.taken;
      queued.failingSince ??= now;
    }
    const [first] = group;
    if (group.length > 1 || first === undefined) return;
    if (!(error instanceof StoreUnavailableError) || this.taken > first.takenBefore) first.strikes++;
    first.takenBefore = this.taken;
  }

  /** Gives up what has waited long enough, of the group and behind it; answers what is left of the group, which is under way still. */
  private endLate(group: readonly Queued[], error: unknown): readonly Queued[] {
    const now = this.clock.monotonic();
    const late = [...group, ...this.queue].filter((queued) => this.isLate(queued, now));
    if (late.length === 0) return group;
    const gone = new Set(late);
    const left = group.filter((queued) => !gone.has(queued));
    this.queue = this.queue.filter((queued) => !gone.has(queued));
    this.underWay = left.length > 0 ? left : null;
    this.giveUp(late, error);
    return left;
  }

  private isLate({ write, failingSince, strikes }: Queued, now: number): boolean {
    const forMs = now - (failingSince ?? now);
    if (forMs < PATIENCE_MS) return false;
    return !('lease' in write) || strikes >= WRITE_STRIKES || forMs >= this.leaseMs();
  }

  /** Its writes go one by one from here on; one that fails so goes behind the others, so that the store may take those. */
  private sendApart(group: readonly Queued[]): void {
    this.underWay = null;
    for (const queued of group) queued.isAlone = true;
    this.queue = [...group, ...this.queue];
    const [first] = group;
    if (group.length === 1 && first !== undefined) this.queue = behindOthers(first, this.queue);
    this.flush();
  }

  /** Whoever sent the write may fail at its verdict: the others get theirs all the same. */
  private answer({ done }: Queued, verdict: Verdict): void {
    try {
      done(verdict);
    } catch (error) {
      this.fault('take a verdict', error);
    }
  }

  private giveUp(late: readonly Queued[], cause: unknown): void {
    this.fault('write', cause);
    for (const queued of late) this.fail(queued, cause);
  }

  private fail({ failed }: Queued, cause: unknown): void {
    const unknown =
      'the store did not answer: whether the write was applied is unknown, repeating it is safe';
    try {
      failed(cause instanceof StoreRegressionError ? cause : new StoreUnavailableError(unknown, cause));
    } catch (error) {
      this.fault('take a failed write', error);
    }
  }

  private fault(task: string, error: unknown): void {
    tellFault({ observer: this.observer, clock: this.clock }, task, error);
  }

  private sendLater(group: readonly Queued[], tries: number): void {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.pause = this.clock.setTimer(longest * (0.5 + this.random.next() / 2), () => {
      if (tries < GROUP_TRIES && group[0]?.isAlone !== true) this.send(group, tries + 1);
      else this.sendApart(group);
    });
  }

  private becomeIdle(): void {
    if (!this.closed && !this.isIdle) return;
    if (this.whenIdle.length === 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private tell(writes: number, sentAt: number): void {
    const durationMs = this.clock.monotonic() - sentAt;
    this.observer.emit({ name: 'store.written', writes, durationMs, at: this.clock.now() });
  }
}

/** The write, and those of its execution that must not overtake it, behind all others. */
function behindOthers({ write }: Queued, queue: readonly Queued[]): Queued[] {
  const goes = (queued: Queued): boolean =>
    queued.write === write ||
    ('lease' in write &&
      'lease' in queued.write &&
      queued.write.lease.executionId === write.lease.executionId);
  return [...queue.filter((queued) => !goes(queued)), ...queue.filter(goes)];
}
