import { tickEvent } from '../../dispatch/tick-event.js';
import {
  firstState,
  type KnownSchedule,
  knownSchedule,
  type ScheduleState,
  unpaused,
} from '../../maintenance/schedule-state.js';
import { type OwnSchedule, scheduleOf } from '../../maintenance/schedules.js';
import { type HandlerDefinition, partsOfDefinition, type WorkerDefinition } from '../../model/definition.js';
import { DefinitionError } from '../../model/errors-boot.js';
import type { ExecutionId } from '../../model/ids.js';
import { isApplied } from '../../ports/is-applied.js';
import { ExecutionHandle } from '../executions/execution-handle.js';
import { onlyMethod } from './only-method.js';
import type { ClassOf, MethodName, ResultOf } from '../executions/publication.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** A schedule that some deployment declares. */
export interface ScheduleSummary {
  /** `worker.method`. */
  readonly id: string;
  readonly worker: string;
  readonly method: string;
  /** `every 300000 ms`, or `cron`, the expression and its zone. */
  readonly timing: string;
  readonly paused: boolean;
  /** The next instant, epoch ms; null: it is paused, or has no further one. */
  readonly nextAt: number | null;
  /** The newest instant that started an execution, epoch ms; null: none has. */
  readonly lastAt: number | null;
  /** The execution of that instant. */
  readonly lastExecutionId: string | null;
}

/** How many instants `next` gives at most. */
const MOST_NEXT = 1_000;

/**
 * Methods with `@Every`, for operators. A call takes the class, and the method's name when the class has several schedules;
 * it throws `DefinitionError` when there is none.
 */
export class Schedules {
  /** @internal */
  constructor(
    private readonly parts: WorkerAppParts,
    private readonly definitionOf: (type: ClassOf<object>) => WorkerDefinition,
    /** Throws when the app is closed. */
    private readonly assertOpen: (call: string) => void,
  ) {}

  /** Every schedule that a process has started with, this one or another, in order of their ids. */
  async list(): Promise<readonly ScheduleSummary[]> {
    this.assertOpen('schedules.list()');
    const stored = await this.parts.store.schedules();
    return stored.map((each) => summaryOf(knownSchedule(each))).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Holds the schedule in every process, also after a restart, until `resume`. What runs goes on. */
  async pause<Instance extends object>(
    worker: ClassOf<Instance>,
    method?: MethodName<Instance>,
  ): Promise<void> {
    const schedule = this.find(worker, method, 'schedules.pause()');
    await this.change(schedule, (state) =>
      state.isPaused ? null : { ...state, isPaused: true, bufferedAt: null },
    );
  }

  /** Ends `pause`: it goes on with its next instant. Those that passed meanwhile are not run. */
  async resume<Instance extends object>(
    worker: ClassOf<Instance>,
    method?: MethodName<Instance>,
  ): Promise<void> {
    const schedule = this.find(worker, method, 'schedules.resume()');
    await this.change(schedule, (state, now) =>
      state.isPaused ? unpaused(state, schedule.policy, now) : null,
    );
  }

  /**
   * Runs the method now, whether or not it is paused and whatever runs; `scheduledAt` is now. The schedule itself goes on
   * as before. Resolves when the execution is stored. Inside an execution, call it in a step.
   */
  async trigger<Instance extends object, Method extends MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method?: Method,
  ): Promise<ExecutionHandle<ResultOf<Instance, Method>>> {
    const schedule = this.find(worker, method, 'schedules.trigger()');
    const { runtime, codec, clock, ids } = this.parts;
    await runtime.open();
    const id = ids.next() as ExecutionId;
    const event = tickEvent(schedule, codec, id, clock.now(), null);
    await runtime.writer.write({ kind: 'publish', events: [event] });
    runtime.publisher.published([event]);
    return new ExecutionHandle(this.parts, id, schedule.handler.worker, schedule.handler.method);
  }

  /** The next `count` instants after now, epoch ms, as the code of this process has them; 1,000 at most. Default 1. */
  next<Instance extends object>(
    worker: ClassOf<Instance>,
    method?: MethodName<Instance>,
    count = 1,
  ): readonly number[] {
    const { policy } = this.find(worker, method, 'schedules.next()');
    const instants: number[] = [];
    let at: number | null = this.parts.clock.now();
    while (instants.length < Math.min(count, MOST_NEXT)) {
      at = policy.next(at);
      if (at === null) break;
      instants.push(at);
    }
    return instants;
  }

  /** Another process may move it on meanwhile: then it is read anew. */
  private async change(
    schedule: OwnSchedule,
    change: (state: ScheduleState, now: number) => ScheduleState | null,
  ): Promise<void> {
    const { id, policy } = schedule;
    const { runtime, store, clock, ids } = this.parts;
    await runtime.open();
    for (;;) {
      const stored = (await store.schedules()).find((each) => each.id === id);
      const now = clock.now();
      const state = stored === undefined ? firstState(policy, now) : knownSchedule(stored).state;
      const changed = change(state, now);
      if (changed === null) return;
      const verdict = await runtime.writer.write({
        kind: 'schedule',
        id,
        expected: stored?.version ?? null,
        version: ids.next(),
        state: JSON.stringify(changed),
        event: null,
      });
      if (!isApplied(verdict)) continue;
      await runtime.readSchedules();
      return;
    }
  }

  private find(worker: ClassOf<object>, method: string | undefined, call: string): OwnSchedule {
    this.assertOpen(call);
    const definition = this.definitionOf(worker);
    const all = definition.handlers.flatMap((handler) => scheduleOf({ worker: definition, handler }) ?? []);
    const keyed = definition.handlers.filter(
      (each) => each.keyed?.kind === 'recurring' && (method === undefined || each.method === method),
    );
    const isOther = all.some(({ handler }) => method === undefined || handler.method === method);
    if (keyed.length > 0 && !isOther) throw keyedSchedule(worker.name, keyed, call);
    return onlyMethod(definition, all, method, {
      call,
      decorator: '@Every',
      write: "Write @Every('5 minutes') on the method",
    });
  }
}

/** Its jobs have a schedule each: the method has none. */
function keyedSchedule(type: string, handlers: readonly HandlerDefinition[], call: string): DefinitionError {
  return new DefinitionError(
    handlers.map(({ method }) => ({
      class: type,
      member: method,
      found: `its @Every is keyed, and ${call} is for those without a key`,
      write: `Write app.recurring(${type}, '${method}'), which has start, trigger, status, getState and terminate`,
    })),
  );
}

function summaryOf({ id, state }: KnownSchedule): ScheduleSummary {
  const { timing, isPaused, nextAt, last } = state;
  return {
    id,
    ...partsOfDefinition(id),
    timing,
    paused: isPaused,
    nextAt: isPaused ? null : nextAt,
    lastAt: last?.at ?? null,
    lastExecutionId: last?.executionId ?? null,
  };
}
