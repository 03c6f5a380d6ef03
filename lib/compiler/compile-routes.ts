import type { AnyClass, EventMetadata, EventPredicate, Subscription } from '../metadata/class-metadata.js';
import { eventMetadataOf, findOwnMetadata } from '../metadata/metadata-store.js';
import type { EventRoute } from '../model/definition.js';
import { DURATION_FORMS, parseDuration } from '../model/duration.js';
import { familyRoute, isEventUnion, isSchemaEvent } from '../model/event-source.js';
import { compileKey } from './compile-key.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const LONGEST_NAME = 200;
const REFUSED_IN_NAMES = /^\*|[\u0000-\u001f\u007f]|\p{Surrogate}/u;

/** The events that the `@OnEvent`s of a method take, in the order written. Notes sources that are no events. */
export function compileRoutes(
  method: string,
  subscriptions: readonly Subscription[],
  mistakes: ClassMistakes,
): EventRoute[] {
  const routes = new Map<string, EventRoute>();
  for (const { sources, guard, when, key: written } of subscriptions) {
    const key = compileKey(written, (found, write) => mistakes.add(method, `@OnEvent has ${found}`, write));
    if (sources.length === 0) mistakes.add(method, '@OnEvent has an empty list', 'Name at least one event');
    for (const predicate of [guard, when]) {
      if (predicate !== null && typeof predicate !== 'function') {
        mistakes.add(
          method,
          `@OnEvent has ${show(predicate)} as a filter`,
          'Write a function: { when: (event) => boolean }',
        );
      }
    }
    for (const source of sources) {
      const event = routeOf(source, method, mistakes);
      if (event === null) continue;
      if (routes.has(event)) {
        mistakes.add(method, `@OnEvent names ${eventTitle(event)} twice`, 'Name each event of a method once');
      }
      routes.set(
        event,
        Object.freeze({ event, accepts: both(guard, when), ...(key === null ? null : { key }) }),
      );
    }
  }
  return [...routes.values()];
}

function routeOf(source: unknown, method: string, mistakes: ClassMistakes): string | null {
  if (typeof source === 'string') return checkedName(source, method, mistakes);
  if (isSchemaEvent(source)) return checkedName(source.name, method, mistakes);
  if (isEventUnion(source)) return familyRoute(source.id);
  if (source === undefined) {
    const cause = 'a circular import, or `import type` of the event';
    mistakes.add(method, '@OnEvent has undefined as its event', `Look for ${cause}; import the class itself`);
    return null;
  }
  if (typeof source !== 'function') {
    mistakes.add(
      method,
      `@OnEvent has ${show(source)}, which is no event`,
      'Name a class with @Event, an event of defineEvent, or a name',
    );
    return null;
  }
  if (!isClass(source)) {
    mistakes.add(
      method,
      '@OnEvent has a guard but no event',
      "Name the events first: @OnEvent([A, B], guard); where it was to be a class, write @Event('some.name') on it, with its parentheses",
    );
    return null;
  }
  const event = eventMetadataOf(source);
  if (event === null) {
    mistakes.add(
      method,
      `@OnEvent has the class ${show(source)}, which is no event`,
      `Write @Event('some.name') on ${show(source)}`,
    );
    return null;
  }
  checkEvent(event, method, mistakes);
  for (const { member, found, write } of findOwnMetadata(source)?.mistakes ?? [])
    mistakes.add(method, `its event ${[source.name, member].filter(Boolean).join('.')}: ${found}`, write);
  return checkedName(event.name, method, mistakes);
}

/** Arrow functions have no prototype, and only a class's is read-only. */
function isClass(value: object): value is AnyClass {
  return (
    Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false ||
    eventMetadataOf(value as AnyClass) !== null
  );
}

function checkedName(name: unknown, method: string, mistakes: ClassMistakes): string | null {
  if (typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME && !REFUSED_IN_NAMES.test(name))
    return name;
  mistakes.add(
    method,
    `@OnEvent has the event name ${show(name)}`,
    `Write up to ${LONGEST_NAME} characters, no control characters, no '*' in front`,
  );
  return null;
}

function checkEvent({ name, keep, correlate }: EventMetadata, method: string, mistakes: ClassMistakes): void {
  if (keep !== null && !((parseDuration(keep) ?? 0) > 0)) {
    mistakes.add(method, `@Event('${name}') has keep: ${show(keep)}`, `Write more than 0: ${DURATION_FORMS}`);
  }
  if (correlate !== null && (typeof correlate !== 'string' || correlate === '')) {
    mistakes.add(
      method,
      `@Event('${name}') has correlate: ${show(correlate)}`,
      "Write the name of a field: 'orderId'",
    );
  }
}

function eventTitle(event: string): string {
  return event.startsWith('*') ? 'its union' : `'${event}'`;
}

type Accepts = (event: unknown) => boolean | Promise<boolean>;

/** One predicate for the guard and `when`: the second is asked only about what the first took. */
function both(guard: EventPredicate | null, when: EventPredicate | null): Accepts | null {
  const first = guard as Accepts | null;
  const second = when as Accepts | null;
  if (first === null || second === null) return first ?? second;
  return (event) => {
    const taken = first(event);
    if (typeof taken === 'boolean') return taken && second(event);
    return taken.then((yes) => yes && second(event));
  };
}
