import type { FlushReason } from './debounce-context.js';
import type { WaitReason } from './execution.js';
import type { ExecutionId } from './ids.js';

interface OfExecution {
  readonly executionId: ExecutionId;
  readonly worker: string;
  readonly handler: string;
  readonly session: string | null;
  /** Of a turn or a batch: whose it is, `kind:worker:id`. Absent where there is no instance, or it is not known yet. */
  readonly instanceId?: string;
  /** Epoch ms. */
  readonly at: number;
}

interface OfStep extends OfExecution {
  /** Names only: `fulfil/charge/authorize`. */
  readonly step: string;
  readonly attempt: number;
}

interface OfSchedule {
  readonly worker: string;
  readonly handler: string;
  /** The instant of the schedule, epoch ms. */
  readonly scheduledAt: number;
  /** Epoch ms. */
  readonly at: number;
}

interface OfJob {
  readonly worker: string;
  readonly handler: string;
  /** `recurring:worker:id`. */
  readonly instanceId: string;
  /** Epoch ms. */
  readonly at: number;
}

interface OfActor {
  readonly worker: string;
  /** `actor:worker:id`. */
  readonly instanceId: string;
  /** The turn; null: `app.actor` did it. */
  readonly executionId: ExecutionId | null;
  /** Epoch ms. */
  readonly at: number;
}

interface OfDebounce extends OfExecution {
  /** `debounce:worker:key`. */
  readonly instanceId: string;
}

/** Everything the engine tells: the telemetry contract. */
export type LifecycleEvent =
  | (OfExecution & { readonly name: 'execution.accepted'; readonly event: string })
  | (OfExecution & {
      readonly name: 'execution.started';
      readonly attempt: number;
      readonly resumed: boolean;
    })
  | (OfExecution & {
      readonly name: 'execution.waiting';
      readonly reason: WaitReason;
      readonly until: number | null;
      /** With the reason `retry`: the attempt of the handler that failed, 1-based. */
      readonly attempt: number;
      /** With the reason `retry`: what it failed with, unless that was a step. */
      readonly error?: unknown;
    })
  | (OfExecution & {
      readonly name: 'execution.completed';
      /** Of the handler, 1-based. */
      readonly attempt: number;
      readonly durationMs: number;
    })
  | (OfExecution & {
      readonly name: 'execution.failed';
      /** The last attempt of the handler. */
      readonly attempt: number;
      readonly error: unknown;
      /** Names of the step that failed for good, when one did. */
      readonly step: string | null;
      readonly durationMs: number;
    })
  | (OfExecution & { readonly name: 'execution.cancelled' })
  | (OfExecution & {
      readonly name: 'execution.parked';
      /** The last attempt of the handler. */
      readonly attempt: number;
      readonly error: unknown;
      readonly step: string | null;
    })
  | (OfExecution & { readonly name: 'execution.skipped' })
  /** It was taken again and again and stored nothing, as what kills its process: it runs with nothing new beside it for a while. */
  | (OfExecution & {
      readonly name: 'execution.isolated';
      /** Times that it was taken since it last stored something, this one included. */
      readonly claims: number;
    })
  | (OfStep & { readonly name: 'step.started' })
  | (OfStep & { readonly name: 'step.completed'; readonly durationMs: number })
  | (OfStep & { readonly name: 'step.failed'; readonly error: unknown; readonly durationMs: number })
  | (OfStep & { readonly name: 'step.retried'; readonly error: unknown; readonly nextAt: number })
  /** A declared step that its route did not take, or that came after such a one. */
  | (OfExecution & { readonly name: 'step.skipped'; readonly step: string })
  /** A completed step was undone, since its execution failed or was cancelled. */
  | (OfExecution & { readonly name: 'step.compensated'; readonly step: string })
  /** A schedule came to one of its instants and started an execution for it. */
  | (OfSchedule & { readonly name: 'schedule.tick'; readonly executionId: ExecutionId })
  /**
   * A schedule left an instant out: the execution of the one before had not ended (`overlap`), or nobody could run it in
   * time (`misfire`: the first of those that were missed).
   */
  | (OfSchedule & { readonly name: 'schedule.skipped'; readonly reason: 'overlap' | 'misfire' })
  /** A job of a keyed schedule was started by `app.recurring`. */
  | (OfJob & { readonly name: 'schedule.started' })
  /** A job of a keyed schedule ended, by itself or by `app.recurring`. */
  | (OfJob & {
      readonly name: 'schedule.terminated';
      readonly reason: string | null;
      /** Its ticks that have ended. */
      readonly runCount: number;
    })
  /** A message created the actor. */
  | (OfActor & { readonly name: 'actor.started' })
  /** A turn scheduled an alarm. */
  | (OfActor & {
      readonly name: 'actor.scheduled';
      /** Epoch ms. */
      readonly scheduledAt: number;
      readonly trigger: 'event' | 'alarm' | 'idle' | 'error';
    })
  /** A turn ended, and nothing is scheduled. */
  | (OfActor & { readonly name: 'actor.idle'; readonly reason: 'event' | 'alarm' })
  | (OfActor & { readonly name: 'actor.terminated'; readonly reason: string | null })
  /** The first event of a batch was accepted by this process. */
  | (OfDebounce & { readonly name: 'debounce.started'; readonly flushAt: number })
  /** A batch was handled. */
  | (OfDebounce & {
      readonly name: 'debounce.flushed';
      readonly eventCount: number;
      readonly reason: FlushReason;
      /** From its first start to its end, waits included. */
      readonly durationMs: number;
    })
  | { readonly name: 'step.detached'; readonly worker: string; readonly step: string; readonly at: number }
  | {
      readonly name: 'event.unhandled';
      readonly event: string;
      readonly eventId: string;
      readonly at: number;
    }
  | { readonly name: 'app.started' | 'app.draining' | 'app.stopped'; readonly at: number }
  /** A fault outside any execution: a sweep that failed, a hint that could not be sent. */
  | { readonly name: 'app.fault'; readonly task: string; readonly error: unknown; readonly at: number }
  /** Executions in flight do not fit the graph of a worker that was deployed, or no live process has their handler: told once. */
  | {
      readonly name: 'app.misfit';
      readonly worker: string;
      /** A sentence: what was found, and what to write. */
      readonly message: string;
      /** Ids, at most ten of them. */
      readonly executions: readonly string[];
      /** How many there are in all. */
      readonly count: number;
      readonly at: number;
    }
  /** Requests to a mount were not let in (401): the first of its kind, and from then on, at most once a minute, how many since. */
  | {
      readonly name: 'http.refused';
      /** Of the mount. */
      readonly path: string;
      readonly surface: 'events' | 'hints';
      /** What was wrong; its sender is not told. `not-local`: the mount has no keys, and the request came from another machine. */
      readonly reason: 'guard' | 'not-signed' | 'out-of-time' | 'wrong-signature' | 'not-local';
      readonly count: number;
      readonly at: number;
    }
  /** The sweep found due work that no hint, timer or free slot had taken: about 0 in health. */
  | { readonly name: 'app.recovered'; readonly count: number; readonly at: number }
  /** One group was written: how many writes, and how long the store took. */
  | {
      readonly name: 'store.written';
      readonly writes: number;
      readonly durationMs: number;
      readonly at: number;
    }
  | (OfExecution & { readonly name: `custom.${string}`; readonly data: unknown });

/** What `app.on` takes, besides `*`. */
export type LifecycleEventName = LifecycleEvent['name'];

/** Every name but those of custom events, which users choose. */
export const LIFECYCLE_EVENT_NAMES: readonly string[] = Object.keys({
  'execution.accepted': true,
  'execution.started': true,
  'execution.waiting': true,
  'execution.completed': true,
  'execution.failed': true,
  'execution.cancelled': true,
  'execution.parked': true,
  'execution.skipped': true,
  'execution.isolated': true,
  'step.started': true,
  'step.completed': true,
  'step.failed': true,
  'step.retried': true,
  'step.skipped': true,
  'step.compensated': true,
  'schedule.tick': true,
  'schedule.skipped': true,
  'schedule.started': true,
  'schedule.terminated': true,
  'actor.started': true,
  'actor.scheduled': true,
  'actor.idle': true,
  'actor.terminated': true,
  'debounce.started': true,
  'debounce.flushed': true,
  'step.detached': true,
  'event.unhandled': true,
  'app.started': true,
  'app.draining': true,
  'app.stopped': true,
  'app.fault': true,
  'app.misfit': true,
  'app.recovered': true,
  'http.refused': true,
  'store.written': true,
} satisfies Record<Exclude<LifecycleEventName, `custom.${string}`>, true>);
