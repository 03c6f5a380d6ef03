import { runCompensations, type Undoer } from '../behaviours/compensation.js';
import { runHandler } from '../behaviours/handler.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { EventRoute } from '../model/definition.js';
import { CancelledError, PoisonedError, TimeoutError } from '../model/errors-execution.js';
import { InvalidEventError } from '../model/errors-event.js';
import type { DefinitionRef, ExecutionRecord } from '../model/execution.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { Timer } from '../ports/clock.js';
import type { StoredMessage, Verdict } from '../ports/store-write.js';
import { isApplied } from '../ports/is-applied.js';
import { tellFault } from '../ports/tell-fault.js';
import { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { runHook } from '../step/run-hook.js';
import { nameOf, openUndo, undoableRows, type Undoing } from '../step/undo-rows.js';
import { conclude, outcomeOf, reopened, type Conclusion } from './conclude.js';
import { beginWithin } from './begin-within.js';
import type { KnownHandler } from './definitions.js';
import { refused, type Refusal } from './refused.js';
import { RenamedJournal } from './renamed-journal.js';
import { forgottenBy, requestOf, requestOfUndo } from './reopen.js';
import { tellEnd, tellExecution } from './tell-execution.js';
import type { ExecutorOptions, Run, Work } from './work.js';

/** Claims without an accepted commit after which an execution is parked instead of run. */
const STRIKES_TO_PARK = 5;

/** One pass under way, from its claim to its stored end. */
export class RunningPass implements Run {
  readonly pass: Pass;
  readonly ended: Promise<void>;
  private hasEnded!: () => void;
  outcome: StoredOutcome | null = null;
  private readonly deadlineAt: number | null;
  private readonly forget: readonly string[] | null;
  seenInboxSeq: number;
  private deadline: Timer | null = null;
  /** Steps are undone in this pass, and nothing else is done. */
  private readonly undoing: Undoing | null;
  private readonly visible: readonly Checkpoint[];
  private readonly renamed: RenamedJournal;
  /** It went on another graph until now. */
  private readonly isForeign: boolean;
  /** A cancel came before it was known whether the graph fits. */
  private isCancelled: boolean;
  private isAdmitted = false;
  private refusal: Refusal | null = null;

  constructor(
    private readonly options: ExecutorOptions,
    private readonly known: KnownHandler,
    private readonly work: Work,
  ) {
    const { services } = options;
    const { record, lease, inbox } = work;
    this.isForeign = record.definition.fingerprint !== known.worker.graph.fingerprint;
    this.renamed = new RenamedJournal(work.journal, options.definitions.renames(known.worker.id));
    const journal = this.renamed.rows;
    this.undoing = openUndo(journal, known.handler.method);
    const request = this.undoing === null ? requestOf(inbox) : requestOfUndo(inbox);
    this.seenInboxSeq = inbox.at(-1)?.seq ?? record.seenInboxSeq;
    const reopen = request.kind === 'reopen';
    this.forget = reopen ? forgottenBy(journal, known.handler, this.from(request.from)) : null;
    const hidden = this.forget === null ? null : new Set(this.forget);
    this.visible = hidden === null ? journal : journal.filter((row) => !hidden.has(row.key));
    const current = reopen ? { ...record, epoch: record.epoch + 1, attempt: 1 } : record;
    this.deadlineAt =
      this.undoing === null ? deadlineOf(known, current, reopen ? services.clock.now() : null) : null;
    this.pass = new Pass(
      services,
      known.worker,
      known.handler,
      lease,
      current,
      this.visible,
      this.undoing !== null,
    );
    if (this.renamed.isRenamed) this.pass.outsidePath = (path) => this.renamed.outsidePath(path);
    this.isCancelled = request.kind === 'cancel';
    if (this.isCancelled && !this.isForeign) this.pass.end({ kind: 'cancelled' });
    this.ended = new Promise((resolve) => {
      this.hasEnded = resolve;
    });
    this.live();
  }

  private from(names: string | null): string | null {
    return names === null ? null : this.renamed.present(names);
  }

  get over(): Promise<void> {
    return this.ended.then(() => this.pass.emptied());
  }

  private live(): void {
    const { pass, work } = this;
    tellExecution(this.pass, 'execution.started', {
      attempt: pass.record.attempt,
      resumed: work.lease.fence > 1,
    });
    if (work.strikes >= STRIKES_TO_PARK)
      pass.end({ kind: 'parked', error: new PoisonedError(pass.record.id, work.strikes) });
    else if (pass.ended === null) this.begin();
    void pass.done.then((end) => this.close(end));
  }

  private close(end: PassEnd): void {
    this.deadline?.cancel();
    const conclusion = this.conclude(end);
    if (conclusion === null) this.hasEnded();
    else this.store(conclusion);
  }

  /** What ended the pass may be anything that was thrown: should it defeat us, a person has to look. */
  private conclude(end: PassEnd): Conclusion | null {
    try {
      const conclusion = conclude(this.pass, end, this.seenInboxSeq, this.deadlineAt);
      return this.refusal === null || conclusion === null
        ? conclusion
        : refused(this.work, this.refusal, conclusion);
    } catch (error) {
      return conclude(this.pass, { kind: 'parked', error }, this.seenInboxSeq, this.deadlineAt);
    }
  }

  deliver(messages: readonly StoredMessage[]): void {
    const last = messages.at(-1);
    if (last === undefined || last.seq <= this.seenInboxSeq || this.pass.ended !== null) return;
    this.seenInboxSeq = last.seq;
    for (const { kind, body } of messages) if (kind === 'granted') this.pass.granted(body ?? '');
    if (this.undoing !== null || requestOf(messages).kind !== 'cancel') return;
    if (this.isForeign && !this.isAdmitted) this.isCancelled = true;
    else this.finish({ kind: 'cancelled' }, new CancelledError(this.pass.record.id));
  }

  /** Where something is to be undone, what runs gives its result first: nothing is undone beside a body that goes on. */
  private finish(end: PassEnd, reason: unknown): void {
    if (this.pass.mayUndo) this.pass.close(end, reason);
    else this.pass.end(end, reason);
  }

  private begin(): void {
    if (this.isForeign) void this.admit();
    else this.goOn(null);
  }

  /** Nothing of the worker's code runs before it is known that its graph fits. */
  private async admit(): Promise<void> {
    const { pass, known, work } = this;
    try {
      const forgotten = new Set(this.renamed.storedKeys(this.forget ?? []));
      const journal = work.journal.filter(({ key }) => !forgotten.has(key));
      const admission = await this.options.gate.admit(known.worker, pass.record, journal);
      if (pass.ended !== null) return;
      this.isAdmitted = true;
      if (
        admission.kind === 'fits' ||
        (this.isCancelled && admission.kind === 'mismatch' && !admission.undoes)
      ) {
        if (this.isCancelled) pass.end({ kind: 'cancelled' });
        else this.goOn({ id: known.handler.id, fingerprint: known.worker.graph.fingerprint });
        return;
      }
      this.refusal = admission;
      if (admission.kind === 'mismatch') pass.end({ kind: 'parked', error: admission.error });
      else pass.end({ kind: 'yielded' });
    } catch (error) {
      tellFault(pass.services, 'compare graphs', error);
      pass.end({ kind: 'lost' });
    }
  }

  /** `definition`: the form that the execution goes on with from here. */
  private goOn(definition: DefinitionRef | null): void {
    if (this.deadlineAt !== null && !this.armDeadline(this.deadlineAt)) return;
    if (this.forget === null && definition === null) this.run();
    else this.commitBeginning(definition);
  }

  /** The handler begins; what it takes to get there is synchronous where the parts are. */
  private run(): void {
    if (this.undoing !== null) {
      void this.undo(this.undoing);
      return;
    }
    try {
      const instance = this.options.resolver.resolve(this.known.worker);
      const event = this.event();
      if (instance instanceof Promise || event instanceof Promise) this.offerLater(instance, event);
      else this.offer(instance, event);
    } catch (error) {
      this.couldNotBegin(error);
    }
  }

  private async undo(undoing: Undoing): Promise<void> {
    const { definitions, resolver } = this.options;
    const { pass, known } = this;
    try {
      const undoers = new Map<Checkpoint, Undoer>();
      const rows = undoableRows(this.visible, (name) => definitions.compensates(known.worker.id, name));
      for (const row of rows) {
        const found = definitions.compensationOf(known.worker.id, nameOf(row.path));
        if (found !== null)
          undoers.set(row, { instance: await resolver.resolve(found.worker), definition: found.step });
      }
      if (pass.ended === null) runCompensations(pass, undoing, undoers);
    } catch (error) {
      pass.end({ kind: 'parked', error });
    }
  }

  private offerLater(instance: object | Promise<object>, event: unknown): void {
    Promise.all([instance, event])
      .then(([resolved, restored]) => this.offer(resolved, restored))
      .catch((error: unknown) => this.couldNotBegin(error));
  }

  /** The handler's `when` and guard have their say. */
  private offer(instance: object, event: unknown): void {
    const { routes } = this.known.handler;
    const route = routes.find((candidate) => candidate.event === this.pass.record.eventName) ?? routes[0];
    const accepted = accepts(route, event, this.work.journal);
    if (!(accepted instanceof Promise)) this.runNow(instance, Boolean(accepted), event);
    else
      accepted
        .then((takes) => this.runNow(instance, Boolean(takes), event))
        .catch((error: unknown) => this.couldNotBegin(error));
  }

  private runNow(instance: object, accepted: boolean, event: unknown): void {
    if (this.pass.ended !== null) return;
    if (!accepted) this.pass.end({ kind: 'skipped' });
    else if (!this.pass.services.mayStartBody()) this.pass.end({ kind: 'lost' });
    else beginWithin(this.pass, this.visible, event, () => runHandler(this.pass, instance, event));
  }

  private event(): unknown {
    const { codec, events } = this.pass.services;
    const { eventName, input, schemaHash } = this.pass.record;
    return events.restore(eventName, codec.decode(input), schemaHash);
  }

  /** An event that does not fit its schema any more needs a person; anything else may be tried again. */
  private couldNotBegin(error: unknown): void {
    this.pass.end({ kind: error instanceof InvalidEventError ? 'parked' : 'threw', error });
  }

  private commitBeginning(definition: DefinitionRef | null): void {
    const forget = this.renamed.storedKeys(this.forget ?? []);
    // What asks for another epoch is served with it; other messages are heeded by what the pass does.
    const seen = this.forget === null ? this.work.record.seenInboxSeq : this.seenInboxSeq;
    const change = reopened(this.pass, seen, forget, this.deadlineAt);
    const write = this.pass.writes.final(definition === null ? change : { ...change, definition });
    const lost = (): void => this.pass.end({ kind: 'lost' });
    this.pass.services.writer.submit(write, (verdict) => (isApplied(verdict) ? this.run() : lost()), lost);
  }

  private armDeadline(at: number): boolean {
    const { clock } = this.pass.services;
    const expire = (): void => {
      const error = new TimeoutError(this.pass.handler.id, this.known.handler.timeoutMs ?? 0);
      this.finish({ kind: 'failed', error }, error);
    };
    const leftMs = at - clock.now();
    if (leftMs <= 0) expire();
    else this.deadline = clock.setTimer(leftMs, expire);
    return leftMs > 0;
  }

  private store(conclusion: Conclusion): void {
    const done = (verdict: Verdict): void => {
      this.hasEnded();
      if (isApplied(verdict)) this.stored(conclusion, verdict);
    };
    const write = this.pass.writes.final(conclusion.change);
    this.pass.services.writer.submit(write, done, () => this.hasEnded());
  }

  private stored({ change, error, hook }: Conclusion, verdict: Verdict): void {
    this.pass.stored();
    const { record, services } = this.pass;
    this.outcome = outcomeOf(record, change, services.clock.now());
    this.options.stored(
      record.id,
      this.outcome,
      change,
      change.status === 'pending' || ('due' in verdict && verdict.due === true),
    );
    tellEnd(this.pass, change, error);
    if (hook !== null) void this.callHook(hook, error);
  }

  private async callHook({ name, nextAt }: NonNullable<Conclusion['hook']>, error: unknown): Promise<void> {
    const { retry } = this.known.handler;
    const { services, record } = this.pass;
    if (retry[name] === null) return;
    try {
      const instance = await this.options.resolver.resolve(this.known.worker);
      const info = { attempt: record.attempt, maxAttempts: retry.maxAttempts, nextAt };
      runHook(retry[name], instance, error, info, services, name);
    } catch (cause) {
      tellFault(services, name, cause);
    }
  }
}

/** Asked until a step is recorded: from then on the event was taken. */
function accepts(
  route: EventRoute | undefined,
  event: unknown,
  journal: readonly Checkpoint[],
): boolean | Promise<boolean> {
  if (route === undefined || route.accepts === null || journal.some(({ path }) => path.includes('/')))
    return true;
  return route.accepts(event);
}

function deadlineOf(
  { handler }: KnownHandler,
  record: ExecutionRecord,
  reopenedAt: number | null,
): number | null {
  if (handler.timeoutMs === null) return null;
  if (reopenedAt !== null) return reopenedAt + handler.timeoutMs;
  return record.timers['timeout'] ?? (record.startedAt ?? record.createdAt) + handler.timeoutMs;
}
