import type { MethodMetadata } from '../metadata/class-metadata.js';
import type { ConcurrencyPolicy, RateLimitPolicy } from '../model/policies.js';
import type { RetryPolicy } from '../model/retry-policy.js';
import { type CompiledLimit, compileConcurrency, compileRateLimit } from './compile-limits.js';
import { compileRetry, compileTimeout, type PolicyPlace } from './compile-retry.js';

/** The policy decorators of a method or a class, as written. */
export type WrittenPolicies = Pick<MethodMetadata, 'retry' | 'timeout' | 'concurrency' | 'rateLimit'>;

/** The policies of one place; null: it has none of the kind. */
export interface Policies {
  readonly retry: RetryPolicy | null;
  readonly timeoutMs: number | null;
  readonly concurrency: CompiledLimit<ConcurrencyPolicy> | null;
  readonly rateLimit: CompiledLimit<RateLimitPolicy> | null;
}

/** What the policy decorators of one place ask for. Notes what cannot work. */
export function compilePolicies(written: WrittenPolicies, place: PolicyPlace): Policies {
  const { retry, timeout, concurrency, rateLimit } = written;
  return {
    retry: retry === null ? null : compileRetry(retry, place),
    timeoutMs: timeout === null ? null : compileTimeout(timeout, place),
    concurrency: concurrency === null ? null : compileConcurrency(concurrency, place),
    rateLimit: rateLimit === null ? null : compileRateLimit(rateLimit, place),
  };
}
