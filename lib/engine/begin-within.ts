import type { Checkpoint } from '../model/checkpoint.js';
import { eventToCollect, whyNotCollected } from '../behaviours/collect-event.js';
import { turnGate } from '../model/instance-key.js';
import { bucketOf, gateOf } from '../model/policy-scope.js';
import { apart } from '../ports/current-execution.js';
import type { Pass } from '../step/pass.js';

/** The named timer of an execution that may begin at an instant that its rate allows. */
export const RATE = 'rate';

/** What begins once it may. */
export interface Beginning {
  begin(): void;
}

/** Begins the handler within its limits: behind its gate, and not before its rate allows. What has begun goes on. */
export function beginWithin(
  pass: Pass,
  journal: readonly Checkpoint[],
  event: unknown,
  handler: Beginning,
): void {
  const { record, services } = pass;
  const { id, concurrency, rateLimit, keyed } = pass.handler;
  const misfit = whyNotCollected(pass, journal);
  if (misfit !== null) return pass.end({ kind: 'parked', error: misfit });
  // Behind another gate is what was published before its handler had a @Debounce.
  if (keyed !== undefined && (record.gate === null || keyed.kind === 'debounce')) {
    const gate = turnGate(pass.handler, record.eventName, event);
    if (gate !== null) return pass.end({ kind: 'gated', gate });
    const collected = eventToCollect(pass, event);
    if (collected !== null) return pass.end({ kind: 'collected', event: collected });
  }
  if (concurrency === null && rateLimit === null) return handler.begin();
  if (concurrency !== null && record.gate === null)
    return pass.end({ kind: 'gated', gate: gateOf(id, concurrency, [event]) });
  if (rateLimit === null || journal.length > 0) return handler.begin();
  const beginAt = (at: number): void => {
    if (pass.isClosing) pass.scheduleCheck();
    else if (at <= services.clock.now()) apart(() => handler.begin());
    else pass.end({ kind: 'waiting', reason: 'gate', timers: { [RATE]: at }, wakes: [] });
  };
  const reserved = record.timers[RATE];
  if (reserved !== undefined) return beginAt(reserved);
  pass.writes.send({ kind: 'reserve', ...bucketOf(id, rateLimit, [event]) }, ({ at = 0 }) => beginAt(at));
}
