import type { Duration } from '../model/duration.js';
import type { RetryHook } from '../model/retry-policy.js';

/** How long to wait before the next attempt, as written: made by `exponential`, `linear` and `fixed`. */
export type BackoffOptions =
  | {
      readonly kind: 'exponential';
      readonly initial: Duration;
      readonly factor: number;
      readonly max: Duration;
    }
  | {
      readonly kind: 'linear';
      readonly initial: Duration;
      readonly increment: Duration;
      readonly max: Duration;
    }
  | { readonly kind: 'fixed'; readonly delay: Duration };

/** The delay after the `attempt`-th (1-based) failed attempt. One that throws ends the retries. */
export type BackoffFunction = (attempt: number, error: unknown) => Duration;

/** Of `@Retry`. Each may be left out. */
export interface RetryOptions {
  /** Attempts in all; the first try counts, so 1 never retries. `Infinity` is allowed. Default 3. */
  readonly maxAttempts?: number;
  /** `exponential`, `linear`, `fixed`, or a function. Default `exponential('1s', { max: '60s' })`. */
  readonly backoff?: BackoffOptions | BackoffFunction;
  /** Part of each delay drawn at random, 0 to 1; `true` is 0.2, `false` 0. Default 0.2: 80 % to 120 %. */
  readonly jitter?: number | boolean;
  /** No attempt begins later than this after the first one began. Default: no bound. */
  readonly maxDuration?: Duration;
  /** False ends the retries at once. Gets the original error and the 1-based attempt that failed. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
  /** Called once before each repetition is waited for: a function, or the name of a method of the worker. */
  readonly onRetry?: RetryHook;
  /** Called once when no attempt is left: a function or method name. `'park'` keeps the execution for a person. */
  readonly onExhausted?: RetryHook;
}
