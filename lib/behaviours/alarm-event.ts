import { createHash } from 'node:crypto';
import { ALARM_EVENT } from '../model/actor-record.js';
import type { DefinitionRef } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { laneOf } from '../model/lane.js';
import type { Codec } from '../ports/codec.js';
import type { NewEvent } from '../ports/store-write.js';

/** The alarm of an actor, as an event that its own handler takes. */
export interface Alarm {
  readonly definition: DefinitionRef;
  /** The instance's name. */
  readonly instance: string;
  readonly session: string | null;
  readonly depth: number;
  readonly priority: number;
  /** Epoch ms; null: now. */
  readonly dueAt: number | null;
}

/** `seed` names the write that it goes with: the same whenever that is sent again. */
export function alarmEvent(alarm: Alarm, codec: Codec, seed: string): NewEvent {
  const { definition, instance, session, depth, priority, dueAt } = alarm;
  const id = createHash('sha256')
    .update(JSON.stringify(['alarm', instance, seed]))
    .digest('base64url')
    .slice(0, 32);
  return {
    id: id as EventId,
    name: ALARM_EVENT,
    session,
    dedup: null,
    executions: [
      {
        id: id as ExecutionId,
        definition,
        input: codec.encode(null),
        schemaHash: null,
        lane: laneOf(session, definition.id),
        priority,
        depth,
        dueAt,
        owner: null,
        gate: { name: instance, limit: 1, untilEnd: true },
        listening: ['cancel'],
      },
    ],
  };
}
