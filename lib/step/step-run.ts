import type { Checkpoint } from '../model/checkpoint.js';
import { decideRetry } from '../model/decide-retry.js';
import {
  CallDepthExceededError,
  StepInterruptedError,
  UnstorableResultError,
} from '../model/errors-execution.js';
import type { LifecycleEvent } from '../model/lifecycle-event.js';
import { NonRetryableError } from '../model/errors-step.js';
import { messageOf } from '../model/message-of.js';
import { namesOf } from '../model/path.js';
import type { EncodedValue } from '../ports/codec.js';
import type { RetryInfo, RetryPolicy } from '../model/retry-policy.js';
import { inThisContext } from '../ports/current-execution.js';
import type { KnownEvent, Rejection } from '../ports/store-write.js';
import { runHook } from './run-hook.js';
import { encodeResult } from './encode-result.js';
import type { PassEnd } from './pass-end.js';
import { attemptKey, failureKey, startedKey } from './checkpoint-key.js';
import { DurableCall } from './durable-call.js';
import { Frame, type FramedCall } from './frame.js';
import { instanceOf } from './instance-of.js';
import { startWithin, type StartLimits } from './start-within.js';
import { refusalOf } from './publish-call.js';
import type { StepEffects } from './pass-writes.js';
import { giveUpWithin } from './give-up-within.js';
import { runBody, type BodyOwner } from './run-body.js';

const nothing: readonly never[] = Object.freeze([]);

/** What is called: its policies, and the body. */
export interface StepSpec {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly atMostOnce: boolean;
  /** Null: none. An error: they cannot be told, and the step fails with it. */
  readonly limits: StartLimits | Error | null;
  readonly receiver: object | null;
  readonly args: readonly unknown[];
  readonly invoke: (frame: Frame) => unknown;
  /** Absent: its commit stores rows, and does nothing else. */
  readonly effects?: EffectfulStep;
  /** How the pass ends with this result, when nothing is left to do after it. */
  readonly closes?: (row: Checkpoint) => PassEnd | null;
}

/** What a step stores as its result, and what its commit does besides. */
export interface ValueAndEffects extends StepEffects {
  readonly value: unknown;
}

/** For a step that publishes, or changes an instance. */
export interface EffectfulStep {
  /** What the body's value is stored as, and what the step's commit does besides. */
  readonly of: (value: unknown) => ValueAndEffects;
  /** The body's value when events turned out to be published before: its commit accepts them no more. */
  readonly withKnown: (value: unknown, known: readonly KnownEvent[]) => unknown;
  /** The instance is not as the body has read it: null, and the body runs again; else what the step fails with. */
  readonly changed?: () => Error | null;
}

/** One call of one step: its attempts, its retries, its result. */
export class StepRun extends DurableCall implements BodyOwner, FramedCall {
  private attempt = 1;
  /** Null: in its first attempt. */
  private firstStartedAt: number | null = null;
  private startedAt = 0;
  /** An attempt was cut off by its timeout, or may have been in an earlier pass: what it waited for is still waited for. */
  private leavesWaits = false;
  /** What the body gave, kept only where its commit has effects. */
  private value: unknown = undefined;
  /** What it failed with when no attempt was left. */
  private exhaustedBy: { readonly error: unknown } | null = null;
  /** Time as the caller saw it when it called: the body begins with it, whenever it begins. */
  private readonly time = this.parent.time;

  constructor(
    parent: Frame,
    encodedName: string,
    path: string,
    private readonly spec: StepSpec,
    resolve: (value: unknown, row: Checkpoint) => void,
    reject: (error: unknown, row: Checkpoint) => void,
  ) {
    super(parent, encodedName, path, resolve, reject);
  }

  protected override closes(row: Checkpoint): PassEnd | null {
    return this.spec.closes?.(row) ?? null;
  }

  protected run(): void {
    const { replay } = this.pass;
    const attempts = replay === null ? [] : replay.attempts(this.path, this.parent.scope);
    const last = attempts.at(-1);
    if (last !== undefined) {
      this.attempt = last.attempt + 1;
      this.leavesWaits = this.spec.timeoutMs !== null;
      this.firstStartedAt = (attempts[0] as Checkpoint).startedAt;
      if (last.wakeAt !== null && last.wakeAt > this.pass.services.clock.now()) {
        this.waitUntil(last.wakeAt);
        return;
      }
    }
    this.startAttempt();
  }

  private startAttempt(): void {
    const { services } = this.pass;
    if (this.parent.isDead) return;
    if (this.pass.isClosing) {
      this.pass.scheduleCheck();
      return;
    }
    if (!services.mayStartBody()) {
      this.pass.refuse();
      return;
    }
    this.startedAt = services.clock.now();
    if (this.parent.level >= services.settings.maxCallDepth) {
      this.failFor(new CallDepthExceededError(namesOf(this.path), services.settings.maxCallDepth), false);
    } else if (this.spec.atMostOnce && this.pass.begun.has(this.path)) {
      this.failFor(new StepInterruptedError(namesOf(this.path)), false);
    } else if (this.spec.limits instanceof Error) this.failFor(this.spec.limits, false);
    else if (this.spec.limits === null) this.mark();
    else if (this.waitsForItself(this.spec.limits)) this.failFor(this.selfWait(), false);
    else {
      const admitted = inThisContext(() => this.admitted());
      startWithin(this.pass, this.parent, this.path, this.attempt, this.spec.limits, admitted);
    }
  }

  get gate(): string | null {
    const { limits } = this.spec;
    return limits === null || limits instanceof Error ? null : (limits.gate?.name ?? null);
  }

  get settlesAtOnce(): boolean {
    return false;
  }

  /** The calls around this one hold all permits, and end only after it. */
  private waitsForItself({ gate }: StartLimits): boolean {
    return gate !== null && this.parent.heldOf(gate.name) >= gate.limit;
  }

  private selfWait(): NonRetryableError {
    return new NonRetryableError(
      `step '${namesOf(this.path)}' would wait for ever: the calls that it is made in hold all permits of its own @Concurrency. ` +
        'Raise the limit, or make the call outside of them',
    );
  }

  /** Its limits allow the body to begin; the lease may have aged meanwhile, or a cancel may have come. */
  private admitted(): void {
    if (this.pass.isClosing) this.pass.scheduleCheck();
    else if (!this.pass.services.mayStartBody()) this.pass.refuse();
    else {
      this.startedAt = this.pass.services.clock.now();
      this.mark();
    }
  }

  private mark(): void {
    const { services } = this.pass;
    if (this.spec.atMostOnce) {
      this.pass.begun.began(this.path);
      const mark = this.row(
        'started',
        startedKey(this.path, this.parent.scope, this.attempt),
        this.startedAt,
        this.attempt,
      );
      const marked = inThisContext(() => {
        if (this.pass.isClosing) this.pass.scheduleCheck();
        else if (services.mayStartBody()) this.runAttempt();
        else this.refuseMarked();
      });
      this.pass.commit([mark], null, marked);
    } else this.runAttempt();
  }

  /** The mark is stored and the body does not begin: told as an attempt that failed, the next one may. */
  private refuseMarked(): void {
    if (this.parent.isDead) return;
    this.pass.begun.ended(this.path);
    this.recordAttempt(new Error('the lease was about to run out: the body did not begin'), this.startedAt);
    this.pass.refuse();
  }

  private runAttempt(): void {
    if (this.parent.isDead) return;
    this.tell('step.started');
    const { parent, attempt } = this;
    const frame = new Frame(this, parent.caller, parent.level + 1, attempt, this.time);
    if (this.gate !== null) this.pass.writes.use(this.path, frame);
    this.pass.replay?.open(this.path, frame.scope);
    runBody(frame, this.spec, this);
  }

  bodyReturned(value: unknown): void {
    if (this.gate !== null) this.pass.writes.release(this.path);
    this.succeeded(value);
  }

  bodyThrew(error: unknown, isCutOff: boolean): void {
    this.pass.writes.releaseWithin(this.path);
    if (isCutOff) this.leavesWaits = true;
    if (isCutOff && this.spec.atMostOnce) this.cutOff(error);
    else this.failed(error);
  }

  private succeeded(value: unknown): void {
    if (this.spec.atMostOnce) this.pass.begun.ended(this.path);
    const effects = this.spec.effects?.of(value) ?? null;
    let encoded: EncodedValue;
    try {
      encoded = encodeResult(this.pass.services, effects === null ? value : effects.value);
    } catch (error) {
      const what = namesOf(this.path);
      this.failFor(new UnstorableResultError(this.pass.worker.id, what, messageOf(error)), false);
      return;
    }
    const row = this.row('completed', this.path, this.startedAt, this.attempt);
    row.value = encoded.text;
    this.copy = encoded.copy;
    if (effects !== null) this.value = value;
    this.endWaits();
    this.store(row, effects);
  }

  protected override stored({ kind }: Checkpoint): void {
    if (kind === 'completed') {
      const events = this.effects?.events ?? nothing;
      if (events.length > 0) this.pass.services.publisher().published(events);
      this.tell('step.completed');
    } else if (this.exhaustedBy !== null) this.hook('onExhausted', this.exhaustedBy.error, null);
  }

  /** An event of it has no room, or was published before: with another payload, or by somebody who started other executions. */
  protected override effectsRefused({ reason, eventId, known }: Rejection): void {
    const { effects } = this.spec;
    if (reason === 'instance-changed') this.changedMeanwhile();
    else if (reason === 'event-known') this.succeeded(effects?.withKnown(this.value, known ?? []));
    else this.failFor(refusalOf(effects?.of(this.value).events ?? [], reason, eventId ?? null), false);
  }

  private changedMeanwhile(): void {
    const error = this.spec.effects?.changed?.() ?? null;
    if (error !== null) this.failFor(error, false);
    else this.runAttempt();
  }

  /** Nobody knows what the body does from here on: it must not begin beside itself. */
  private cutOff(error: unknown): void {
    this.tell('step.failed', error);
    this.failFor(new StepInterruptedError(namesOf(this.path), error), false);
  }

  private failed(error: unknown): void {
    if (this.spec.atMostOnce) this.pass.begun.ended(this.path);
    const { clock, random } = this.pass.services;
    const decision = decideRetry({
      policy: this.spec.retry,
      error,
      attempt: this.attempt,
      firstStartedAt: this.firstStartedAt ?? this.startedAt,
      now: clock.now(),
      random: random.next(),
    });
    this.tell('step.failed', error);
    if (decision.kind === 'final') {
      this.failFor(error, decision.exhausted);
      return;
    }
    this.recordAttempt(error, decision.at);
    this.hook('onRetry', error, decision.at);
    this.tell('step.retried', error, decision.at);
    this.attempt++;
    this.firstStartedAt ??= this.startedAt;
    this.waitUntil(decision.at);
  }

  private failFor(error: unknown, exhausted: boolean): void {
    const { codec } = this.pass.services;
    if (exhausted && this.spec.retry.whenExhausted === 'park') {
      this.recordAttempt(error, null);
      this.hook('onExhausted', error, null);
      this.pass.end({ kind: 'parked', error });
      return;
    }
    const row = this.row('failed', failureKey(this.path, this.parent.scope), this.startedAt, this.attempt);
    row.error = codec.encodeFailure(error);
    if (exhausted) this.exhaustedBy = { error };
    this.endWaits();
    this.store(row, null);
  }

  /** The next attempt goes on with what a cut off one waited for; once there is a result, nobody does. */
  private endWaits(): void {
    if (this.leavesWaits && this.spec.effects === undefined) giveUpWithin(this.pass, this.path);
  }

  private recordAttempt(error: unknown, nextAt: number | null): void {
    const row = this.row(
      'attempt',
      attemptKey(this.path, this.parent.scope, this.attempt),
      this.startedAt,
      this.attempt,
    );
    row.error = this.pass.services.codec.encodeFailure(error);
    row.wakeAt = nextAt;
    this.pass.later(row);
  }

  private waitUntil(at: number): void {
    const again = inThisContext(() => this.startAttempt());
    this.pass.wait(`retry:${this.path}`, at, 'retry', this.parent, again);
  }

  private hook(name: 'onRetry' | 'onExhausted', error: unknown, nextAt: number | null): void {
    const info: RetryInfo = { attempt: this.attempt, maxAttempts: this.spec.retry.maxAttempts, nextAt };
    runHook(this.spec.retry[name], this.spec.receiver, error, info, this.pass.services, name);
  }

  private tell(
    name: 'step.started' | 'step.completed' | 'step.failed' | 'step.retried',
    error?: unknown,
    nextAt?: number,
  ): void {
    const { observer, clock } = this.pass.services;
    if (!observer.wants(name)) return;
    const at = clock.now();
    observer.emit({
      name,
      executionId: this.pass.record.id,
      worker: this.pass.worker.id,
      handler: this.pass.handler.method,
      session: this.pass.record.session,
      ...instanceOf(this.pass.handler, this.pass.record),
      step: namesOf(this.path),
      attempt: this.attempt,
      at,
      ...(name === 'step.started' ? null : { durationMs: at - this.startedAt }),
      ...(error === undefined ? null : { error }),
      ...(nextAt === undefined ? null : { nextAt }),
    } as LifecycleEvent);
  }
}
