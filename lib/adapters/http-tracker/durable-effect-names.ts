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

const FLUSH_REASONS = {
  maxEvents: 'maxEvents',
  flushAfter: 'timeout',
  maxWait: 'timeout',
  manual: 'manual',
} as const satisfies Record<EventOf<'debounce.flushed'>['reason'], string>;

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
  'debounce.started': ({ flushAt }) => [['debounce.started', { flushAt: instant(flushAt) }]],
  'debounce.flushed': ({ eventCount, reason, durationMs }) => [
    ['debounce.flushed', { eventCount, reason: FLUSH_REASONS[reason], durationMs }],
  ],
  'schedule.started': () => [['job.started', {}]],
  'schedule.terminated': ({ reason, runCount }) => [['job.terminated', { reason, runCount }]],
  'actor.started': () => [['job.started', {}]],
  'actor.scheduled': ({ scheduledAt, trigger }) => [
    [
      'task.scheduled',
      { scheduledAt: instant(scheduledAt), trigger: trigger === 'alarm' ? 'execute' : trigger },
    ],
  ],
  'actor.terminated': ({ reason }) => [['job.terminated', { reason }]],
};

/** The names that stand for something there. */
export const TRANSLATED = Object.keys(TRANSLATIONS) as readonly LifecycleEventName[];

/** The event as durable-effect's receivers know it; none for what has no counterpart there. */
export function durableEffectNames(
  event: LifecycleEvent,
  kindOf: TrackerContext['kindOf'],
): readonly SentEvent[] {
  const translate = TRANSLATIONS[event.name] as ((event: LifecycleEvent) => Translated) | undefined;
  if (translate === undefined || !('worker' in event)) return [];
  const { worker, at } = event;
  const handler = 'handler' in event ? event.handler : null;
  // Events of an actor name no method: it is one job with all of its own.
  const kind = handler === null ? 'actor' : kindOf(worker, handler);
  const common = {
    timestamp: instant(at),
    instanceId: instanceOf(event),
    jobType: kind === null ? null : JOB_TYPES[kind],
    jobName: kind === 'actor' || handler === null ? worker : `${worker}.${handler}`,
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

function instanceOf(event: LifecycleEvent): string | null {
  if ('instanceId' in event && event.instanceId !== undefined) return event.instanceId;
  return 'executionId' in event ? event.executionId : null;
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
