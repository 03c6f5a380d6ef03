import { DURATION_FORMS, parseDuration, type Duration } from './duration.js';
import { HoldfastError } from './errors.js';

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
      throw new TypeError(`RetryAfterError takes ${DURATION_FORMS}, not '${String(delay)}'`);
    this.delayMs = delayMs;
  }
}
