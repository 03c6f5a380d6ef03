import type { EachOption, RouteOption } from '../metadata/class-metadata.js';

/** Tells two calls of a step apart. */
export type KeyOption = (...args: never[]) => unknown;

/** Of `@Step`. Each may be left out. */
export interface StepOptions<
  Key extends KeyOption = KeyOption,
  After extends string | readonly string[] = string | readonly string[],
  Join extends 'all' | 'any' = 'all' | 'any',
  When extends RouteOption = RouteOption,
  Each extends EachOption = EachOption,
> {
  /** What tells two calls apart, from the call's arguments. Default: the arguments themselves. */
  readonly key?: Key;
  /** A crash or timeout in the body ends the step with `StepInterruptedError`: it never begins twice. Default false. */
  readonly atMostOnce?: boolean;
  /** Kept in the worker's step graph. */
  readonly description?: string;
  /**
   * The handler's method or other declared steps, by name: the step runs by itself when they are done, and receives their
   * values in this order. Left out: code calls the step.
   */
  readonly after?: After;
  /**
   * Of several predecessors: `all` waits for all and receives their values; `any` begins with the first success and
   * receives its value alone. Default `all`.
   */
  readonly join?: Join;
  /**
   * Makes it a branch of the route that all steps with the same `after` and a `when` form: every branch whose predicate
   * is true for the predecessors' values runs, else the one with `'otherwise'`, else the execution fails with
   * `NoRouteError`. What is not taken is recorded as skipped.
   */
  readonly when?: When;
  /**
   * Runs the step once for each item of the list that the function makes of the predecessors' values, 10 at a time unless
   * `{ of, concurrency }` says otherwise, at most 5,000. Its value is the array of results, in the order of the items.
   */
  readonly each?: Each;
}
