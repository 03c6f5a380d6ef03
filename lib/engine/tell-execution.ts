import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
import { wakeAt } from '../model/execution.js';
import type { RecordChange } from '../ports/store-write.js';
import { instanceOf } from '../step/instance-of.js';
import type { Pass } from '../step/pass.js';
import { isUndoneNext } from './conclude.js';

/** Tells what became of the pass's execution, in the words of its new status. */
export function tellEnd(pass: Pass, change: RecordChange, error: unknown): void {
  // By far the most frequent end.
  if (change.status === 'completed' && !pass.services.observer.wants('execution.completed')) return;
  const { attempt } = pass.record;
  const durationMs = pass.services.clock.now() - (pass.record.startedAt ?? pass.record.createdAt);
  switch (change.status) {
    case 'completed':
      return tellExecution(pass, 'execution.completed', { attempt, durationMs });
    case 'failed':
      return tellExecution(pass, 'execution.failed', {
        attempt,
        error,
        durationMs,
        step: pass.stepFailures.stepOf(error),
      });
    case 'parked':
      return tellExecution(pass, 'execution.parked', {
        attempt,
        error,
        step: pass.stepFailures.stepOf(error),
      });
    case 'waiting':
      return tellExecution(pass, 'execution.waiting', {
        reason: change.waitReason,
        until: wakeAt(change.timers),
        attempt,
        ...(change.waitReason === 'retry' && error !== undefined ? { error } : null),
      });
    case 'cancelled':
      return tellExecution(pass, 'execution.cancelled', {});
    case 'skipped':
      return tellExecution(pass, 'execution.skipped', {});
    case 'pending':
      if (isUndoneNext(change))
        tellExecution(pass, 'execution.waiting', { reason: 'compensating', until: null, attempt });
      return;
    case 'running':
      return;
  }
}

/** Emits a lifecycle event of the pass's execution. */
export function tellExecution(
  { services: { observer, clock }, record, worker, handler }: Pass,
  name: LifecycleEventName,
  details: Readonly<Record<string, unknown>>,
): void {
  if (!observer.wants(name)) return;
  observer.emit({
    name,
    executionId: record.id,
    worker: worker.id,
    handler: handler.method,
    session: record.session,
    ...instanceOf(handler, record),
    at: clock.now(),
    ...details,
  } as LifecycleEvent);
}
