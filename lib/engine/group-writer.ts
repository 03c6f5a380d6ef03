import { ConfigurationError } from '../model/errors-boot.js';
import { StoreRegressionError, StoreUnavailableError } from '../model/errors-store.js';
import type { Clock, Timer } from '../ports/clock.js';
import { OutsideContext } from '../ports/current-execution.js';
import type { Observer } from '../ports/observer.js';
import type { Random } from '../ports/random.js';
import type { Store } from '../ports/store.js';
import type { Verdict, Write } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';
import type { Sender, Writer } from '../step/pass-services.js';
import { WriteGroup } from './write-group.js';
import { writeSize } from './write-size.js';

/** Tries of one group before its writes go one by one, in turn. */
const GROUP_TRIES = 3;
/** Tries of one write by itself that fail while the store takes others: it is the write that is at fault. */
const WRITE_STRIKES = 8;
/** Whoever waits for a write is told by then, counted from the first failure that it met. What a lease covers is sent for as long as the lease lasts. */
const PATIENCE_MS = 3_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * A store that answers in microtasks, under work that never waits, would keep the event loop from turning: no timer would
 * fire, and the lease would run out.
 */
const MOST_FLUSHES_IN_TURN = 256;

/** The same where each write takes the disk's time: other work of the process waits for no more than these. */
const MOST_SLOW_FLUSHES_IN_TURN = 5;

const resolved = Promise.resolve();

/** Not `queueMicrotask`: Node makes an asynchronous resource for each of its callbacks. */
const inThisTurn = (flush: () => void): void => void resolved.then(flush);

/** What is known of a write since the store first failed while it was sent, or waited to be. */
interface Trouble {
  /** Monotonic. */
  readonly since: number;
  /** It was in a group that the store did not take: it goes by itself, so that it spoils no other. */
  isAlone: boolean;
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
  private queue = new WriteGroup();
  private underWay: WriteGroup | null = null;
  private readonly troubles = new Map<Write, Trouble>();
  private flushScheduled = false;
  private closed = false;
  private abandoned = false;
  private flushesInTurn = 0;
  /** Groups that the store has taken, and how often it has failed since the last one. */
  private taken = 0;
  private failures = 0;
  private pause: Timer | null = null;
  private whenIdle: (() => void)[] = [];
  /** What verdicts set off belongs to no execution, whichever made the first write of the group. */
  private readonly outside = new OutsideContext();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly observer: Observer,
    /** Whether nothing runs just now that could write beside the one that does. */
    private readonly isSequential: () => boolean = () => false,
    private readonly leaseMs: () => number = () => PATIENCE_MS,
  ) {}

  submit(write: Write, sender: Sender): void {
    if (this.closed) {
      if (this.abandoned) void resolved.then(() => this.fail(sender, tooLate()));
      return;
    }
    this.queue.add(write, sender);
    if (!this.flushScheduled && this.underWay === null) this.scheduleFlush();
  }

  /**
   * The verdict of one write. Rejects with `StoreUnavailableError` when the store does not answer, with `StoreRegressionError` or
   * `ConfigurationError` when it takes nothing at all.
   */
  write(write: Write): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      if (this.closed) reject(new StoreUnavailableError('the app was closed before the write was sent'));
      else this.submit(write, new Asked(resolve, reject));
    });
  }

  /** Resolves when everything submitted has its verdict, or will have none. */
  idle(): Promise<void> {
    if (this.closed || this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Closes, and tells everyone whose write has no verdict, and who comes too late, that there will be none. */
  abandon(): void {
    const left = this.underWay === null ? this.queue : this.underWay.followedBy(this.queue);
    this.close();
    this.abandoned = true;
    for (const sender of left.senders) this.fail(sender, tooLate());
  }

  /** Drops what was not sent. Nobody is told: the process is as good as gone. */
  close(): void {
    this.closed = true;
    this.queue = new WriteGroup();
    this.troubles.clear();
    this.pause?.cancel();
    this.underWay = null;
    this.becomeIdle();
  }

  private get isIdle(): boolean {
    return this.queue.size === 0 && this.underWay === null && !this.flushScheduled;
  }

  private scheduleFlush(): void {
    this.flushScheduled = true;
    const isSlow = this.store.gather === 'macrotask';
    const most = isSlow ? MOST_SLOW_FLUSHES_IN_TURN : MOST_FLUSHES_IN_TURN;
    if (++this.flushesInTurn >= most || (isSlow && !this.isSequential())) {
      this.flushesInTurn = 0;
      this.outside.call(this.inLaterTurn, this.flush);
    } else {
      this.outside.call(inThisTurn, this.flush);
    }
  }

  private readonly inLaterTurn = (flush: () => void): void => this.clock.soon(flush);

  private readonly flush = (): void => {
    this.flushScheduled = false;
    if (this.closed || this.underWay !== null) return;
    if (this.queue.size > 0) this.send(this.takeGroup(), 1);
    else this.becomeIdle();
  };

  private takeGroup(): WriteGroup {
    const { queue } = this;
    const count = this.countOfGroup(queue.writes);
    if (count < queue.size) return queue.takeFirst(count);
    this.queue = new WriteGroup();
    return queue;
  }

  /** How many of the first go together. */
  private countOfGroup(writes: readonly Write[]): number {
    const { maxWrites, maxBytes } = this.store.group;
    let bytes = 0;
    let count = 0;
    for (const write of writes) {
      const isAlone = this.isAlone(write);
      bytes += writeSize(write);
      if (count > 0 && (isAlone || count >= maxWrites || bytes > maxBytes)) break;
      count++;
      if (isAlone) break;
    }
    return count;
  }

  private isAlone(write: Write): boolean {
    return this.troubles.size > 0 && this.troubles.get(write)?.isAlone === true;
  }

  private send(group: WriteGroup, tries: number): void {
    const sentAt = this.observer.wants('store.written') ? this.clock.monotonic() : 0;
    this.underWay = group;
    this.answerOf(group).then(
      (verdicts) => {
        if (this.closed) return;
        this.underWay = null;
        this.taken++;
        this.failures = 0;
        this.forget(group);
        if (sentAt > 0) this.tell(group.size, sentAt);
        const { senders } = group;
        for (let at = 0; at < senders.length; at++)
          this.answer(senders[at] as Sender, verdicts[at] as Verdict);
        if (this.queue.size === 0) this.becomeIdle();
        else if (!this.flushScheduled) this.scheduleFlush();
      },
      (error: unknown) => this.retry(group, tries, error),
    );
  }

  /** A store that throws has not answered either. */
  private answerOf({ writes }: WriteGroup): Promise<readonly Verdict[]> {
    try {
      return this.store.write(writes);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The outcome is unknown, and every write is safe to repeat: but where the store takes none any more. */
  private retry(group: WriteGroup, tries: number, error: unknown): void {
    if (this.closed) return;
    this.failures++;
    if (isFinal(error)) {
      this.underWay = null;
      this.giveUp(group, error);
      this.flush();
      return;
    }
    this.blame(group, error);
    const left = this.giveUpLate(group, error);
    if (left.size > 0) this.sendLater(left, tries);
    else this.flush();
  }

  /** Those that wait behind the group meet the same store: their time runs, too. */
  private blame(group: WriteGroup, error: unknown): void {
    const since = this.clock.monotonic();
    for (const { writes } of [group, this.queue])
      for (const write of writes)
        if (!this.troubles.has(write))
          this.troubles.set(write, { since, isAlone: false, strikes: 0, takenBefore: this.taken });
    const [first] = group.writes;
    const trouble = first === undefined ? undefined : this.troubles.get(first);
    if (group.size > 1 || trouble === undefined) return;
    if (!(error instanceof StoreUnavailableError) || this.taken > trouble.takenBefore) trouble.strikes++;
    trouble.takenBefore = this.taken;
  }

  /** Gives up what has waited long enough, of the group and behind it; answers what is left of the group, which is under way still. */
  private giveUpLate(group: WriteGroup, error: unknown): WriteGroup {
    const now = this.clock.monotonic();
    const isLate = (write: Write): boolean => this.isLate(write, now);
    const [late, left] = group.partition(isLate);
    const [lateBehind, leftBehind] = this.queue.partition(isLate);
    if (late.size + lateBehind.size === 0) return group;
    this.queue = leftBehind;
    this.underWay = left.size > 0 ? left : null;
    this.giveUp(late.followedBy(lateBehind), error);
    return left;
  }

  private isLate(write: Write, now: number): boolean {
    const trouble = this.troubles.get(write);
    if (trouble === undefined) return false;
    const forMs = now - trouble.since;
    if (forMs < PATIENCE_MS) return false;
    return !('lease' in write) || trouble.strikes >= WRITE_STRIKES || forMs >= this.leaseMs();
  }

  /** Its writes go one by one from here on; one that fails so goes behind the others, so that the store may take those. */
  private sendApart(group: WriteGroup): void {
    this.underWay = null;
    for (const write of group.writes) {
      const trouble = this.troubles.get(write);
      if (trouble !== undefined) trouble.isAlone = true;
    }
    this.queue = group.followedBy(this.queue);
    const [first] = group.writes;
    if (group.size === 1 && first !== undefined) this.queue = behindOthers(first, this.queue);
    this.flush();
  }

  /** What has its verdict, or will have none, is in trouble no longer. */
  private forget({ writes }: WriteGroup): void {
    if (this.troubles.size > 0) for (const write of writes) this.troubles.delete(write);
  }

  /** Whoever sent the write may fail at its verdict: the others get theirs all the same. */
  private answer(sender: Sender, verdict: Verdict): void {
    try {
      sender.judged(verdict);
    } catch (error) {
      this.fault('take a verdict', error);
    }
  }

  private giveUp(late: WriteGroup, cause: unknown): void {
    this.forget(late);
    this.fault('write', cause);
    for (const sender of late.senders) this.fail(sender, cause);
  }

  private fail(sender: Sender, cause: unknown): void {
    const unknown =
      'the store did not answer: whether the write was applied is unknown, repeating it is safe';
    try {
      sender.unjudged(isFinal(cause) ? cause : new StoreUnavailableError(unknown, cause));
    } catch (error) {
      this.fault('take a failed write', error);
    }
  }

  private fault(task: string, error: unknown): void {
    tellFault({ observer: this.observer, clock: this.clock }, task, error);
  }

  private sendLater(group: WriteGroup, tries: number): void {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.pause = this.clock.setTimer(longest * (0.5 + this.random.next() / 2), () => {
      const [first] = group.writes;
      const isAlone = first !== undefined && this.isAlone(first);
      if (tries < GROUP_TRIES && !isAlone) this.send(group, tries + 1);
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

/** The store went back, or only reads: it takes no write, however often it is sent. */
function isFinal(error: unknown): error is StoreRegressionError | ConfigurationError {
  return error instanceof StoreRegressionError || error instanceof ConfigurationError;
}

/** Whoever awaits `write`. A class for the reason that `freshList` gives. */
class Asked implements Sender {
  constructor(
    readonly judged: (verdict: Verdict) => void,
    readonly unjudged: (error: unknown) => void,
  ) {}
}

function tooLate(): Error {
  return new Error('the app was closed meanwhile');
}

/** The write, and those of its execution that must not overtake it, behind all others. */
function behindOthers(write: Write, queue: WriteGroup): WriteGroup {
  const [going, staying] = queue.partition(
    (queued) =>
      queued === write ||
      ('lease' in write && 'lease' in queued && queued.lease.executionId === write.lease.executionId),
  );
  return staying.followedBy(going);
}
