import { runHandler } from '../behaviours/handler.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { EventRoute } from '../model/definition.js';
import { CancelledError, PoisonedError, TimeoutError } from '../model/errors-execution.js';
import { InvalidEventError } from '../model/errors-event.js';
import type { ExecutionRecord } from '../model/execution.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { Lease } from '../model/lease.js';
import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
import type { Timer } from '../ports/clock.js';
import type { InstanceResolver } from '../ports/instance-resolver.js';
import type { RecordChange, StoredMessage, Verdict } from '../ports/store-write.js';
import { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import type { PassServices } from '../step/pass-services.js';
import { runHook } from '../step/run-hook.js';
import { conclude, outcomeOf, releaseOf, reopened, type Conclusion } from './conclude.js';
import type { Definitions, KnownHandler } from './definitions.js';
import { requestOf, rowsFrom } from './reopen.js';

/** Claims without an accepted commit after which an execution is parked instead of run. */
const STRIKES_TO_PARK = 5;

/** A leased execution, from a claim or straight from its publish. */
export interface Work {
  readonly lease: Lease;
  readonly record: ExecutionRecord;
  readonly journal: readonly Checkpoint[];
  readonly inbox: readonly StoredMessage[];
  readonly strikes: number;
}

/** A pass under way, as the consumer sees it. */
export interface Run {
  readonly pass: Pass;
  /** Resolves when its end is stored, or may not be. */
  readonly ended: Promise<void>;
  /** Resolves when, besides, no body of it uses the process any more. */
  readonly over: Promise<void>;
  /** How the execution stands, once the pass has stored it; null before. */
  readonly outcome: StoredOutcome | null;
  /** Of the newest message that it was given. */
  readonly seenInboxSeq: number;
  /** Messages that came while it runs. */
  deliver(messages: readonly StoredMessage[]): void;
}

export interface ExecutorOptions {
  readonly services: PassServices;
  readonly definitions: Definitions;
  readonly resolver: InstanceResolver;
  /** Told when the end of a pass is stored. `due`: the execution is ready again at once. */
  readonly stored: (record: ExecutionRecord, change: RecordChange, due: boolean) => void;
}

/** One pass over an execution: load, run, commit, release. */
export class Executor {
  constructor(private readonly options: ExecutorOptions) {}

  /** Starts the pass; null when the handler is not known any more. Never throws. */
  execute(work: Work): Run | null {
    const known = this.options.definitions.handler(work.record.definition.id);
    if (known === null) return null;
    return new PassLife(this.options, known, work);
  }

  /** Hands back what was never begun. */
  release(work: Work): void {
    this.options.services.writer.submit(
      releaseOf(work),
      () => {},
      () => {},
    );
  }
}

class PassLife implements Run {
  readonly pass: Pass;
  readonly ended: Promise<void>;
  outcome: StoredOutcome | null = null;
  private readonly deadlineAt: number | null;
  private readonly forget: readonly string[] | null;
  seenInboxSeq: number;
  private deadline: Timer | null = null;

  constructor(
    private readonly options: ExecutorOptions,
    private readonly known: KnownHandler,
    private readonly work: Work,
  ) {
    const { services } = options;
    const { record, journal, lease, inbox } = work;
    const request = requestOf(inbox);
    this.seenInboxSeq = inbox.at(-1)?.seq ?? record.seenInboxSeq;
    const reopen = request.kind === 'reopen';
    this.forget = reopen
      ? request.from === null
        ? []
        : rowsFrom(journal, known.handler.method, request.from)
      : null;
    const hidden = this.forget === null ? null : new Set(this.forget);
    const visible = hidden === null ? journal : journal.filter((row) => !hidden.has(row.key));
    const current = reopen ? { ...record, epoch: record.epoch + 1, attempt: 1 } : record;
    this.deadlineAt = deadlineOf(known, current, reopen ? services.clock.now() : null);
    this.pass = new Pass(services, known.worker, known.handler, lease, current, visible);
    if (request.kind === 'cancel') this.pass.end({ kind: 'cancelled' });
    this.ended = this.live();
  }

  get over(): Promise<void> {
    return this.ended.then(() => this.pass.emptied());
  }

  private async live(): Promise<void> {
    const { pass, work } = this;
    this.tell('execution.started', { attempt: pass.record.attempt, resumed: work.lease.fence > 1 });
    if (work.strikes >= STRIKES_TO_PARK)
      pass.end({ kind: 'parked', error: new PoisonedError(pass.record.id, work.strikes) });
    else if (pass.ended === null) this.begin();
    const end = await pass.done;
    this.deadline?.cancel();
    const conclusion = this.conclude(end);
    if (conclusion !== null) await this.store(conclusion);
  }

  /** What ended the pass may be anything that was thrown: should it defeat us, a person has to look. */
  private conclude(end: PassEnd): Conclusion | null {
    try {
      return conclude(this.pass, end, this.seenInboxSeq, this.deadlineAt);
    } catch (error) {
      return conclude(this.pass, { kind: 'parked', error }, this.seenInboxSeq, this.deadlineAt);
    }
  }

  deliver(messages: readonly StoredMessage[]): void {
    const last = messages.at(-1);
    if (last === undefined || last.seq <= this.seenInboxSeq || this.pass.ended !== null) return;
    this.seenInboxSeq = last.seq;
    if (requestOf(messages).kind === 'cancel')
      this.pass.end({ kind: 'cancelled' }, new CancelledError(this.pass.record.id));
  }

  private begin(): void {
    if (this.deadlineAt !== null && !this.armDeadline(this.deadlineAt)) return;
    if (this.forget === null) this.run();
    else this.commitEpoch(this.forget);
  }

  /** The handler begins; what it takes to get there is synchronous where the parts are. */
  private run(): void {
    try {
      const instance = this.options.resolver.resolve(this.known.worker);
      const event = this.event();
      if (instance instanceof Promise || event instanceof Promise) this.offerLater(instance, event);
      else this.offer(instance, event);
    } catch (error) {
      this.couldNotBegin(error);
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
      accepted.then(
        (takes) => this.runNow(instance, Boolean(takes), event),
        (error: unknown) => this.couldNotBegin(error),
      );
  }

  private runNow(instance: object, accepted: boolean, event: unknown): void {
    if (this.pass.ended !== null) return;
    if (!accepted) this.pass.end({ kind: 'skipped' });
    else if (!this.pass.services.mayStartBody()) this.pass.end({ kind: 'lost' });
    else runHandler(this.pass, instance, event);
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

  private commitEpoch(forget: readonly string[]): void {
    const write = this.pass.finalWrite(reopened(this.pass, this.seenInboxSeq, forget, this.deadlineAt));
    const lost = (): void => this.pass.end({ kind: 'lost' });
    this.pass.services.writer.submit(write, (verdict) => (isApplied(verdict) ? this.run() : lost()), lost);
  }

  private armDeadline(at: number): boolean {
    const { clock } = this.pass.services;
    const expire = (): void => {
      const error = new TimeoutError(this.pass.handler.id, this.known.handler.timeoutMs ?? 0);
      this.pass.end({ kind: 'failed', error }, error);
    };
    const leftMs = at - clock.now();
    if (leftMs <= 0) expire();
    else this.deadline = clock.setTimer(leftMs, expire);
    return leftMs > 0;
  }

  private store(conclusion: Conclusion): Promise<void> {
    return new Promise((resolve) => {
      const { writer } = this.pass.services;
      const done = (verdict: Verdict): void => {
        resolve();
        if (isApplied(verdict)) this.stored(conclusion, verdict);
      };
      writer.submit(this.pass.finalWrite(conclusion.change), done, () => resolve());
    });
  }

  private stored({ change, error, hook }: Conclusion, verdict: Verdict): void {
    this.pass.stored();
    this.outcome = outcomeOf(this.pass.record, change, this.pass.services.clock.now());
    this.options.stored(
      this.pass.record,
      change,
      change.status === 'pending' || ('due' in verdict && verdict.due === true),
    );
    this.tellEnd(change, error);
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
      services.observer.emit({ name: 'app.fault', task: name, error: cause, at: services.clock.now() });
    }
  }

  private tellEnd(change: RecordChange, error: unknown): void {
    const durationMs =
      this.pass.services.clock.now() - (this.pass.record.startedAt ?? this.pass.record.createdAt);
    switch (change.status) {
      case 'completed':
        return this.tell('execution.completed', { durationMs });
      case 'failed':
        return this.tell('execution.failed', {
          error,
          durationMs,
          step: this.pass.stepFailures.stepOf(error),
        });
      case 'parked':
        return this.tell('execution.parked', { error, step: this.pass.stepFailures.stepOf(error) });
      case 'waiting':
        return this.tell('execution.waiting', {
          reason: change.waitReason,
          until: Math.min(...Object.values(change.timers)),
        });
      case 'cancelled':
        return this.tell('execution.cancelled', {});
      case 'skipped':
        return this.tell('execution.skipped', {});
      case 'pending':
      case 'running':
        return;
    }
  }

  private tell(name: LifecycleEventName, details: Readonly<Record<string, unknown>>): void {
    const { observer, clock } = this.pass.services;
    if (!observer.wants(name)) return;
    const { record, worker, handler } = this.pass;
    observer.emit({
      name,
      executionId: record.id,
      worker: worker.id,
      handler: handler.method,
      session: record.session,
      at: clock.now(),
      ...details,
    } as LifecycleEvent);
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

function isApplied(verdict: Verdict): boolean {
  return verdict.verdict === 'ok' || verdict.verdict === 'already';
}
