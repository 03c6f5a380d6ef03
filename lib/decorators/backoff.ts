import type { BackoffOptions } from '../metadata/policy-options.js';
import type { Duration } from '../model/duration.js';

/**
 * Delays that grow by `factor` (default 2) from `initial` to at most `max` (default `'60s'`). What else is given is a mistake of
 * the class that has it in its `@Retry`.
 */
export function exponential(
  initial: Duration,
  options: { readonly factor?: number; readonly max?: Duration } = {},
): BackoffOptions {
  // What is no option goes with the rest, to be refused with the other mistakes of the class.
  const { factor = 2, max = '60s' } = options;
  return { ...options, kind: 'exponential', initial, factor, max };
}

/** Delays that grow by `increment` (default: `initial`) from `initial` to at most `max` (default `'60s'`). */
export function linear(
  initial: Duration,
  options: { readonly increment?: Duration; readonly max?: Duration } = {},
): BackoffOptions {
  const { increment = initial, max = '60s' } = options;
  return { ...options, kind: 'linear', initial, increment, max };
}

/** The same delay before each attempt. */
export function fixed(delay: Duration): BackoffOptions {
  return { kind: 'fixed', delay };
}
