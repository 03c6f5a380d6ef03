import { partsOfDefinition } from '../model/definition.js';
import { instanceIdOf } from '../model/keyed.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { NewEvent, NewExecution, PublishedExecution } from '../ports/store-write.js';

interface Telling {
  readonly observer: Observer;
  readonly clock: Clock;
}

/** An execution was stored; of an event that joined a batch, that batch. */
export function tellAccepted(
  { observer, clock }: Telling,
  { session, name: event }: NewEvent,
  { id, definition }: NewExecution,
  executionId = id,
): void {
  if (!observer.wants('execution.accepted')) return;
  const { worker, method: handler } = partsOfDefinition(definition.id);
  const at = clock.now();
  observer.emit({ name: 'execution.accepted', executionId, worker, handler, session, event, at });
}

/** A batch begins to collect. */
export function tellCollected(
  { observer, clock }: Telling,
  { session }: NewEvent,
  { collect, definition }: NewExecution,
  { executionId, batch }: PublishedExecution,
): void {
  if (batch?.count !== 1 || collect === undefined || !observer.wants('debounce.started')) return;
  const { worker, method: handler } = partsOfDefinition(definition.id);
  const instanceId = instanceIdOf(worker, collect.name);
  const at = clock.now();
  observer.emit({
    name: 'debounce.started',
    executionId,
    worker,
    handler,
    session,
    instanceId,
    flushAt: batch.dueAt,
    at,
  });
}
