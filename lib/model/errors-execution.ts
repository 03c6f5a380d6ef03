import { HoldfastError } from './errors.js';

/** No execution has that id, or retention, or the `keep` of a `memoryStore()`, has removed it. */
export class ExecutionNotFoundError extends HoldfastError {
  static readonly code = 'EXECUTION_NOT_FOUND';
  readonly code = ExecutionNotFoundError.code;
  override readonly name = 'ExecutionNotFoundError';

  constructor(readonly executionId: string) {
    super(
      `no execution '${executionId}' is stored: the id is wrong, or retention or the keep of a memoryStore() has removed it`,
    );
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

/** The execution was cancelled. */
export class CancelledError extends HoldfastError {
  static readonly code: 'CANCELLED' | 'SESSION_STOPPED' = 'CANCELLED';
  readonly code: 'CANCELLED' | 'SESSION_STOPPED' = 'CANCELLED';
  override readonly name: string = 'CancelledError';

  constructor(
    readonly executionId: string,
    message = `execution '${executionId}' was cancelled`,
  ) {
    super(message);
  }
}

/** The execution was cancelled since its session was stopped. It is a `CancelledError`, too. */
export class SessionStoppedError extends CancelledError {
  static override readonly code = 'SESSION_STOPPED';
  override readonly code = 'SESSION_STOPPED';
  override readonly name = 'SessionStoppedError';

  constructor(
    executionId: string,
    /** The session's id. */
    readonly session: string,
  ) {
    super(
      executionId,
      `execution '${executionId}' was cancelled: its session '${session.slice(0, 200)}' was stopped`,
    );
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

/** An at-most-once step began and was cut off, by the end of its process or by its timeout: nobody knows whether it took effect. */
export class StepInterruptedError extends HoldfastError {
  static readonly code = 'STEP_INTERRUPTED';
  readonly code = StepInterruptedError.code;
  override readonly name = 'StepInterruptedError';

  constructor(
    readonly step: string,
    cause?: unknown,
  ) {
    super(
      `step '${step}' runs at most once and was interrupted: find out whether it took effect before going on`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/**
 * With `strict`, a step called outside an execution on a worker of a running app; or one called inside, on an object whose
 * class is no worker of the app.
 */
export class DetachedStepError extends HoldfastError {
  static readonly code = 'STEP_DETACHED';
  readonly code = DetachedStepError.code;
  override readonly name = 'DetachedStepError';

  constructor(
    worker: string,
    step: string,
    where: 'outside an execution' | 'on no worker' = 'outside an execution',
  ) {
    super(
      where === 'on no worker'
        ? `${worker}.${step} was called on an object whose class is no worker of this app: it would not be durable. Write ${worker} among workers, and have it injected`
        : `${worker}.${step} was called outside an execution: it would not be durable. Publish an event, or call it from a handler`,
    );
  }
}

/** Arguments that cannot name a call of a step. */
export class UnstorableArgumentsError extends HoldfastError {
  static readonly code = 'STEP_ARGUMENTS_UNSTORABLE';
  readonly code = UnstorableArgumentsError.code;
  override readonly name = 'UnstorableArgumentsError';

  /** `step` is `worker.step`. `position` is that of the argument, from 1; null where a key function's value is meant. */
  constructor(
    readonly step: string,
    reason: string,
    readonly position: number | null,
  ) {
    super(
      position === null
        ? `a call of step '${step}' cannot be named by its key: ${reason}. Return plain data from the key function`
        : `a call of step '${step}' cannot be named by its arguments: in argument ${position}, ${reason}. Or write @Step({ key: (…) => something plain })`,
    );
  }
}

/** A result that the journal cannot keep. The effect has happened: the step is not repeated. */
export class UnstorableResultError extends HoldfastError {
  static readonly code = 'RESULT_UNSTORABLE';
  readonly code = UnstorableResultError.code;
  override readonly name = 'UnstorableResultError';

  /** `worker` is that of the execution. `what` names the step with those around it, or the handler. */
  constructor(
    readonly worker: string,
    readonly what: string,
    reason: string,
  ) {
    super(`the result of '${what}' of worker '${worker}' cannot be stored: ${reason}`);
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
