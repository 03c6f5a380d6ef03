import type { Definitions, KnownHandler } from '../engine/definitions.js';
import type { HandlerDefinition } from '../model/definition.js';
import type { SchedulePolicy } from '../model/schedule.js';
import type { ScheduleRef } from '../ports/stored-schedule.js';

/** A handler of this process that runs by itself. */
export interface OwnSchedule {
  readonly id: string;
  readonly handler: HandlerDefinition;
  readonly policy: SchedulePolicy;
  /** Of the worker's graph. */
  readonly fingerprint: string;
}

/** The schedule of a handler; null: it has none, or each of its jobs has one of its own. */
export function scheduleOf({ handler, worker }: KnownHandler): OwnSchedule | null {
  const { id, schedule, keyed } = handler;
  return schedule === undefined || keyed !== undefined
    ? null
    : { id, handler, policy: schedule, fingerprint: worker.graph.fingerprint };
}

/** Every schedule that this process declares. */
export function schedulesOf(definitions: Definitions): readonly OwnSchedule[] {
  return definitions
    .all()
    .flatMap((worker) => worker.handlers.flatMap((handler) => scheduleOf({ worker, handler }) ?? []));
}

/** As other processes are told of it. */
export function scheduleRef({ id, policy }: OwnSchedule): ScheduleRef {
  return { id, print: policy.print };
}
