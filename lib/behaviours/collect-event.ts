import type { ExecutionId } from '../model/ids.js';
import { keyIn, keyRuleOf, ownerOf } from '../model/instance-key.js';
import type { NewEvent } from '../ports/store-write.js';
import type { Pass } from '../step/pass.js';
import { batchName, batchPlace, collectorListens } from './batch-place.js';

/**
 * The event of an execution that belongs into a batch: it was published by a process that could not tell its key, or for a
 * later instant. Null: it is in one. Throws `InvalidEventError` when it has no key.
 */
export function eventToCollect({ handler, record, batch, services }: Pass, event: unknown): NewEvent | null {
  const { keyed } = handler;
  const key = keyRuleOf(handler, record.eventName);
  if (keyed?.kind !== 'debounce' || batch !== null || key === null) return null;
  const { id, definition, eventId, eventName, input, schemaHash, session, lane, priority, depth } = record;
  const name = batchName(ownerOf(handler), session, keyIn(key, eventName, event));
  const item = { event: eventName, input, schemaHash };
  const place = batchPlace(name, keyed, item, services.settings.limits.bufferedEvents);
  return {
    id: eventId,
    name: eventName,
    session,
    dedup: null,
    executions: [
      {
        id: `${id}-0` as ExecutionId,
        definition,
        input,
        schemaHash,
        lane,
        priority,
        depth,
        dueAt: null,
        owner: null,
        listening: collectorListens,
        ...place,
      },
    ],
  };
}
