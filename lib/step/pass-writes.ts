import type { Checkpoint } from '../model/checkpoint.js';
import { TooManyCheckpointsError } from '../model/errors-execution.js';
import type { Lease } from '../model/lease.js';
import { isApplied, type Applied } from '../ports/is-applied.js';
import type {
  AcquireWrite,
  AwaitWrite,
  CommitWrite,
  Delta,
  InstanceChange,
  Publishing,
  RecordChange,
  Rejection,
  ReserveWrite,
  Verdict,
  Withdrawal,
} from '../ports/store-write.js';
import type { Body } from './body.js';
import { ancestorsOf } from './control-path.js';
import { inheritedPermits } from './inherited-permits.js';
import type { PassEnd } from './pass-end.js';
import type { PassServices, Sender } from './pass-services.js';
import type { Undoables } from './undoables.js';

/** The pass, as its writes see it. */
interface WritingPass {
  readonly services: PassServices;
  readonly undoables: Undoables;
  readonly lease: Lease;
  readonly ended: PassEnd | null;
  readonly isUndoing: boolean;
  readonly isClosing: boolean;
  readonly whenProgressed: (() => void) | null;
  end(end: PassEnd): void;
  finish(end: PassEnd, reason: unknown): void;
}

/** What a step's commit does besides storing rows. */
export interface StepEffects extends Publishing {
  readonly instance?: InstanceChange;
}

/** Whoever commits rows. What it is told as the sender it hands on to `PassWrites`, which tells it the rest. */
export interface Committer extends Sender {
  readonly effects: StepEffects | null;
  /** The rows are stored. */
  committed(): void;
  /** Nothing was stored: the effects were refused. */
  refused(rejection: Rejection): void;
}

const nothing: readonly never[] = Object.freeze([]);

/** Rows that are read as soon as one. */
const SHORT_JOURNAL = 100;

/** What a pass writes: rows in order, each commit with what was held until then. */
export class PassWrites {
  /** Commits without a verdict. */
  underWay = 0;
  /** Null: none. */
  private held: Checkpoint[] | null = null;
  /** Keys that were held by `holdOnce`. */
  private once: readonly string[] = nothing;
  /** Permits that the next commit gives back. */
  private released: readonly string[] = nothing;
  /** Bodies that have begun with a permit, by its holder. */
  private using: Map<string, Pick<Body, 'isDead'>> | null = null;
  /** Holders that asked for a permit, and whose bodies have not begun: they queue for it, have it, or will. */
  private asking: Set<string> | null = null;
  /** Holders that may have a permit since an earlier pass; null: nobody has looked yet. */
  private inherited: Set<string> | null = null;
  /** Calls whose permits were given back with all below them. */
  private givenUp: Set<string> | null = null;
  /** What the execution waits for no longer with the next commit. */
  private withdrawn: readonly Withdrawal[] = nothing;
  private commitNo = 0;
  private lastSeq = 0;
  private rowCount: number;
  /** The result of a call that was stored last; null: none in this pass. */
  newest: Checkpoint | null = null;

  constructor(
    private readonly pass: WritingPass,
    private readonly journal: readonly Checkpoint[],
  ) {
    this.rowCount = journal.length;
    for (const { seq } of journal) if (seq > this.lastSeq) this.lastSeq = seq;
  }

  get hasHeld(): boolean {
    return this.held !== null;
  }

  nextSeq(): number {
    return ++this.lastSeq;
  }

  /** Keeps a row that nothing depends on yet for the next commit, whenever that is. */
  hold(row: Checkpoint): void {
    (this.held ??= []).push(row);
  }

  /**
   * The same for a row that its pass, or one before it, may have left: a turn that was refused ends once more, one that failed may
   * be handed back, or its time may be up in `@OnError`. A second row of the key would be refused, and the end with it.
   */
  holdOnce(row: Checkpoint): void {
    const { key, epoch } = row;
    if (this.once.includes(key) || this.journal.some((each) => each.key === key && each.epoch === epoch))
      return;
    this.once = [...this.once, key];
    this.hold(row);
  }

  private takeHeld(): readonly Checkpoint[] {
    const { held } = this;
    this.held = null;
    return held ?? nothing;
  }

  /** A permit is asked for. */
  ask(holder: string): void {
    (this.asking ??= new Set()).add(holder);
  }

  /** A body has begun that holds this permit: it keeps it, also while it waits for an instant. */
  use(holder: string, body: Pick<Body, 'isDead'>): void {
    this.asking?.delete(holder);
    (this.using ??= new Map()).set(holder, body);
  }

  /**
   * Whose permits stay when the pass suspends: those of bodies that have begun and still count, but for one below which
   * another permit is waited for: two that wait for each other's would never go on.
   */
  holdsBeside(waiting: readonly string[]): readonly string[] {
    const { using } = this;
    if (using === null || using.size === 0) return nothing;
    return [...using]
      .filter(([holder, { isDead }]) => !isDead && !waiting.some((path) => path.startsWith(`${holder}/`)))
      .map(([holder]) => holder);
  }

  /** The next commit gives that permit back. */
  release(holder: string): void {
    this.using?.delete(holder);
    this.asking?.delete(holder);
    this.inherited?.delete(holder);
    this.released = [...this.released, holder];
  }

  /** The same for that of the path and all below it, and for places in queues. What was asked for without an answer goes back, too: it was sent before. */
  releaseWithin(path: string): void {
    if (this.using === null && this.asking === null && this.inherited === null && this.journal.length === 0)
      return;
    (this.givenUp ??= new Set()).add(path);
    this.inherited ??= inheritedPermits(this.journal);
    for (const holder of new Set([...(this.using?.keys() ?? []), ...(this.asking ?? []), ...this.inherited]))
      if (holder === path || holder.startsWith(`${path}/`)) this.release(holder);
  }

  /** A permit came for a place in a queue, maybe one of an earlier pass: what it was for may never be come to, or is given up already. */
  granted(holder: string): void {
    if (this.asking?.has(holder) === true || this.using?.has(holder) === true) return;
    (this.inherited ??= inheritedPermits(this.journal)).add(holder);
    const { givenUp } = this;
    if (givenUp === null || ![holder, ...ancestorsOf(holder)].some((call) => givenUp.has(call))) return;
    this.release(holder);
    this.commit(nothing, new Commit(this, null, () => {}));
  }

  /** The next commit gives those waits and children up. */
  withdraw(withdrawal: Withdrawal): void {
    this.withdrawn = [...this.withdrawn, withdrawal];
  }

  /** The end may name a row that has its value: a long journal would be searched whenever the record is read. */
  get isShort(): boolean {
    return this.rowCount <= SHORT_JOURNAL;
  }

  /** The newest result, if the text is its value. Most handlers return what their last step gave: the end names that row. */
  newestWith(text: string): Checkpoint | null {
    return this.newest?.value === text && this.isShort ? this.newest : null;
  }

  commit(rows: readonly Checkpoint[], committer: Committer): void {
    const { pass } = this;
    const { effects } = committer;
    // What a refused write held would be lost: it holds nothing but the rows of the publish.
    if (effects !== null && this.hasHeld) this.commit(nothing, new Commit(this, null, () => {}));
    const held = this.takeHeld();
    const checkpoints = held.length === 0 ? rows : [...held, ...rows];
    this.rowCount += checkpoints.length;
    const { checkpoints: limit } = pass.services.settings.limits;
    if (this.rowCount > limit && !pass.isUndoing && !pass.isClosing) {
      const error = new TooManyCheckpointsError(limit);
      pass.finish({ kind: 'failed', error }, error);
      if (pass.ended !== null) return;
    }
    if (pass.services.steps.hasCompensations) pass.undoables.sent(checkpoints);
    this.underWay++;
    pass.services.writer.submit(this.delta(checkpoints, null, effects), committer);
  }

  /** A commit has its verdict. */
  judged(committer: Committer, verdict: Verdict): void {
    this.underWay--;
    if (this.pass.ended !== null) return;
    const isRefused = committer.effects !== null && isRefusal(verdict);
    if (!isRefused && !isApplied(verdict)) this.lost();
    else
      try {
        if (isRefused) committer.refused(verdict);
        else {
          this.pass.whenProgressed?.();
          committer.committed();
        }
      } catch (error) {
        this.failed(error);
      }
  }

  /** A write has no verdict, or one that leaves nothing to go on with. */
  lost(): void {
    this.pass.end({ kind: 'lost' });
  }

  /** A write of this execution that stores no progress. */
  send(write: AcquireWrite | ReserveWrite | AwaitWrite, then: (answer: Applied) => void): void {
    this.underWay++;
    const judged = (verdict: Verdict): void => {
      this.underWay--;
      if (this.pass.ended !== null) return;
      if (!isApplied(verdict)) this.lost();
      else
        try {
          then(verdict);
        } catch (error) {
          this.failed(error);
        }
    };
    this.pass.services.writer.submit(write, { judged, unjudged: () => this.lost() });
  }

  /** The write that carries the pass's end: held rows, the change of the record, what becomes of its instance, and an event. */
  final(
    change: RecordChange,
    instance: InstanceChange | null = null,
    publish: Publishing | null = null,
  ): CommitWrite {
    const write = this.delta(this.takeHeld(), change, publish);
    return instance === null ? write : { ...write, delta: { ...write.delta, instance } };
  }

  /** That end was refused: its rows with another change. */
  instead(refused: CommitWrite, change: RecordChange): CommitWrite {
    this.takeBack(refused);
    return this.final(change);
  }

  /** That end was refused: its rows go with another. */
  takeBack({ delta }: CommitWrite): void {
    if (delta.checkpoints.length > 0) this.held = [...delta.checkpoints, ...this.takeHeld()];
    this.released = delta.release;
    this.withdrawn = delta.withdraw ?? nothing;
  }

  /** Whatever fails where a verdict is taken fails this execution, and no other of its group. */
  private failed(error: unknown): void {
    this.pass.end({ kind: 'parked', error });
  }

  private delta(
    checkpoints: readonly Checkpoint[],
    record: RecordChange | null,
    effects: StepEffects | null,
  ): CommitWrite {
    const { released: release, withdrawn: withdraw } = this;
    this.released = this.withdrawn = nothing;
    const instance = effects?.instance;
    const publish = effects === null || effects.events.length === 0 ? null : { events: effects.events };
    const delta: Delta = new PlainDelta(++this.commitNo, checkpoints, record, publish, release);
    const { lease } = this.pass;
    if (withdraw.length === 0 && instance === undefined) return new PlainCommit(lease, delta);
    const given = withdraw.length === 0 ? null : { withdraw };
    return {
      kind: 'commit',
      lease,
      delta: { ...delta, ...given, ...(instance === undefined ? null : { instance }) },
    };
  }
}

/** These are classes for the reason that `freshList` gives. */
class PlainCommit implements CommitWrite {
  readonly kind = 'commit';

  constructor(
    readonly lease: Lease,
    readonly delta: Delta,
  ) {}
}

class PlainDelta implements Delta {
  constructor(
    readonly commitNo: number,
    readonly checkpoints: readonly Checkpoint[],
    readonly record: RecordChange | null,
    readonly publish: Publishing | null,
    readonly release: readonly string[],
  ) {}
}

/** A commit that functions hear of. */
export class Commit implements Committer {
  constructor(
    private readonly writes: PassWrites,
    readonly effects: StepEffects | null,
    readonly committed: () => void,
    readonly refused: (rejection: Rejection) => void = () => {},
  ) {}

  judged(verdict: Verdict): void {
    this.writes.judged(this, verdict);
  }

  unjudged(): void {
    this.writes.lost();
  }
}

function isRefusal(verdict: Verdict): verdict is Rejection {
  return (
    verdict.verdict === 'rejected' &&
    (verdict.reason === 'event-conflict' ||
      verdict.reason === 'event-known' ||
      verdict.reason === 'instance-changed' ||
      verdict.reason === 'mailbox-full')
  );
}
