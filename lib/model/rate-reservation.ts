import type { RateLimitPolicy } from './policies.js';

/** When the next place of a rate is free by itself: `ms + rest / limit`, in epoch ms, so that nothing is ever rounded. */
export interface RateState {
  readonly ms: number;
  /** In `limit`ths of a ms, from 0 to `limit` − 1. */
  readonly rest: number;
  readonly limit: number;
}

/**
 * Reserves the next place of a rate, by the generic cell rate algorithm: places are `perMs / limit` apart, and a rate that
 * was idle has `limit` of them at once. `null`: it is idle. Answers the instant from which the caller may begin, `now` or
 * later, and the state for the next one; from `idleFrom` on it may be forgotten.
 *
 * @example
 * reserveRate(null, { limit: 2, perMs: 1_000 }, 0);  // at: 0, then 0, 500, 1000, …
 */
export function reserveRate(
  state: RateState | null,
  { limit, perMs }: Pick<RateLimitPolicy, 'limit' | 'perMs'>,
  now: number,
): { readonly at: number; readonly state: RateState; readonly idleFrom: number } {
  let ms = now;
  let rest = 0;
  if (state !== null && state.ms >= now) {
    ms = state.ms;
    rest = state.limit === limit ? state.rest : Math.ceil((state.rest * limit) / state.limit);
  }
  rest += perMs;
  ms += Math.floor(rest / limit);
  rest %= limit;
  const idleFrom = rest === 0 ? ms : ms + 1;
  return { at: Math.max(now, idleFrom - perMs), state: { ms, rest, limit }, idleFrom };
}
