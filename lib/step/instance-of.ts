import type { HandlerDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';
import { instanceIdOf } from '../model/keyed.js';

/** The instance that an execution is a turn or batch of, for what is told of it; null: it is none. */
export function instanceOf(
  { keyed, worker }: HandlerDefinition,
  { gate }: ExecutionRecord,
): { readonly instanceId: string } | null {
  // The turns of an instance, and the batches of a key, queue at a gate of its name.
  if (keyed === undefined || gate === null) return null;
  return { instanceId: instanceIdOf(worker, gate) };
}
