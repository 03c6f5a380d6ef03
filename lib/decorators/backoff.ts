import type { BackoffOptions } from '../metadata/policy-options.js';
import type { Duration } from '../model/duration.js';

/** Delays that grow by `factor` (default 2) from `initial` to at most `max` (default `'60s'`). */
export function exponential(
  initial: Duration,
  options: { readonly factor?: number; readonly max?: Duration } = {},
): BackoffOptions {
  return { kind: 'exponential', initial, factor: options.factor ?? 2, max: options.max ?? '60s' };
}

/** Delays that grow by `increment` (default: `initial`) from `initial` to at most `max` (default `'60s'`). */
export function linear(
  initial: Duration,
  options: { readonly increment?: Duration; readonly max?: Duration } = {},
): BackoffOptions {
  return { kind: 'linear', initial, increment: options.increment ?? initial, max: options.max ?? '60s' };
}

/** The same delay before each attempt. */
export function fixed(delay: Duration): BackoffOptions {
  return { kind: 'fixed', delay };
}
