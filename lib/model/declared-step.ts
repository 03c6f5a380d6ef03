/** A step that runs by itself once what it comes after is done: `@Step({ after })`. */
export interface DeclaredStep {
  /** Its method; a key of the worker's `steps`. */
  readonly name: string;
  /** The handler's method or other declared steps, in the order of the step's parameters. */
  readonly after: readonly string[];
  /** `all` waits for every predecessor and gets their values; `any` begins with the value of the first success. */
  readonly join: 'all' | 'any';
  readonly when: RouteCondition | null;
  readonly each: FanOut | null;
}

/** Whether a step of a route is taken; steps with the same `after` are the branches of one route. */
export type RouteCondition =
  | { readonly kind: 'predicate'; readonly test: (...values: never[]) => boolean }
  /** Taken when no predicate of the route was true. */
  | { readonly kind: 'otherwise' };

/** One run of the step for each item; its value is the list of results, in the order of the items. */
export interface FanOut {
  readonly of: (...values: never[]) => Iterable<unknown>;
  /** Items that run at the same time, from 1. */
  readonly concurrency: number;
}

/** Items of one fan-out at most. */
export const MOST_ITEMS = 5_000;

/** Names the route that a step with a condition is a branch of: what has the same predecessors, joined alike. */
export function routeOf({ join, after }: DeclaredStep): string {
  return JSON.stringify([join, after]);
}
