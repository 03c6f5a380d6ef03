import { DURATION_FORMS, parseDuration, type Duration } from './duration.js';
import type { ErrorCode } from './error-kinds.js';
import { HoldfastError, type OwnCode } from './errors.js';

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
 * Throw it to end a step or handler without another attempt. A class of your own below it may have a `code`, `category`
 * and `severity` of its own, and bears its own name.
 *
 * @example
 * class CardDeclined extends NonRetryableError {
 *   override readonly code = 'CARD_DECLINED';
 * }
 * throw new CardDeclined('insufficient funds', { cause: error });
 */
export class NonRetryableError extends HoldfastError {
  static readonly code = 'NON_RETRYABLE';
  readonly code: ErrorCode | OwnCode = NonRetryableError.code;
  override readonly name: string =
    this.constructor === NonRetryableError ? 'NonRetryableError' : this.constructor.name;
}

/**
 * Throw it to have the next attempt begin after that delay, whatever the backoff says. Attempts still count. A class of
 * your own below it may have a `code`, `category` and `severity` of its own, and bears its own name.
 *
 * @example
 * throw new RetryAfterError('rate limited', '30s', { cause: error });
 */
export class RetryAfterError extends HoldfastError {
  static readonly code = 'RETRY_AFTER';
  readonly code: ErrorCode | OwnCode = RetryAfterError.code;
  override readonly name: string =
    this.constructor === RetryAfterError ? 'RetryAfterError' : this.constructor.name;
  override readonly retryable = true;
  readonly delayMs: number;

  /** `delay`: ms, or text such as `'30s'`. Throws `NonRetryableError` for anything else. */
  constructor(message: string, delay: Duration, options?: { readonly cause?: unknown }) {
    super(message, options);
    const delayMs = parseDuration(delay);
    if (delayMs === null)
      throw new NonRetryableError(`RetryAfterError takes ${DURATION_FORMS}, not '${String(delay)}'`, options);
    this.delayMs = delayMs;
  }
}
