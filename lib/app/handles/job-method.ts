import type { HandlerDefinition, WorkerDefinition } from '../../model/definition.js';
import type { RecurringPolicy } from '../../model/keyed.js';
import type { SchedulePolicy } from '../../model/schedule.js';
import { onlyMethod } from './only-method.js';

/** A method whose ticks are those of jobs. */
export interface JobMethod {
  readonly worker: WorkerDefinition;
  readonly handler: HandlerDefinition;
  readonly policy: RecurringPolicy;
  readonly schedule: SchedulePolicy;
}

/** The one of that name, or the only one. Throws `DefinitionError`. */
export function jobMethod(worker: WorkerDefinition, method: string | undefined): JobMethod {
  const all = worker.handlers.flatMap((handler): JobMethod[] => {
    const { keyed, schedule } = handler;
    return keyed?.kind === 'recurring' && schedule !== undefined
      ? [{ worker, handler, policy: keyed, schedule }]
      : [];
  });
  return onlyMethod(worker, all, method, {
    call: 'app.recurring()',
    decorator: '@Every with keyed: true',
    write:
      "Write @Every('5 minutes', { keyed: true }) on the method; of one without a key, app.schedules knows",
  });
}
