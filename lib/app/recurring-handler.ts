import type { HandlerDefinition, WorkerDefinition } from '../model/definition.js';
import { DefinitionError } from '../model/errors-boot.js';
import type { RecurringPolicy } from '../model/keyed.js';
import type { SchedulePolicy } from '../model/schedule.js';

/** A method whose ticks are those of jobs. */
export interface RecurringHandler {
  readonly worker: WorkerDefinition;
  readonly handler: HandlerDefinition;
  readonly policy: RecurringPolicy;
  readonly schedule: SchedulePolicy;
}

/** The one of that name, or the only one. Throws `DefinitionError`. */
export function recurringHandler(worker: WorkerDefinition, method: string | undefined): RecurringHandler {
  const all = worker.handlers.flatMap((handler) => {
    const { keyed, schedule } = handler;
    return keyed?.kind === 'recurring' && schedule !== undefined
      ? [{ worker, handler, policy: keyed, schedule }]
      : [];
  });
  const found = method === undefined ? all : all.filter(({ handler }) => handler.method === method);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new DefinitionError([
    {
      class: worker.type.name,
      member: method ?? null,
      found:
        found.length > 1
          ? 'app.recurring() names no method, and there are several with @Every({ keyed: true })'
          : 'it has no @Every with keyed: true',
      write:
        all.length > 0
          ? `Name one of ${all.map(({ handler }) => `'${handler.method}'`).join(', ')}`
          : "Write @Every('5 minutes', { keyed: true }) on the method; of one without a key, app.schedules knows",
    },
  ]);
}
