import { InvalidEventError } from '../model/errors-event.js';
import type { CheckedEvent, EventDefinition } from '../ports/event-checker.js';
import type { EventSources } from './event-sources.js';

/**
 * A stored event as its handlers receive it. While the schema is the one that checked it, it is not checked again; after
 * a deploy that changed the schema it is. Throws or rejects with `InvalidEventError` when it does not fit any more.
 */
export function restoreEvent(
  sources: EventSources,
  name: string,
  data: unknown,
  schemaHash: string | null,
): unknown {
  const definition = sources.definitionOf(name);
  if (definition === null) return data;
  const { checker } = definition;
  if (schemaHash === checker.schemaHash) return checker.restore(data);
  const checked = checker.check(data);
  return checked instanceof Promise
    ? checked.then((late) => restored(definition, late))
    : restored(definition, checked);
}

function restored({ name, checker }: EventDefinition, checked: CheckedEvent): unknown {
  if (!checked.ok) throw new InvalidEventError(name, checked.violations);
  return checker.restore(checked.data);
}
