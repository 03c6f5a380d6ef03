import { RetryAfterError } from './errors-step.js';
import type { Backoff, RetryPolicy } from './retry-policy.js';

/** What follows a failed attempt: another one, not before `at` (epoch ms), or none. */
export type RetryDecision =
  | { readonly kind: 'retry'; readonly at: number }
  /** `exhausted`: the policy would have gone on, but its attempts or its time are used up. */
  | { readonly kind: 'final'; readonly exhausted: boolean };

interface FailedAttempt {
  readonly policy: RetryPolicy;
  readonly error: unknown;
  /** 1-based attempt that failed. */
  readonly attempt: number;
  readonly firstStartedAt: number;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Whether and when a failed attempt is repeated. Pure: all it needs is in its argument. */
export function decideRetry({
  policy,
  error,
  attempt,
  firstStartedAt,
  now,
  random,
}: FailedAttempt): RetryDecision {
  if (isFinal(error) || !allows(policy, error, attempt)) return { kind: 'final', exhausted: false };
  if (attempt >= policy.maxAttempts) return { kind: 'final', exhausted: true };
  const delayMs =
    askedDelay(error) ?? jittered(backoffDelay(policy.backoff, attempt, error), policy.jitter, random);
  const at = now + Math.round(delayMs);
  if (!(delayMs >= 0) || !Number.isSafeInteger(at)) return { kind: 'final', exhausted: false };
  if (policy.maxDurationMs !== null && at > firstStartedAt + policy.maxDurationMs)
    return { kind: 'final', exhausted: true };
  return { kind: 'retry', at };
}

/** Marked final by whoever threw it: `retryable: false` or `isNonRetryable: true`. A mark that cannot be read is none. */
export function isFinal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const marks = error as { readonly retryable?: unknown; readonly isNonRetryable?: unknown };
  try {
    return marks.retryable === false || marks.isNonRetryable === true;
  } catch {
    return false;
  }
}

function allows(policy: RetryPolicy, error: unknown, attempt: number): boolean {
  if (policy.retryIf === null) return true;
  try {
    return policy.retryIf(error, attempt);
  } catch {
    return false;
  }
}

function askedDelay(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  try {
    const asked = error as { readonly code?: unknown; readonly delayMs?: unknown };
    // A class of the user's own may have a code of its own.
    if (asked.code !== RetryAfterError.code && !(error instanceof RetryAfterError)) return null;
    const { delayMs } = asked;
    return typeof delayMs === 'number' ? delayMs : null;
  } catch {
    return null;
  }
}

function jittered(delayMs: number, jitter: number, random: number): number {
  return delayMs * (1 + jitter * (2 * random - 1));
}

function backoffDelay(backoff: Backoff, attempt: number, error: unknown): number {
  switch (backoff.kind) {
    case 'fixed':
      return backoff.delayMs;
    case 'linear':
      return Math.min(backoff.initialMs + backoff.incrementMs * (attempt - 1), backoff.maxMs);
    case 'exponential':
      return Math.min(backoff.initialMs * backoff.factor ** (attempt - 1), backoff.maxMs);
    case 'custom':
      try {
        return numberOf(backoff.delayMs(attempt, error));
      } catch {
        return Number.NaN;
      }
  }
}

/** What a function of the user gives may be anything. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
