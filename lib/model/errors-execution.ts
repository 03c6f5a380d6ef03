import { parseDuration, type Duration } from './duration.js';
import { HoldfastError } from './errors.js';

/** The app runs nothing before `start()` and after `stop()`. */
export class NotStartedError extends HoldfastError {
  static readonly code = 'NOT_STARTED';
  readonly code = NotStartedError.code;
  override readonly name = 'NotStartedError';

  constructor(call: string) {
    super(`${call} needs a started app: call \`await app.start()\` first`);
  }
}

/** The app was closed; its connections are gone. */
export class AppClosedError extends HoldfastError {
  static readonly code = 'APP_CLOSED';
  readonly code = AppClosedError.code;
  override readonly name = 'AppClosedError';

  constructor(call: string) {
    super(`${call} was called on a closed app: bootstrap a new one`);
  }
}

/** Durable functions work only below a handler. */
export class NoCurrentExecutionError extends HoldfastError {
  static readonly code = 'NO_CURRENT_EXECUTION';
  readonly code = NoCurrentExecutionError.code;
  override readonly name = 'NoCurrentExecutionError';

  constructor(call: string) {
    super(`${call} was called outside an execution: call it from a handler or a step`);
  }
}

/** No execution has that id, or retention has removed it. */
export class ExecutionNotFoundError extends HoldfastError {
  static readonly code = 'EXECUTION_NOT_FOUND';
  readonly code = ExecutionNotFoundError.code;
  override readonly name = 'ExecutionNotFoundError';

  constructor(readonly executionId: string) {
    super(`no execution '${executionId}' is stored: the id is wrong, or retention has removed it`);
  }
}

/** The execution is in a status that does not allow the call. */
export class ExecutionStateError extends HoldfastError {
  static readonly code = 'EXECUTION_STATE';
  readonly code = ExecutionStateError.code;
  override readonly name = 'ExecutionStateError';

  constructor(
    readonly executionId: string,
    call: string,
    status: string,
    write: string,
  ) {
    super(`${call} is not possible on execution '${executionId}', which is ${status}. ${write}`);
  }
}

/** A publication has no execution of that handler. */
export class NotSubscribedError extends HoldfastError {
  static readonly code = 'NOT_SUBSCRIBED';
  readonly code = NotSubscribedError.code;
  override readonly name = 'NotSubscribedError';

  constructor(worker: string, method: string | undefined, event: string) {
    super(
      `event '${event}' started no execution of ${worker}${method === undefined ? '' : `.${method}`}: no such handler takes it`,
    );
  }
}

/** The execution was cancelled. */
export class CancelledError extends HoldfastError {
  static readonly code = 'CANCELLED';
  readonly code = CancelledError.code;
  override readonly name = 'CancelledError';

  constructor(readonly executionId: string) {
    super(`execution '${executionId}' was cancelled`);
  }
}

/** The execution waits for a person; `cause` says why. `resume()` goes on. */
export class ParkedError extends HoldfastError {
  static readonly code = 'PARKED';
  readonly code = ParkedError.code;
  override readonly name = 'ParkedError';

  constructor(
    readonly executionId: string,
    cause?: unknown,
  ) {
    super(`execution '${executionId}' is parked: mend the cause, then call resume()`, { cause });
  }
}

/** A replay does not fit what was recorded. */
export class NonDeterminismError extends HoldfastError {
  static readonly code = 'NON_DETERMINISM';
  readonly code = NonDeterminismError.code;
  override readonly name = 'NonDeterminismError';

  constructor(message: string) {
    super(message);
  }
}

/** The execution took its process down, or lost its lease, too often without progress. */
export class PoisonedError extends HoldfastError {
  static readonly code = 'POISONED';
  readonly code = PoisonedError.code;
  override readonly name = 'PoisonedError';

  constructor(
    readonly executionId: string,
    claims: number,
  ) {
    super(
      `execution '${executionId}' was claimed ${claims} times without a single accepted commit: its code may kill the process or block the event loop past the lease`,
    );
  }
}

/** A step's or handler's error whose class is not registered, as the journal kept it. */
export class StepError extends HoldfastError {
  static readonly code = 'STEP_FAILED';
  readonly code = StepError.code;
  override name = 'StepError';
  override readonly retryable: boolean;
  /** The `code` of the original error, when it had one. */
  readonly originalCode: string | null;

  constructor(failure: {
    name: string;
    message: string;
    code: string | null;
    stack: string | null;
    retryable: boolean;
  }) {
    super(failure.message);
    this.name = failure.name;
    this.originalCode = failure.code;
    this.retryable = failure.retryable;
    if (failure.stack !== null) this.stack = failure.stack;
  }
}

/** An at-most-once step began and its process died: nobody knows whether it took effect. */
export class StepInterruptedError extends HoldfastError {
  static readonly code = 'STEP_INTERRUPTED';
  readonly code = StepInterruptedError.code;
  override readonly name = 'StepInterruptedError';

  constructor(readonly step: string) {
    super(
      `step '${step}' runs at most once and was interrupted: find out whether it took effect before going on`,
    );
  }
}

/** With `strict`, a step called outside an execution on a worker of a running app. */
export class DetachedStepError extends HoldfastError {
  static readonly code = 'STEP_DETACHED';
  readonly code = DetachedStepError.code;
  override readonly name = 'DetachedStepError';

  constructor(worker: string, step: string) {
    super(
      `${worker}.${step} was called outside an execution: it would not be durable. Publish an event, or call it from a handler`,
    );
  }
}

/** Arguments that cannot name a call of a step. */
export class UnstorableArgumentsError extends HoldfastError {
  static readonly code = 'STEP_ARGUMENTS_UNSTORABLE';
  readonly code = UnstorableArgumentsError.code;
  override readonly name = 'UnstorableArgumentsError';

  constructor(step: string, reason: string) {
    super(
      `the arguments of step '${step}' cannot be encoded to name the call (${reason}). Write @Step({ key: (…) => something plain })`,
    );
  }
}

/** A result that the journal cannot keep. The effect has happened: the step is not repeated. */
export class UnstorableResultError extends HoldfastError {
  static readonly code = 'RESULT_UNSTORABLE';
  readonly code = UnstorableResultError.code;
  override readonly name = 'UnstorableResultError';

  constructor(step: string, reason: string) {
    super(
      `the result of '${step}' cannot be stored (${reason}). Return plain data, or register its class in bootstrap({ types })`,
    );
  }
}

/** A value that the codec cannot keep. */
export class UnstorableValueError extends HoldfastError {
  static readonly code = 'VALUE_UNSTORABLE';
  readonly code = UnstorableValueError.code;
  override readonly name = 'UnstorableValueError';

  constructor(
    readonly path: string,
    found: string,
  ) {
    super(`${path === '' ? 'the value' : path} is ${found}, which cannot be stored`);
  }
}

/** Stored text that the codec does not know, for example of a class that is not registered any more. */
export class UnreadableValueError extends HoldfastError {
  static readonly code = 'VALUE_UNREADABLE';
  readonly code = UnreadableValueError.code;
  override readonly name = 'UnreadableValueError';

  constructor(message: string) {
    super(message);
  }
}

/** One execution recorded more steps than its limit. */
export class TooManyCheckpointsError extends HoldfastError {
  static readonly code = 'TOO_MANY_CHECKPOINTS';
  readonly code = TooManyCheckpointsError.code;
  override readonly name = 'TooManyCheckpointsError';

  constructor(limit: number) {
    super(`an execution may record at most ${limit} checkpoints: split the work over several events`);
  }
}

/** Steps called each other too deeply; most often a recursion without an end. */
export class CallDepthExceededError extends HoldfastError {
  static readonly code = 'CALL_DEPTH_EXCEEDED';
  readonly code = CallDepthExceededError.code;
  override readonly name = 'CallDepthExceededError';

  constructor(step: string, limit: number) {
    super(`step '${step}' is nested more than ${limit} deep: end the recursion, or raise maxCallDepth`);
  }
}

/** An attempt of a step, or a whole execution, took longer than its @Timeout. */
export class TimeoutError extends HoldfastError {
  static readonly code = 'TIMEOUT';
  readonly code = TimeoutError.code;
  override readonly name = 'TimeoutError';
  override readonly retryable = true;

  constructor(
    readonly what: string,
    readonly timeoutMs: number,
  ) {
    super(`${what} timed out after ${timeoutMs}ms`);
  }
}

/**
 * Throw it to end a step or handler without another attempt.
 *
 * @example
 * throw new NonRetryableError('card declined', { cause: error });
 */
export class NonRetryableError extends HoldfastError {
  static readonly code = 'NON_RETRYABLE';
  readonly code = NonRetryableError.code;
  override readonly name = 'NonRetryableError';
}

/**
 * Throw it to have the next attempt begin after that delay, whatever the backoff says. Attempts still count.
 *
 * @example
 * throw new RetryAfterError('rate limited', '30s', { cause: error });
 */
export class RetryAfterError extends HoldfastError {
  static readonly code = 'RETRY_AFTER';
  readonly code = RetryAfterError.code;
  override readonly name = 'RetryAfterError';
  override readonly retryable = true;
  readonly delayMs: number;

  /** `delay`: ms, or text such as `'30s'`. Throws `TypeError` for anything else. */
  constructor(message: string, delay: Duration, options?: { readonly cause?: unknown }) {
    super(message, options);
    const delayMs = parseDuration(delay);
    if (delayMs === null)
      throw new TypeError(`RetryAfterError takes ms or text such as '30s', not '${String(delay)}'`);
    this.delayMs = delayMs;
  }
}

/** Several handlers of one event failed; `errors` holds each error. */
export class WorkerError extends HoldfastError {
  static readonly code = 'WORKERS_FAILED';
  readonly code = WorkerError.code;
  override readonly name = 'WorkerError';

  constructor(readonly errors: readonly unknown[]) {
    super(
      `${errors.length} handlers failed: ${errors.map((e) => (e instanceof Error ? e.message : String(e))).join('; ')}`,
    );
  }
}

/** A body waits for something outside the virtual clock. */
export class SettleTimeoutError extends HoldfastError {
  static readonly code = 'SETTLE_TIMEOUT';
  readonly code = SettleTimeoutError.code;
  override readonly name = 'SettleTimeoutError';

  constructor(what: string) {
    super(`${what} did not end within 5 s of real time: replace what it waits for by a provider of the test`);
  }
}
