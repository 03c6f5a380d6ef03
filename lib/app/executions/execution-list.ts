import { partsOfDefinition } from '../../model/definition.js';
import {
  wakeAt,
  type ExecutionRecord,
  type ExecutionStatus,
  type WaitReason,
} from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { ExecutionFilter } from '../../ports/store.js';
import {
  aClassOrId,
  oneOf,
  optionMistakes,
  refuse,
  text,
  wholeBetween,
  type OptionCheck,
} from '../options/option-checks.js';
import type { ClassOf } from './publication.js';

/**
 * What `executions.list` selects; all that is given must match. Default: everything, 100 at a time. Unknown or impossible
 * filters are a `ConfigurationError`.
 */
export interface ListFilter {
  readonly status?: ExecutionStatus;
  /** A worker's class or id. */
  readonly worker?: ClassOf<object> | string;
  readonly session?: string;
  /** An event's name. */
  readonly event?: string;
  /** The last id of the page before. */
  readonly after?: string;
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number;
}

/** One execution as `executions.list` shows it. Instants are epoch ms. */
export interface ExecutionSummary {
  readonly id: string;
  /** The worker's id. */
  readonly worker: string;
  /** The handler's method. */
  readonly handler: string;
  readonly status: ExecutionStatus;
  /** What it waits for; null unless it is `waiting`. */
  readonly waitReason: WaitReason | null;
  /** The event's name. */
  readonly event: string;
  readonly eventId: string;
  readonly session: string | null;
  /** −100…100, higher first. */
  readonly priority: number;
  /** 1-based attempt of the handler itself. */
  readonly attempt: number;
  readonly createdAt: number;
  /** When it first began; null before. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** When its next timer is due: of a sleep, a retry or a timeout. Null when it has none. */
  readonly wakeAt: number | null;
}

const STATUSES = Object.keys({
  pending: true,
  running: true,
  waiting: true,
  completed: true,
  failed: true,
  cancelled: true,
  parked: true,
  skipped: true,
} satisfies Record<ExecutionStatus, true>);

const CHECKS: Readonly<Record<keyof ListFilter, OptionCheck>> = {
  status: oneOf(...STATUSES),
  worker: aClassOrId,
  session: text,
  event: text,
  after: text,
  limit: wholeBetween(1, 1_000),
};

/** What the store is asked. Throws `ConfigurationError` for what cannot be, `DefinitionError` for a class that is no worker. */
export function storeFilterOf(
  given: ListFilter,
  workerIdOf: (type: ClassOf<object>) => string,
  call: string,
): ExecutionFilter {
  refuse(optionMistakes(call, given, CHECKS));
  const { status, worker, session, event, after, limit = 100 } = given;
  return {
    limit,
    ...(status === undefined ? null : { status }),
    ...(worker === undefined ? null : { worker: typeof worker === 'string' ? worker : workerIdOf(worker) }),
    ...(session === undefined ? null : { session }),
    ...(event === undefined ? null : { event }),
    ...(after === undefined ? null : { after: after as ExecutionId }),
  };
}

export function summaryOf(record: ExecutionRecord): ExecutionSummary {
  const { worker, method: handler } = partsOfDefinition(record.definition.id);
  const { id, status, waitReason, eventId, session, priority, attempt } = record;
  const { createdAt, startedAt, endedAt } = record;
  return {
    id,
    worker,
    handler,
    status,
    waitReason,
    event: record.eventName,
    eventId,
    session,
    priority,
    attempt,
    createdAt,
    startedAt,
    endedAt,
    wakeAt: wakeAt(record.timers),
  };
}
