import type { LifecycleEvent, LifecycleEventName } from '../../model/lifecycle-event.js';
import type { HandlerKind, TrackerContext } from '../../ports/tracker.js';
import { errorFacts, isRetryable } from './error-facts.js';
import type { SentEvent } from './sent-event.js';

type EventOf<Name extends LifecycleEventName> = Extract<LifecycleEvent, { readonly name: Name }>;

type Translated = readonly (readonly [type: string, details: Readonly<Record<string, unknown>>])[];

type Translate<Name extends LifecycleEventName> = (event: EventOf<Name>) => Translated;

const FAILURES: ReadonlySet<string> = new Set(['job.failed', 'job.retryExhausted']);

const JOB_TYPES: Readonly<Record<HandlerKind, string>> = {
  event: 'handler',
  schedule: 'continuous',
  recurring: 'continuous',
  debounce: 'debounce',
  actor: 'task',
};

/** What each event is there. */
const TRANSLATIONS: { readonly [Name in LifecycleEventName]?: Translate<Name> } = {
  'execution.completed': ({ durationMs, attempt }) => [['job.executed', { durationMs, attempt }]],
  'execution.waiting': ({ reason, error, attempt }) =>
    reason === 'retry' && error !== undefined
      ? [['job.failed', { error: errorFacts(error), attempt, willRetry: true }]]
      : [],
  'execution.failed': ({ error, attempt }) => spent(error, attempt),
  'execution.parked': ({ error, attempt }) => spent(error, attempt),
  'execution.cancelled': () => [['job.terminated', { reason: 'cancelled' }]],
};

/** The names that stand for something there. */
export const TRANSLATED = Object.keys(TRANSLATIONS) as readonly LifecycleEventName[];

/** The event as durable-effect's receivers know it; none for what has no counterpart there. */
export function durableEffectNames(
  event: LifecycleEvent,
  kindOf: TrackerContext['kindOf'],
): readonly SentEvent[] {
  const translate = TRANSLATIONS[event.name] as ((event: LifecycleEvent) => Translated) | undefined;
  if (translate === undefined || !('worker' in event) || !('handler' in event)) return [];
  const { worker, handler, at } = event;
  const kind = kindOf(worker, handler);
  const common = {
    timestamp: new Date(at).toISOString(),
    instanceId: 'executionId' in event ? event.executionId : null,
    jobType: kind === null ? null : JOB_TYPES[kind],
    jobName: `${worker}.${handler}`,
  };
  return translate(event).map(([type, details]) => ({
    fields: { type, ...common, ...details },
    isFailure: FAILURES.has(type),
  }));
}

function spent(error: unknown, attempt: number): Translated {
  const failed = ['job.failed', { error: errorFacts(error), attempt, willRetry: false }] as const;
  if (!isRetryable(error)) return [failed];
  return [failed, ['job.retryExhausted', { attempts: attempt, reason: 'max_attempts_exceeded' }]];
}
