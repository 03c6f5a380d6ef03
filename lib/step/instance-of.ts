import type { HandlerDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';

/** The instance that an execution is a turn of, for what is told of it; null: it is none. */
export function instanceOf(
  { keyed }: HandlerDefinition,
  { gate }: ExecutionRecord,
): { readonly instanceId: string } | null {
  // The turns of an instance queue at a gate of its name.
  return keyed === undefined || keyed.kind === 'debounce' || gate === null ? null : { instanceId: gate };
}
