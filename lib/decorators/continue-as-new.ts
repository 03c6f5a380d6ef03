import { eventMetadataOf } from '../metadata/metadata-store.js';
import { NoCurrentExecutionError } from '../model/errors-app.js';
import { type EventClass, type EventInput, isSchemaEvent, type SchemaEvent } from '../model/event-source.js';
import { type AnewCall, shared } from '../ports/current-execution.js';

/**
 * Ends the present turn of a handler, and goes on as the same execution with new data and an empty journal: same id, same
 * handle, whose `result()` waits on. So a handler may go on for ever. The data is of the handler's event, or of the event that
 * is given first, and checked by its schema.
 *
 * Never resolves; nothing after it runs. Calls that are under way are awaited first, as with a return. `now()`, chance, ids and
 * idempotency keys of the next turn are its own. The handler's `@Timeout` bounds all turns together; what earlier turns did is
 * not undone by `@Compensate`.
 *
 * Rejects with `InvalidEventError`, with `NonRetryableError` in a step, in a branch of `race`, and in a handler that declared
 * steps follow, and with `NoCurrentExecutionError` outside an execution.
 *
 * @example
 * for (const order of await this.page(cursor)) await this.settle(order);
 * return continueAsNew(Settle, { cursor: cursor + 100 });
 */
export function continueAsNew<Source extends EventClass | SchemaEvent>(
  event: Source,
  data: EventInput<Source>,
): Promise<never>;
export function continueAsNew(data: object): Promise<never>;
export function continueAsNew(...args: readonly unknown[]): Promise<never> {
  const current = shared().storage.getStore();
  if (current === undefined) return Promise.reject(new NoCurrentExecutionError('continueAsNew()'));
  return current.continueAsNew(args.length > 1 ? callOf(args[0], args[1]) : anew(args[0]));
}

function callOf(source: unknown, data: unknown): AnewCall {
  const event = isSchemaEvent(source)
    ? source.name
    : typeof source === 'function'
      ? (eventMetadataOf(source as unknown as EventClass<object>)?.name ?? source.name)
      : String(source);
  return { source: Object(source) as object, event, data };
}

function anew(data: unknown): AnewCall {
  return { source: null, event: null, data };
}
