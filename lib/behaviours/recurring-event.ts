import { createHash } from 'node:crypto';
import type { DefinitionRef } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { laneOf } from '../model/lane.js';
import type { RecurringTick } from '../model/recurring-record.js';
import { TICK_EVENT } from '../model/schedule.js';
import type { Codec } from '../ports/codec.js';
import type { NewEvent } from '../ports/store-write.js';

/** One tick of a recurring job, as an event that its own handler takes. */
export interface NewTick {
  readonly definition: DefinitionRef;
  /** The instance's name. */
  readonly instance: string;
  readonly priority: number;
  readonly tick: RecurringTick;
  /** Epoch ms; null: now. */
  readonly dueAt: number | null;
}

/** `seed` names the write that it goes with: the same whenever that is sent again. */
export function recurringEvent(
  { definition, instance, priority, tick, dueAt }: NewTick,
  codec: Codec,
  seed: string,
): NewEvent & { readonly executionId: ExecutionId } {
  const text = JSON.stringify(['recurring', instance, seed]);
  const id = createHash('sha256').update(text).digest('base64url').slice(0, 32);
  const executionId = id as ExecutionId;
  const execution = {
    id: executionId,
    definition,
    input: codec.encode(tick),
    schemaHash: null,
    lane: laneOf(null, definition.id),
    priority,
    depth: 0,
    dueAt,
    owner: null,
    gate: { name: instance, limit: 1, untilEnd: true },
    listening: ['cancel'] as const,
  };
  return {
    id: id as EventId,
    name: TICK_EVENT,
    session: null,
    dedup: null,
    executions: [execution],
    executionId,
  };
}
