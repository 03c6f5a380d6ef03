/** How long to wait before the next attempt, as data. Intervals are ms. */
export type Backoff =
  | {
      readonly kind: 'exponential';
      readonly initialMs: number;
      readonly factor: number;
      readonly maxMs: number;
    }
  | {
      readonly kind: 'linear';
      readonly initialMs: number;
      readonly incrementMs: number;
      readonly maxMs: number;
    }
  | { readonly kind: 'fixed'; readonly delayMs: number }
  /** `delayMs` may throw: then the attempt is not repeated. */
  | { readonly kind: 'custom'; readonly delayMs: (attempt: number, error: unknown) => number };

/** What `onRetry` and `onExhausted` receive. */
export interface RetryInfo {
  /** 1-based attempt that failed. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** When the next attempt is due, epoch ms; null when there is none. */
  readonly nextAt: number | null;
}

/** A function, or the name of a method of the worker. */
export type RetryHook = string | ((error: unknown, info: RetryInfo) => unknown);

export interface RetryPolicy {
  /** The first try counts: 1 never retries. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** Part of the delay drawn at random, 0…1: 0.2 gives 80 % to 120 %. */
  readonly jitter: number;
  /** No attempt begins later than this after the first one began; null: no bound. */
  readonly maxDurationMs: number | null;
  readonly retryIf: ((error: unknown, attempt: number) => boolean) | null;
  readonly onRetry: RetryHook | null;
  readonly onExhausted: RetryHook | null;
  /** What becomes of an execution whose last attempt failed: `park` keeps it for a person. */
  readonly whenExhausted: 'fail' | 'park';
  /** Whether the user wrote it: a failure of an exhausted step spends only attempts that someone asked for. */
  readonly explicit: boolean;
}

/** 3 attempts, 1 s doubling to 60 s, jitter 20 %. */
export const defaultRetryPolicy: RetryPolicy = Object.freeze({
  maxAttempts: 3,
  backoff: Object.freeze({ kind: 'exponential', initialMs: 1_000, factor: 2, maxMs: 60_000 }),
  jitter: 0.2,
  maxDurationMs: null,
  retryIf: null,
  onRetry: null,
  onExhausted: null,
  whenExhausted: 'fail',
  explicit: false,
});

/** One attempt, then the end. */
export const noRetryPolicy: RetryPolicy = Object.freeze({ ...defaultRetryPolicy, maxAttempts: 1 });
