import type { HandlerDefinition } from '../model/definition.js';
import { keyLaneOf, laneOf } from '../model/lane.js';
import { gateOf, policyScope } from '../model/policy-scope.js';
import type { Gate } from '../ports/store-write.js';

/**
 * Behind which gate an execution queues and in which lane it is served: each key of a limit has a lane of its own, so that
 * none holds up the others. A key that fails changes nothing: whoever runs the execution finds what it is to blame for.
 */
export function handlerPlaceOf(
  { id, concurrency, rateLimit }: HandlerDefinition,
  session: string | null,
  event: () => unknown,
): { readonly gate: Gate | null; readonly lane: string } {
  const usual = { gate: null, lane: laneOf(session, id) };
  if (concurrency === null && rateLimit === null) return usual;
  try {
    const data = event();
    const key = policyScope(id, concurrency?.key ?? rateLimit?.key ?? null, [data]).key;
    return {
      gate: concurrency === null ? null : gateOf(id, concurrency, [data]),
      lane: session === null && key !== null ? keyLaneOf(id, key) : usual.lane,
    };
  } catch {
    return usual;
  }
}
