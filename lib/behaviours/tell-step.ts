import type { LifecycleEvent } from '../model/lifecycle-event.js';
import { namesOf } from '../model/path.js';
import type { Pass } from '../step/pass.js';

/** Tells that a step was skipped or undone; what attempts do is told by themselves. */
export function tellStep(
  { services: { observer, clock }, record, worker, handler }: Pass,
  name: 'step.skipped' | 'step.compensated',
  path: string,
): void {
  if (!observer.wants(name)) return;
  observer.emit({
    name,
    executionId: record.id,
    worker: worker.id,
    handler: handler.method,
    session: record.session,
    step: namesOf(path),
    at: clock.now(),
  } as LifecycleEvent);
}
