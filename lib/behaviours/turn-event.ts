import type { DefinitionRef } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { instanceGate } from '../model/instance-key.js';
import { laneOf } from '../model/lane.js';
import type { NewEvent } from '../ports/store-write.js';
import { derivedId } from '../step/derived-id.js';

/** The turn that an event of the library's own starts. */
export interface NewTurn {
  readonly definition: DefinitionRef;
  /** The instance's name. */
  readonly instanceName: string;
  readonly session: string | null;
  readonly depth: number;
  readonly priority: number;
  /** Epoch ms; null: now. */
  readonly dueAt: number | null;
}

/** What makes that event: its name, the encoded payload, and an id of `seed`, parts that no other event has. */
export interface TurnCause {
  readonly name: string;
  readonly input: string;
  readonly seed: readonly string[];
}

/** An event with the one execution that it starts, of the same id, behind the gate of its instance. */
export function turnEvent(
  { definition, instanceName, session, depth, priority, dueAt }: NewTurn,
  { name, input, seed }: TurnCause,
): NewEvent & { readonly executionId: ExecutionId } {
  const id = derivedId(seed);
  const executionId = id as ExecutionId;
  const execution = {
    id: executionId,
    definition,
    input,
    schemaHash: null,
    lane: laneOf(session, definition.id),
    priority,
    depth,
    dueAt,
    owner: null,
    gate: instanceGate(instanceName),
    listening: ['cancel'] as const,
  };
  return { id: id as EventId, name, session, dedup: null, executions: [execution], executionId };
}
