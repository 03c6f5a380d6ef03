import type { HandlerDefinition } from '../model/definition.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { type Tick, TICK_EVENT } from '../model/schedule.js';
import type { Codec } from '../ports/codec.js';
import type { NewEvent, NewExecution } from '../ports/store-write.js';
import { derivedId } from '../step/derived-id.js';
import { handlerPlaceOf } from './handler-place.js';

/** Names the execution of one instant of a schedule: the same whichever process comes to it. */
export function tickId(schedule: string, at: number): ExecutionId {
  return derivedId(['tick', schedule, at]) as ExecutionId;
}

/** The event that starts the execution `id` of the handler for that instant; not before `dueAt`, null: now. */
export function tickEvent(
  { handler, fingerprint }: { readonly handler: HandlerDefinition; readonly fingerprint: string },
  codec: Codec,
  id: ExecutionId,
  at: number,
  dueAt: number | null,
): NewEvent {
  const tick: Tick = { scheduledAt: at };
  const execution: NewExecution = {
    id,
    definition: { id: handler.id, fingerprint },
    input: codec.encode(tick),
    schemaHash: null,
    ...handlerPlaceOf(handler, null, () => tick),
    priority: handler.priority,
    depth: 0,
    dueAt,
    owner: null,
    listening: ['cancel'],
  };
  return {
    id: id as string as EventId,
    name: TICK_EVENT,
    session: null,
    dedup: null,
    executions: [execution],
  };
}
