import { inspect, type InspectOptions } from 'node:util';
import { presentNames } from '../../engine/renamed-journal.js';
import type { Run } from '../../engine/work.js';
import { partsOfDefinition } from '../../model/definition.js';
import { parseDuration, type Duration } from '../../model/duration.js';
import {
  CancelledError,
  ExecutionNotFoundError,
  ExecutionStateError,
  ParkedError,
} from '../../model/errors-execution.js';
import {
  isSettled,
  type ExecutionRecord,
  type ExecutionStatus,
  type MessageKind,
} from '../../model/execution.js';
import type { ExecutionId, MessageId } from '../../model/ids.js';
import type { StoredOutcome } from '../../model/outcome.js';
import type { Clock } from '../../ports/clock.js';
import type { Codec } from '../../ports/codec.js';
import type { IdGenerator } from '../../ports/id-generator.js';
import { isApplied } from '../../ports/is-applied.js';
import type { Store } from '../../ports/store.js';
import { durationFrom, optionMistakes, refuse, text } from '../options/option-checks.js';
import { outcomeErrorOf, type OutcomeError } from './outcome-error.js';
import { OutcomeWait } from './outcome-wait.js';
import type { Runtime } from '../runtime/runtime.js';
import { stepViews, type StepView } from './step-views.js';

/** What every handle of one app works with. */
export interface HandleParts {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  /** Told of each wait; what it returns is called when the wait is over. A timeout of null: it waits for ever. */
  readonly watchWait: (execution: string, worker: string | null, timeoutMs: number | null) => () => void;
  /** Throws `AppClosedError` that names the call. */
  readonly assertOpen: (call: string) => void;
}

/** How an execution ended, with what operators ask next. */
export type Outcome<Value> = (
  | { readonly success: true; readonly value: Value }
  | { readonly success: false; readonly error: OutcomeError }
) & {
  /** Ms from its first start to its end: waits, and the time that it lay failed before a `retry()`, included. */
  readonly executionTime: number;
  readonly metadata: {
    readonly worker: string;
    readonly handler: string;
    readonly executionId: string;
    readonly session: string | null;
    readonly attempt: number;
    readonly startedAt: number | null;
  };
};

/** Of `result` and `outcome`. */
export interface WaitOptions {
  /** Give up after that long and reject with `TimeoutError`; by default it waits for ever. The execution goes on. */
  readonly timeout?: Duration;
}

const waitForEver: WaitOptions = Object.freeze({});

/** One execution, from this process: it may run in any. */
export class ExecutionHandle<Value = unknown> {
  private hasAnswered = false;

  /** @internal */
  constructor(
    private readonly parts: HandleParts,
    readonly id: string,
    /** The worker's id; null for a handle made of an id alone. */
    readonly worker: string | null,
    /** The handler's method; null for a handle made of an id alone. */
    readonly handler: string | null,
    private run: Run | null = null,
  ) {}

  /** @internal What `console.log` shows. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { id, worker, handler } = this;
    return `ExecutionHandle ${inspect({ id, worker, handler }, options)}`;
  }

  /** Throws `ExecutionNotFoundError`, and `AppClosedError` once the app is closed, as every method here does. */
  async status(): Promise<ExecutionStatus> {
    return (await this.record('status()')).status;
  }

  /**
   * The handler's return value, once it has ended; `undefined` when it was skipped. Rejects with the handler's error (with what was
   * thrown, where that is no `Error`: a text, `undefined`; `outcome()` gives an `Error` always),
   * `CancelledError`, `ParkedError`, `ExecutionNotFoundError`, or `AppClosedError` when the app is closed meanwhile.
   * Rejects with `ConfigurationError` for a timeout that is no duration, and for an unknown option.
   */
  result(options: WaitOptions = waitForEver): Promise<Value> {
    return new Promise((resolve, reject) => {
      const told = (outcome: StoredOutcome): void => {
        try {
          if (hasValue(outcome.status)) resolve(this.valueOf(outcome));
          else reject(this.errorOf(outcome));
        } catch (error) {
          reject(error);
        }
      };
      this.whenSettled('result()', options, told, reject);
    });
  }

  /**
   * The end, whatever it is; rejects only when there is no such execution, the app is closed meanwhile, or the store does not answer
   * once it has ended.
   */
  async outcome(options: WaitOptions = waitForEver): Promise<Outcome<Value>> {
    const stored = await new Promise<StoredOutcome>((resolve, reject) =>
      this.whenSettled('outcome()', options, resolve, reject),
    );
    const record = await this.record('outcome()');
    const common = {
      // One that is parked has not ended.
      executionTime: Math.max(0, stored.endedAt - (stored.startedAt ?? stored.endedAt)),
      metadata: {
        worker: partsOfDefinition(record.definition.id).worker,
        handler: partsOfDefinition(record.definition.id).method,
        executionId: this.id,
        session: record.session,
        attempt: stored.attempt,
        startedAt: stored.startedAt,
      },
    };
    if (hasValue(stored.status)) return { success: true, value: this.valueOf(stored), ...common };
    return { success: false, error: await this.outcomeError(stored), ...common };
  }

  /**
   * The data of the event that started it, as it was stored: plain, no instance of the event's class. Of a tick: `{ scheduledAt }`;
   * of a batch: the event that opened it; after `continueAsNew`: what that was given. Rejects with `UnreadableValueError` when it holds an
   * instance of a class that this app does not know.
   *
   * @example
   * const [execution] = (await app.publish(OrderPlaced, { orderId, email, total })).executions;
   * console.log(await execution?.input());   // { orderId: 'o-1', … }
   */
  async input(): Promise<unknown> {
    return this.parts.codec.decode((await this.record('input()')).input);
  }

  /** Its recorded steps, in the order in which they ended. */
  async steps(): Promise<readonly StepView[]> {
    await this.record('steps()');
    return stepViews(await this.parts.store.journal(this.id as ExecutionId), this.parts.codec);
  }

  /**
   * Ends it as cancelled: a running body is told by its signal, a waiting one never runs again. Does nothing to one that
   * was cancelled before. Throws `ExecutionStateError` for one that has ended otherwise.
   */
  async cancel(): Promise<void> {
    const delivered = await this.send('cancel', null);
    if (delivered || (await this.status()) === 'cancelled') return;
    throw await this.wrongState('cancel()', 'Only what has not ended can be cancelled');
  }

  /**
   * Goes on with fresh attempts at what failed; what completed stays, but for steps that were undone: they
   * run again. With `from`, that step and all that was recorded after it run again; a completed execution needs it.
   * Throws `ExecutionStateError`, and `ConfigurationError` for an unknown option.
   */
  async retry(options: { readonly from?: string } = {}): Promise<void> {
    refuse(optionMistakes('retry()', options, { from: text }));
    const { status, definition } = await this.record('retry()');
    const { from } = options;
    if (status === 'completed' && from === undefined)
      throw await this.wrongState('retry()', "Say from which step: retry({ from: 'charge' })");
    const isRetryable = status === 'failed' || status === 'completed' || status === 'parked';
    if (isRetryable && from !== undefined) await this.assertRecorded(from, definition.id);
    if (!isRetryable || !(await this.send('retry', from ?? null)))
      throw await this.wrongState('retry()', 'Only failed, completed and parked executions can be retried');
  }

  /** Frees a parked execution: it goes on where it stopped, with fresh attempts. Throws `ExecutionStateError`. */
  async resume(): Promise<void> {
    if ((await this.record('resume()')).status !== 'parked' || !(await this.send('resume', null)))
      throw await this.wrongState('resume()', 'Only a parked execution can be resumed');
  }

  /** Throws for options that cannot be. */
  private whenSettled(
    call: string,
    options: WaitOptions,
    resolve: (outcome: StoredOutcome) => void,
    reject: (error: unknown) => void,
  ): void {
    if (options !== waitForEver) refuse(optionMistakes(call, options, { timeout: durationFrom(0) }));
    const { timeout } = options;
    const timeoutMs = timeout === undefined ? null : parseDuration(timeout);
    const told = this.run?.outcome ?? null;
    if (told === null || !isSettled(told.status)) {
      this.awaitOutcome(call, timeoutMs, resolve, reject);
      return;
    }
    // What the pass told holds until somebody retries the execution, which any process may do.
    const isNews = told.status === 'completed' && !this.hasAnswered;
    this.hasAnswered = true;
    if (isNews || isFinal(told.status)) resolve(told);
    else
      this.awaitOutcome(call, timeoutMs, resolve, (error) =>
        error instanceof ExecutionNotFoundError ? resolve(told) : reject(error),
      );
  }

  /** Told by the pass when this process runs it, else found in the store now or by a later poll. */
  private awaitOutcome(
    call: string,
    timeoutMs: number | null,
    resolve: (outcome: StoredOutcome) => void,
    reject: (error: unknown) => void,
  ): void {
    const { runtime, clock, watchWait } = this.parts;
    const id = this.id as ExecutionId;
    this.parts.assertOpen(call);
    const unwatch = watchWait(id, this.worker, timeoutMs);
    const wait = new OutcomeWait(runtime.outcomes, id, call, unwatch, resolve, reject);
    if (this.run !== null && !this.run.hasEnded && timeoutMs === null) {
      runtime.outcomes.waitForRun(this.run, wait);
      return;
    }
    if (timeoutMs !== null) wait.limit(clock, timeoutMs);
    runtime.outcomes.wait(id, wait);
    // It may have ended before. A store that does not answer now is asked again by the next poll.
    if (!runtime.consumer.runs(id)) void runtime.outcomes.read([id]);
  }

  private async record(call: string): Promise<ExecutionRecord> {
    this.parts.assertOpen(call);
    const record = await this.parts.store.read(this.id as ExecutionId);
    if (record === null) throw new ExecutionNotFoundError(this.id);
    return record;
  }

  /** False when the execution does not take such a message any more. */
  private async send(kind: MessageKind, body: string | null): Promise<boolean> {
    this.parts.assertOpen(`${kind}()`);
    const { runtime, ids } = this.parts;
    // What that pass has told does not hold once the message is heeded.
    this.run = null;
    const message = { id: ids.next() as MessageId, to: this.id as ExecutionId, kind, body };
    const verdict = await runtime.writer.write({ kind: 'append', message });
    if (verdict.verdict === 'rejected' && verdict.reason === 'unknown-execution')
      throw new ExecutionNotFoundError(this.id);
    if (isApplied(verdict)) {
      runtime.messageSent(this.id as ExecutionId);
      return true;
    }
    return false;
  }

  private async assertRecorded(from: string, definition: string): Promise<void> {
    const names = (await this.steps()).map((step) => step.path);
    const renames =
      this.parts.runtime.definitions.renames(partsOfDefinition(definition).worker) ??
      new Map<string, string>();
    const wanted = presentNames(from, renames);
    const isWanted = (name: string) => name === wanted || name.slice(name.indexOf('/') + 1) === wanted;
    if (names.some((name) => isWanted(presentNames(name, renames)))) return;
    throw await this.wrongState(
      `retry({ from: '${from}' })`,
      `Recorded steps are: ${[...new Set(names)].join(', ') || 'none'}`,
    );
  }

  private async wrongState(call: string, write: string): Promise<ExecutionStateError> {
    return new ExecutionStateError(this.id, call, await this.status(), write);
  }

  private valueOf(outcome: StoredOutcome): Value {
    const { run } = this;
    const returned = outcome === run?.outcome ? run.takeReturned() : null;
    if (returned !== null) return returned.value as Value;
    const { value } = outcome;
    return (value === null ? undefined : this.parts.codec.decode(value)) as Value;
  }

  private errorOf({ status, error }: StoredOutcome): unknown {
    const cause = error === null ? undefined : this.parts.codec.decodeFailure(error);
    if (status === 'cancelled') return cause ?? new CancelledError(this.id);
    return status === 'parked' ? new ParkedError(this.id, cause) : cause;
  }

  private async outcomeError(outcome: StoredOutcome): Promise<OutcomeError> {
    const { store, codec } = this.parts;
    return outcomeErrorOf(this.errorOf(outcome), await store.journal(this.id as ExecutionId), codec);
  }
}

/** It ended with a value, if with none at all. */
function hasValue(status: ExecutionStatus): boolean {
  return status === 'completed' || status === 'skipped';
}

/** No retry begins it again. */
function isFinal(status: ExecutionStatus): boolean {
  return status === 'cancelled' || status === 'skipped';
}
