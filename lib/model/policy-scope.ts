import { NonRetryableError } from './errors-step.js';
import type { ConcurrencyPolicy, PolicyKey, RateLimitPolicy } from './policies.js';

/** What shares a limit: the handler or step itself, or what has one value of the policy's key. */
export interface PolicyScope {
  readonly name: string;
  /** The key's value as text; null: the policy has no key. */
  readonly key: string | null;
}

/** Throws what the key's function throws, and `NonRetryableError` for a key that is no plain value. */
export function policyScope(owner: string, key: PolicyKey | null, args: readonly unknown[]): PolicyScope {
  if (key === null) return { name: owner, key: null };
  const value = key.of(...(args as never[]));
  // Owners hold no line break: joined by it, no two scopes meet.
  const text = plainText(value, owner, key);
  return { name: `${owner}\n${text}`, key: text };
}

/** The gate of a concurrency limit. */
export function gateOf(owner: string, policy: ConcurrencyPolicy, args: readonly unknown[]) {
  return { name: policyScope(owner, policy.key, args).name, limit: policy.limit };
}

/** The bucket of a rate limit. */
export function bucketOf(owner: string, policy: RateLimitPolicy, args: readonly unknown[]) {
  return { bucket: policyScope(owner, policy.key, args).name, limit: policy.limit, perMs: policy.perMs };
}

function plainText(value: unknown, owner: string, key: PolicyKey): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  throw new NonRetryableError(
    `the key ${key.path === null ? '' : `'${key.path}' `}of a limit on ${owner} gave ${typeof value}: give text or a number`,
  );
}
