import type { Checkpoint } from '../model/checkpoint.js';
import { NonDeterminismError } from '../model/errors-execution.js';
import type { ExecutionId } from '../model/ids.js';
import { keyIn, keyRuleOf, ownerOf } from '../model/instance-key.js';
import { namesOf } from '../model/path.js';
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
  const name = batchName(ownerOf(handler), session, keyIn(key, eventName, event, handler));
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

/**
 * Why the execution cannot go on: a deploy took the `@Debounce` away from what had collected events, or gave one to what had
 * begun with its event alone. Null: it can.
 */
export function whyNotCollected(
  { handler, batch }: Pass,
  journal: readonly Checkpoint[],
): NonDeterminismError | null {
  const collects = handler.keyed?.kind === 'debounce';
  if (batch !== null && !collects)
    return new NonDeterminismError(
      `${handler.id} has no @Debounce any more, and this execution has collected its events (${batch.count}): the method would ` +
        'get the first of them alone. Bring the @Debounce back and resume(), or cancel() the execution',
    );
  if (batch !== null || !collects) return null;
  const recorded = journal.find(({ kind, path }) => kind === 'completed' && path.includes('/'));
  if (recorded === undefined) return null;
  const names = namesOf(recorded.path);
  return new NonDeterminismError(
    `${handler.id} has a @Debounce now, and this execution recorded steps without it (${names}): its event would be handled ` +
      'a second time in a batch. Bring back the method without @Debounce and resume(), or cancel() the execution, or have its ' +
      `event join a batch all the same by retry({ from: '${names}' })`,
  );
}
