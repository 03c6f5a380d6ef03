import type { LifecycleEvent, LifecycleEventName } from '../../model/lifecycle-event.js';
import { errorFacts } from './error-facts.js';
import type { SentEvent } from './sent-event.js';

const FAILURES: ReadonlySet<string> = new Set([
  'execution.failed',
  'execution.parked',
  'step.failed',
  'app.fault',
  'app.misfit',
] satisfies LifecycleEventName[]);

/** The event under its own name, with the error as data. */
export function ownNames(event: LifecycleEvent): readonly SentEvent[] {
  const isFailure = FAILURES.has(event.name);
  if (!('error' in event) || event.error === undefined) return [{ fields: { ...event }, isFailure }];
  return [{ fields: { ...event, error: errorFacts(event.error) }, isFailure }];
}
