import type { GraphStep } from './random-graph.js';

/** What a body gives: its own name, what it got, and what its inline steps gave. */
export function valueOfStep({ name, inner }: GraphStep, args: readonly unknown[]): unknown {
  return { by: name, got: args, inner: Array.from({ length: inner }, (_, at) => innerValue(name, at)) };
}

export function innerValue(name: string, at: number): string {
  return `inner ${at} of ${name}`;
}

/** The items of a fan-out; the first carries what it came from. */
export function itemsOfStep({ items }: GraphStep, args: readonly unknown[]): readonly unknown[] {
  return Array.from({ length: items?.count ?? 0 }, (_, at) =>
    at === 0 ? { item: 0, from: args } : { item: 1 + (at % (items?.distinct ?? 1)) },
  );
}

/** What the handler returns. */
export function rootValue(event: unknown): unknown {
  return { event, list: [1, 2n, new Date(7)] };
}
