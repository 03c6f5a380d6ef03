/** At most `limit` at the same time, across all processes; with a key, of each of its values. */
export interface ConcurrencyPolicy {
  readonly limit: number;
  readonly key: PolicyKey | null;
}

/**
 * After a quiet time `limit` begin at once, then one every `perMs / limit`, across all processes; with a key, of each of its
 * values. The rest queue.
 */
export interface RateLimitPolicy {
  readonly limit: number;
  readonly perMs: number;
  readonly key: PolicyKey | null;
}

/** Tells what shares a limit, from the handler's event or the step's arguments. */
export interface PolicyKey {
  /** The field path it was written as (`customer.id`): publishers without the class can read it. Null: a function. */
  readonly path: string | null;
  readonly of: (...args: never[]) => unknown;
}
