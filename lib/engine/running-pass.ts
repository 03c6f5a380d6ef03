import type { Cancel } from '../model/cancel-reason.js';
import { CancelledError, PoisonedError, TimeoutError } from '../model/errors-execution.js';
import type { WorkerDefinition } from '../model/definition.js';
import type { DefinitionRef } from '../model/execution.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { Timer } from '../ports/clock.js';
import type { DecodedCopy } from '../ports/codec.js';
import { isApplied } from '../ports/is-applied.js';
import type { CommitWrite, StoredMessage, Verdict } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';
import { childRows } from '../step/begun-children.js';
import { Pass } from '../step/pass.js';
import { cancelledBy, type PassEnd, type PassOwner } from '../step/pass-end.js';
import type { Sender } from '../step/pass-services.js';
import { openTurn } from '../behaviours/open-turn.js';
import { callHook } from './call-hook.js';
import { cancelErrorOf } from './cancel-error.js';
import { outcomeOf, releaseOf, reopened, turnEnd, type Conclusion } from './conclude.js';
import { concludeAny } from './conclude-any.js';
import type { KnownHandler } from './definitions.js';
import { methodGone, type Misfit } from './misfit.js';
import { openingOf, type Opening } from './opening.js';
import { HandlerScope } from './pass-scope.js';
import { askedBy } from './reopen.js';
import { startCompensations } from './start-compensations.js';
import { startHandler } from './start-handler.js';
import { tellEnd, tellExecution } from './tell-execution.js';
import type { ExecutorOptions, Run, RunOwner, Waiter, Work, Receivers } from './work.js';

/** Claims without an accepted commit after which an execution is parked instead of run. */
const STRIKES_TO_PARK = 5;

const resolved = Promise.resolve();

/**
 * One pass under way, from its claim to its stored end. Its parts stand in the order in which it lives; each goes on to the
 * next, or ends the pass.
 */
export class RunningPass implements Run, PassOwner, Sender, Receivers {
  readonly pass: Pass;
  outcome: StoredOutcome | null = null;
  hasEnded = false;
  waiter: Waiter | null = null;
  seenInboxSeq: number;
  private readonly opening: Opening;
  private readonly scope: HandlerScope;
  /** Null: nobody has asked for it. */
  private promised: Promise<void> | null = null;
  private resolveEnded: (() => void) | null = null;
  /** The execution ran on another graph until now, and it is not known yet whether this one fits. */
  private awaitsFit: boolean;
  private cancel: Cancel | null;
  private misfit: Misfit | null = null;
  /** How the execution goes on; null: the commit that says so is not sent. */
  private conclusion: Conclusion | null = null;
  /** That commit. */
  private endWrite: CommitWrite | null = null;
  private deadline: Timer | null = null;
  /** Of the handler's value, for the first who asks. */
  private returned: DecodedCopy | null = null;

  constructor(
    private readonly options: ExecutorOptions,
    private readonly known: KnownHandler,
    private readonly work: Work,
    private readonly owner: RunOwner,
  ) {
    const { services, definitions } = options;
    const { worker, handler } = known;
    const opening = openingOf(work, handler, definitions.renames(worker.id), services.clock);
    this.opening = opening;
    this.seenInboxSeq = opening.seenInboxSeq;
    this.cancel = opening.cancel;
    this.awaitsFit = known.isHeir !== true && work.record.definition.fingerprint !== worker.graph.fingerprint;
    const { record, journal, visible, undoing } = opening;
    this.pass = new Pass(services, worker, handler, work.lease, record, visible, undoing !== null, this);
    this.pass.batch = work.batch ?? null;
    this.scope = new HandlerScope(this.pass);
    if (journal.isRenamed) this.pass.outsidePath = (path) => journal.outsidePath(path);
    this.begin();
  }

  get ended(): Promise<void> {
    if (this.hasEnded) return resolved;
    this.promised ??= new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    return this.promised;
  }

  get emptied(): Promise<void> {
    return this.ended.then(() => this.pass.emptied());
  }

  takeReturned(): DecodedCopy | null {
    const { returned } = this;
    this.returned = null;
    return returned;
  }

  private begin(): void {
    const { pass, work } = this;
    tellExecution(pass, 'execution.started', {
      attempt: pass.record.attempt,
      resumed: work.lease.fence > 1,
    });
    if (this.cancel !== null && !this.awaitsFit) pass.end(cancelledBy(this.cancel));
    else if (work.strikes >= STRIKES_TO_PARK)
      pass.end({ kind: 'parked', error: new PoisonedError(pass.record.id, work.strikes) });
    else if (this.known.isGone === true && this.cancel === null && this.opening.undoing === null)
      this.parkGone();
    else if (this.awaitsFit) void this.checkFit();
    else this.enter(this.known.isHeir === true ? this.ownDefinition : null);
  }

  /** Its message is kept for a deploy that has the method again; the actor goes on with the next. */
  private parkGone(): void {
    const gone = methodGone(this.pass);
    this.misfit = gone;
    this.pass.end({ kind: 'parked', error: gone.error });
  }

  private get ownDefinition(): DefinitionRef {
    const { worker, handler } = this.known;
    return { id: handler.id, fingerprint: worker.graph.fingerprint };
  }

  /** Nothing of the worker's code runs before it is known that its graph fits. */
  private async checkFit(): Promise<void> {
    const { pass, known, work, opening } = this;
    try {
      const forgotten = new Set(opening.forget);
      const journal = work.journal.filter(({ key }) => !forgotten.has(key));
      const fit = await this.options.deployGate.check(known.worker, pass.record, journal);
      if (pass.ended !== null) return;
      this.awaitsFit = false;
      if (this.cancel !== null && (fit.kind === 'fits' || (fit.kind === 'mismatch' && !fit.undoes)))
        pass.end(cancelledBy(this.cancel));
      else if (fit.kind === 'fits') this.enter(this.ownDefinition);
      else {
        this.misfit = fit;
        pass.end(fit.kind === 'elsewhere' ? { kind: 'yielded' } : { kind: 'parked', error: fit.error });
      }
    } catch (error) {
      tellFault(pass.services, 'compare graphs', error);
      pass.end({ kind: 'lost' });
    }
  }

  /** `definition`: the form that the execution goes on with from here; null: the one it has. */
  private enter(definition: DefinitionRef | null): void {
    const { deadlineAt, forget } = this.opening;
    if (deadlineAt !== null && !this.armDeadline(deadlineAt)) return;
    if (forget === null && definition === null) this.start();
    else this.commitBeginning(definition);
  }

  /** False: the time is up, and the pass has ended. */
  private armDeadline(at: number): boolean {
    const { clock } = this.pass.services;
    const expire = (): void => {
      const error = new TimeoutError(this.pass.handler.id, this.known.handler.timeoutMs ?? 0);
      this.pass.finish({ kind: 'failed', error }, error);
    };
    const leftMs = at - clock.now();
    if (leftMs <= 0) expire();
    else this.deadline = clock.setTimer(leftMs, expire);
    return leftMs > 0;
  }

  /** Another epoch, or another form of the definition, is stored before anything runs in it. */
  private commitBeginning(definition: DefinitionRef | null): void {
    const { pass, opening, work } = this;
    // What asks for another epoch is served with it; other messages are heeded by what the pass does.
    const seen = opening.forget === null ? work.record.seenInboxSeq : this.seenInboxSeq;
    const change = reopened(pass, seen, opening.forget ?? [], opening.deadlineAt);
    // Their calls begin others: what nobody remembers must not go on beside it.
    for (const { path } of childRows(opening.journal.rows.filter((row) => !opening.visible.includes(row))))
      pass.writes.withdraw({ holder: pass.outsidePath(path), except: 'all' });
    const write = pass.writes.final(definition === null ? change : { ...change, definition });
    const lost = (): void => pass.end({ kind: 'lost' });
    const begun = (verdict: Verdict): void => (isApplied(verdict) ? this.start() : lost());
    pass.services.writer.submit(write, { judged: begun, unjudged: lost });
  }

  private start(): void {
    const { pass, opening } = this;
    const { undoing, visible } = opening;
    for (const { kind, body } of this.work.inbox) if (kind === 'granted') pass.writes.granted(body ?? '');
    if (undoing === null) startHandler(pass, opening, this);
    else void startCompensations(pass, undoing, visible, this.options.definitions, this);
  }

  receiverOf(worker: WorkerDefinition): object | Promise<object> {
    return this.options.resolver.resolve(worker, this.scope);
  }

  deliver(messages: readonly StoredMessage[]): void {
    const last = messages.at(-1);
    if (last === undefined || last.seq <= this.seenInboxSeq || this.pass.ended !== null) return;
    this.seenInboxSeq = last.seq;
    for (const { kind, body } of messages)
      if (kind === 'granted' || kind === 'event' || kind === 'child') this.pass.told(kind, body ?? '');
    const asked = askedBy(messages);
    if (this.opening.undoing !== null || asked.kind !== 'cancel') return;
    this.cancel = asked.cancel;
    const { record } = this.pass;
    if (!this.awaitsFit)
      this.pass.finish(
        cancelledBy(this.cancel),
        cancelErrorOf(record, this.cancel) ?? new CancelledError(record.id),
      );
  }

  /** A handler that has returned is done; any other end may come in the middle of something. */
  passEnded(end: PassEnd): void {
    if (end.kind === 'completed') this.returned = end.copy ?? null;
    if (end.kind === 'completed' && this.known.handler.keyed === undefined) this.conclude(end);
    else void resolved.then(() => this.conclude(end));
  }

  /** The first call counts: who waits for the pass is told. */
  private tellEnded(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.owner.ended(this);
    this.resolveEnded?.();
  }

  private conclude(end: PassEnd): void {
    const { pass, seenInboxSeq, opening, misfit, work } = this;
    this.deadline?.cancel();
    try {
      const conclusion = concludeAny(pass, end, seenInboxSeq, opening.deadlineAt, misfit, work);
      if (conclusion === null) this.tellEnded();
      else if (this.needsTurn(conclusion)) void this.concludeTurn(conclusion);
      else this.store(conclusion);
    } catch (error) {
      this.giveUp('end a pass', error);
    }
  }

  /** Nothing is stored: while its process lives, it takes the execution back and runs it again. Told later: it may not have a slot yet. */
  private giveUp(task: string, error: unknown): void {
    tellFault(this.pass.services, task, error);
    void resolved.then(() => this.tellEnded());
  }

  /** It ends before its turn was opened: cancelled, poisoned, undone. */
  private needsTurn({ change }: Conclusion): boolean {
    return this.known.handler.keyed !== undefined && this.pass.turn === null && turnEnd(change) !== null;
  }

  private async concludeTurn(conclusion: Conclusion): Promise<void> {
    const { pass } = this;
    try {
      pass.turn = await openTurn(pass, this.opening.visible);
      this.store(conclusion);
    } catch (error) {
      this.giveUp('read instance', error);
    }
  }

  private store(conclusion: Conclusion): void {
    const { pass } = this;
    const end = turnEnd(conclusion.change);
    const instance = end === null || pass.turn === null ? null : pass.turn.changeFor(end);
    const { publish } = conclusion;
    const write = pass.writes.final(
      conclusion.change,
      instance,
      publish === undefined ? null : { events: [publish] },
    );
    this.conclusion = conclusion;
    this.endWrite = write;
    pass.services.writer.submit(write, this);
  }

  /** Of the commit that carries its end. */
  judged(verdict: Verdict): void {
    const conclusion = this.conclusion as Conclusion;
    const write = this.endWrite as CommitWrite;
    if (verdict.verdict === 'rejected' && verdict.reason === 'instance-changed') {
      void this.endAgain(conclusion, write);
      return;
    }
    try {
      if (!isApplied(verdict)) return;
      this.stored(conclusion, verdict);
      const { instance } = write.delta;
      if (instance?.ahead != null) this.options.armed(instance.ahead);
    } finally {
      this.tellEnded();
    }
  }

  unjudged(): void {
    this.tellEnded();
  }

  /** Somebody changed the instance meanwhile: where that is nothing to the turn, it ends all the same. */
  private async endAgain(conclusion: Conclusion, refused: CommitWrite): Promise<void> {
    const { turn, services, writes } = this.pass;
    try {
      const found = turn === null ? null : await services.instances.instance(turn.instanceName);
      if (turn?.accepts(found) !== true) return this.handBack(refused);
      writes.takeBack(refused);
      this.store(conclusion);
    } catch (error) {
      this.giveUp('read instance', error);
    }
  }

  /** The turn is run again, from its journal, on what its instance is now. */
  private handBack(refused: CommitWrite): void {
    const { pass } = this;
    const change = { ...releaseOf(pass.record), timers: this.work.record.timers };
    const done = (verdict: Verdict): void => {
      try {
        if (!isApplied(verdict)) return;
        const outcome = outcomeOf(pass.record, change, pass.services.clock.now());
        this.options.stored(pass.record, outcome, change, true);
      } finally {
        this.tellEnded();
      }
    };
    pass.services.writer.submit(pass.writes.instead(refused, change), {
      judged: done,
      unjudged: () => this.tellEnded(),
    });
  }

  private stored({ change, error, hook, publish }: Conclusion, verdict: Verdict): void {
    this.pass.stored();
    const { record, services } = this.pass;
    this.outcome = outcomeOf(record, change, services.clock.now());
    this.options.stored(
      record,
      this.outcome,
      change,
      change.status === 'pending' || ('due' in verdict && verdict.due === true),
    );
    const { undoing, visible } = this.opening;
    tellEnd(this.pass, change, error, undoing === null ? null : visible);
    const end = turnEnd(change);
    if (end !== null) this.pass.turn?.stored(end);
    if (publish !== undefined) services.publisher().published([publish]);
    if (hook !== null) void callHook(this.pass, hook, error, this);
  }
}
