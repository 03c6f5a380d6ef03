import type { Checkpoint } from '../model/checkpoint.js';
import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
import { wakeAt } from '../model/execution.js';
import type { RecordChange } from '../ports/store-write.js';
import { failedStepOf } from '../step/failed-step.js';
import { instanceOf } from '../step/instance-of.js';
import { latestRows } from '../step/latest-rows.js';
import type { Pass } from '../step/pass.js';
import { isUndoneNext } from './conclude.js';

/** Tells what became of the pass's execution, in the words of its new status. `undone`: the journal of a pass that undid steps. */
export function tellEnd(
  pass: Pass,
  change: RecordChange,
  error: unknown,
  undone: readonly Checkpoint[] | null,
): void {
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
        step: undone === null ? pass.stepFailures.stepOf(error) : stepBeforeUndo(pass, error, undone),
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

/** The step failed in a pass before: the journal tells which. */
function stepBeforeUndo(pass: Pass, error: unknown, journal: readonly Checkpoint[]): string | null {
  if (!pass.services.observer.wants('execution.failed')) return null;
  return failedStepOf(error, latestRows(journal), pass.services.codec);
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
