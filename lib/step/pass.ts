import type { Checkpoint } from '../model/checkpoint.js';
import type { HandlerDefinition, WorkerDefinition } from '../model/definition.js';
import { StepInterruptedError } from '../model/errors-execution.js';
import type { ExecutionRecord, WaitReason } from '../model/execution.js';
import type { Lease } from '../model/lease.js';
import type { Rejection } from '../ports/store-write.js';
import type { CollectedBatch } from '../ports/stored-instance.js';
import { BegunBodies } from './begun-bodies.js';
import { BegunChildren } from './begun-children.js';
import type { Body } from './body.js';
import { BodyList } from './body-list.js';
import { NestedResults } from './nested-results.js';
import { StepFailures } from './step-failures.js';
import { type PassEnd, type PassOwner, reasonOf } from './pass-end.js';
import type { PassServices } from './pass-services.js';
import { Commit, PassWrites, type StepEffects } from './pass-writes.js';
import { ReceivedEvents } from './received-events.js';
import { Replay } from './replay.js';
import { returnPath } from './control-path.js';
import { SettleQueue } from './settle-queue.js';
import type { Turn } from './turn.js';
import { rowsOfUndo } from './undo-rows.js';
import { Undoables } from './undoables.js';
import { Waits } from './waits.js';

/** What the store tells an execution, and what it waits for then. */
const reasons = { granted: 'gate', event: 'event', child: 'child' } as const;
type News = keyof typeof reasons;

/** The one path where no step was renamed. */
const samePath = (path: string): string => path;

/** A call that must not begin before replay has settled. */
export interface Deferred {
  start(): void;
}

/** One claim's work on one execution: what runs, what waits, what is committed. It ends once. */
export class Pass {
  readonly replay: Replay | null;
  readonly writes: PassWrites;
  /** Bodies that have not ended, dead ones included: each still occupies the process. */
  readonly live = new BodyList();
  ended: PassEnd | null = null;
  /** The turn of an instance that it is; null: of none, or it is not opened yet. */
  turn: Turn | null = null;
  /** What it has collected; null: it does not collect. */
  batch: CollectedBatch | null = null;
  /** The path that names a call to the outside world: a step that was renamed keeps the one it began under. */
  outsidePath: (path: string) => string = samePath;
  /** What is to be given up when it ends; null: nothing. */
  whenEnded: (() => void) | null = null;
  /** The frame of the handler's own body; null: not opened yet. */
  root: Body | null = null;
  readonly received: ReceivedEvents;
  /**
   * Whether code must repeat what was recorded. Not after `retry()` or `resume()` of an execution of which something
   * had failed: what failed may succeed now, and lead elsewhere.
   */
  readonly isStrict: boolean;
  /** Told when something of the pass is stored. */
  whenProgressed: (() => void) | null = null;
  /** No result goes to the handler any more; what runs may finish, then the execution is handed back. */
  yielding: boolean;

  /** Most passes need none: they have one call at a time. */
  private settleQueue: SettleQueue | null = null;
  private nestedResults: NestedResults | null = null;
  private failures: StepFailures | null = null;
  readonly waits: Waits;
  private begunChildren: BegunChildren | null = null;
  private begunBodies: BegunBodies | null = null;
  private undoableResults: Undoables | null = null;
  /** A call was not begun, because too little of the lease is left. */
  private refused = false;
  private deferred: Deferred[] | null = null;
  /** Deferred calls whose turn it is. */
  private starting: readonly Deferred[] | null = null;
  private whenEmptied: (() => void) | null = null;
  /** Told when the end is stored. */
  private whenStored: (() => void) | null = null;
  private withheld = 0;
  /** How the pass ends once what runs has ended; nothing more begins. */
  private closing: PassEnd | null = null;
  private checkScheduled = false;

  constructor(
    readonly services: PassServices,
    readonly worker: WorkerDefinition,
    readonly handler: HandlerDefinition,
    readonly lease: Lease,
    readonly record: ExecutionRecord,
    private readonly journal: readonly Checkpoint[],
    /** Steps are undone in this pass, and nothing else is done. */
    readonly isUndoing: boolean,
    private readonly owner: PassOwner,
  ) {
    const replayed = isUndoing ? rowsOfUndo(journal, handler.method) : journal;
    this.replay =
      replayed.length === 0 ? null : new Replay(replayed, record.epoch, returnPath(handler.method));
    this.isStrict = !journal.some(
      (row) => row.epoch < record.epoch && (row.kind === 'failed' || row.kind === 'attempt'),
    );
    this.received = new ReceivedEvents(this, journal);
    this.writes = new PassWrites(this, journal);
    this.yielding = services.settings.mode === 'ISOLATED';
    this.waits = new Waits(this);
  }

  /** Results on their way into user code. */
  get queue(): SettleQueue {
    this.settleQueue ??= new SettleQueue(
      this.services.clock,
      (seq) => this.replay === null || this.replay.mayPass(seq),
      () => this.turnedIdle(),
    );
    return this.settleQueue;
  }

  /** Nothing is about to settle: a result that no other could overtake goes straight into user code. */
  get isQuiet(): boolean {
    return this.settleQueue === null || !this.settleQueue.isPumping;
  }

  /** What would have to be undone if the execution failed now. */
  get undoables(): Undoables {
    return (this.undoableResults ??= new Undoables(this.services.steps, this.worker.id, this.journal));
  }

  /** At-most-once bodies that have begun. */
  get begun(): BegunBodies {
    const { codec } = this.services;
    return (this.begunBodies ??= new BegunBodies(
      this.journal,
      this.record.epoch,
      ({ error }) => codec.decodeFailure(error ?? '') instanceof StepInterruptedError,
    ));
  }

  /** Executions that this one waits for. */
  get children(): BegunChildren {
    return (this.begunChildren ??= new BegunChildren(this.replay));
  }

  /** Results of nested calls in this pass. */
  get nested(): NestedResults {
    return (this.nestedResults ??= new NestedResults());
  }

  /** Errors that came out of steps for good, and the names of the step. */
  get stepFailures(): StepFailures {
    return (this.failures ??= new StepFailures());
  }

  /** User code repeats what an earlier pass ran: nothing it logs or emits is news. */
  get isReplaying(): boolean {
    return this.replay !== null && this.replay.isBehind;
  }

  /** Ends the pass, once: whatever still runs is told to stop, and nothing of it counts any more. */
  end(end: PassEnd, reason: unknown = null): void {
    if (this.ended !== null) return;
    this.ended = this.closing === null || end.kind === 'lost' ? end : this.closing;
    this.settleQueue?.close();
    this.waits.cancel();
    // Most passes end with none.
    if (this.live.size > 0) for (const body of this.live) body.abort(reason ?? reasonOf(end));
    this.whenEnded?.();
    this.owner.passEnded(this.ended);
  }

  /** Ends the pass with a row that goes in the same commit; `stored` runs when both are. */
  endWith(row: Checkpoint, end: PassEnd, stored: (() => void) | null): void {
    if (this.ended !== null) return;
    this.writes.hold(row);
    this.whenStored = stored;
    this.end(end);
  }

  /** The end is stored. */
  stored(): void {
    this.whenStored?.();
  }

  /** Commits rows, with those that are held; `then` runs when they are stored, `refused` when the effects were: nothing was stored then. */
  commit(
    rows: readonly Checkpoint[],
    effects: StepEffects | null,
    then: () => void,
    refused?: (rejection: Rejection) => void,
  ): void {
    this.writes.commit(rows, new Commit(this.writes, effects, then, refused));
  }

  /** Keeps a row for the next commit: it is stored when the pass suspends, at the latest one turn from now. */
  later(row: Checkpoint): void {
    this.writes.hold(row);
    this.scheduleCheck();
  }

  /** Runs `resume` at the instant: in this pass when it lives that long, else in the pass that the timer wakes. */
  wait(name: string, at: number, reason: WaitReason, body: Body, resume: () => void): void {
    this.waits.add(name, { at, reason, body, resume });
    this.scheduleCheck();
  }

  /** The same when the store has a permit or an event for the holder, when that child has ended, or at the instant; null: none. */
  waitFor(kind: News, holder: string, at: number | null, body: Body, resume: () => void): void {
    this.waits.addTold(`${kind}:${holder}`, { at, reason: reasons[kind], body, resume });
    this.scheduleCheck();
  }

  /** The store has something for a holder of this execution. One of several events is told to the call that waits for them. */
  told(kind: News, holder: string): void {
    if (kind === 'granted') this.writes.granted(holder);
    this.waits.tell(`${kind}:${kind === 'event' ? holder.replace(/\/\d+$/, '') : holder}`);
  }

  /** Starts the call when replay has settled. */
  defer(call: Deferred): void {
    (this.deferred ??= []).push(call);
    this.queue.pump();
  }

  /** Other calls that were deferred together. */
  get deferredCalls(): readonly Deferred[] {
    return [...(this.starting ?? []), ...(this.deferred ?? [])];
  }

  /** Counts a result that the handler does not get in this pass. */
  withhold(): void {
    this.withheld++;
    this.scheduleCheck();
  }

  /** The body ended, or nothing that it still does can be seen. */
  bodyEnded(body: Body): void {
    this.live.delete(body);
    if (this.ended !== null && !this.isOccupied) this.whenEmptied?.();
  }

  /** A body runs that waits for none of its calls: it still uses the process. */
  get isOccupied(): boolean {
    return this.live.some(({ outstanding }) => outstanding === 0);
  }

  /** Resolves when the pass has ended and no body of it uses the process any more. */
  emptied(): Promise<void> {
    if (!this.isOccupied) return Promise.resolve();
    return new Promise((resolve) => {
      this.whenEmptied = resolve;
    });
  }

  /** Finishes what runs, then hands the execution back. */
  yield(): void {
    this.yielding = true;
    this.scheduleCheck();
  }

  /** Lets step bodies that run give their results, which may have to be undone; nothing more begins. */
  close(end: PassEnd, reason: unknown): void {
    if (this.ended !== null || this.closing !== null) return;
    this.closing = end;
    this.yielding = true;
    for (const body of this.live) body.askToStop(reason);
    this.scheduleCheck();
  }

  /** Ends the pass; what runs may be something to undo, and gives its result first. */
  finish(end: PassEnd, reason: unknown): void {
    if (this.undoables.mayComeOf(this.live)) this.close(end, reason);
    else this.end(end, reason);
  }

  get isClosing(): boolean {
    return this.closing !== null;
  }

  /** Begins nothing more: what runs may finish, then the execution goes back. */
  refuse(): void {
    this.refused = true;
    this.yield();
  }

  scheduleCheck(): void {
    if (this.checkScheduled || this.ended !== null) return;
    this.checkScheduled = true;
    this.services.clock.soon(() => {
      this.checkScheduled = false;
      if (this.ended === null) this.check();
    });
  }

  /** Suspends the pass when nothing but time can move it on. */
  private check(): void {
    this.waits.dropDead();
    if (this.closing !== null) {
      if (!this.isClosingBusy()) this.end(this.closing);
    } else if (this.isBusy()) {
      if (this.writes.hasHeld) this.commit([], null, () => this.scheduleCheck());
      this.waits.arm();
    } else if (this.withheld > 0 || this.refused) {
      this.end({ kind: 'yielded' });
    } else if (!this.waits.empty) {
      const holds = this.writes.holdsBeside(this.waits.permits);
      const { reason, wakes } = this.waits;
      this.end({ kind: 'waiting', reason, wakes, timers: this.waits.timers(), holds });
    } else if (this.yielding && this.isDraining) {
      this.end({ kind: 'yielded' });
    }
  }

  private get isDraining(): boolean {
    return this.services.settings.mode !== 'ISOLATED';
  }

  private isBusy(): boolean {
    if (this.writes.underWay > 0 || this.deferred !== null) return true;
    return this.settleQueue?.empty === false || this.live.some(isWorking);
  }

  /** The handler's own body may go on as long as it likes: what it called is what counts. */
  private isClosingBusy(): boolean {
    if (this.writes.underWay > 0) return true;
    return this.live.some((body) => body.level > 0 && isWorking(body));
  }

  private turnedIdle(): void {
    if (this.ended !== null || !this.queue.empty) return;
    const calls = (this.starting = this.deferred ?? []);
    this.deferred = null;
    for (const call of calls) {
      if (this.isOver()) return;
      call.start();
    }
    this.starting = null;
    if (this.deferred !== null) this.queue.pump();
    this.scheduleCheck();
  }

  private isOver(): boolean {
    return this.ended !== null;
  }
}

/** It still counts, and waits for none of its calls. */
function isWorking({ isDead, outstanding }: Body): boolean {
  return !isDead && outstanding === 0;
}
