import type { Duration } from '../model/duration.js';
import type { InjectionToken } from '../model/injection-token.js';
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

/** What shares a limit: the path of a field (`'customer.id'`), or a function. */
export type LimitKey = string | ((...args: never[]) => unknown);

/** Of `@Concurrency`. */
export interface ConcurrencyOptions<Key extends LimitKey = LimitKey> {
  /** How many at the same time, from 1. */
  readonly limit: number;
  /**
   * What shares the limit: a field of the handler's event or of the step's first argument, by its path, or a function of
   * the event or the arguments. Default: all share it.
   */
  readonly key?: Key;
}

/** Of `@Concurrency`, read from a provider when the app is made. */
export interface ProvidedConcurrencyOptions<Provided, Key extends LimitKey = LimitKey> {
  /** The provider: a class or another token. */
  readonly from: InjectionToken<Provided>;
  readonly limit: number | ((provided: Provided) => number);
  readonly key?: Key;
}

/** Of `@RateLimit`. */
export interface RateLimitOptions<Key extends LimitKey = LimitKey> {
  /** How many may begin per `per`, from 1: that many at once after a quiet time, then one every `per / limit`. */
  readonly limit: number;
  readonly per: Duration;
  /** What shares the limit, as in `@Concurrency`. Default: all share it. */
  readonly key?: Key;
}

/** Of `@RateLimit`, read from a provider when the app is made. */
export interface ProvidedRateLimitOptions<Provided, Key extends LimitKey = LimitKey> {
  /** The provider: a class or another token. */
  readonly from: InjectionToken<Provided>;
  readonly limit: number | ((provided: Provided) => number);
  readonly per: Duration | ((provided: Provided) => Duration);
  readonly key?: Key;
}

/** Each form of `@Concurrency`, as written. */
export type AnyConcurrencyOptions =
  | number
  | ConcurrencyOptions
  | AnyProvided<ProvidedConcurrencyOptions<never>>;

/** Each form of `@RateLimit`, as written. */
export type AnyRateLimitOptions = RateLimitOptions | AnyProvided<ProvidedRateLimitOptions<never>>;

/** Options of some provider. */
type AnyProvided<Options> = Omit<Options, 'from'> & { readonly from: InjectionToken };
