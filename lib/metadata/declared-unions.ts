import type { EventUnion } from '../model/event-source.js';

const MAX_UNIONS = 1_000;

const key = Symbol.for('holdfast/unions/1');

/** Shared by every copy of the package in the process. */
function home(): Set<EventUnion> {
  const globals = globalThis as { [key]?: Set<EventUnion> };
  globals[key] ??= new Set();
  return globals[key];
}

/** Remembers what `defineEvents` made: members are published as `{ type, … }`, which does not name their union. */
export function declareUnion(union: EventUnion): void {
  const unions = home();
  unions.add(union);
  for (const oldest of unions) {
    if (unions.size <= MAX_UNIONS) break;
    unions.delete(oldest);
  }
}

/** Every union that `defineEvents` made in this process, in order. */
export function declaredUnions(): Iterable<EventUnion> {
  return home();
}
