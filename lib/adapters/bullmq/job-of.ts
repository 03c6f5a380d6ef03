import { createHash } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import type { Hint } from '../../model/hint.js';
import type { ExecutionId } from '../../model/ids.js';
import type { BullmqSettings } from './bullmq-options.js';

/** What a job carries: where to look, never what to do. */
export interface JobData {
  readonly executionId: string;
  readonly wakeSeq: number;
  /** `worker.method`; absent: the sender did not say. */
  readonly definition?: string;
  /** Absent: none. */
  readonly session?: string;
}

/** A job as `addBulk` takes it. */
export interface NewJob {
  readonly name: string;
  readonly data: JobData;
  readonly opts: JobsOptions;
}

/** Name of jobs that name no execution. */
const LOOK = 'look';
/** A process that stops, or whose store does not answer, hands a job back so many times. */
const DELIVERIES = 5;
const BACKOFF_MS = 1_000;

export function jobOf(hint: Hint, settings: BullmqSettings, own: JobsOptions): NewJob {
  const { executionId, wakeSeq, route } = hint;
  const { removeOnComplete, removeOnFail, clock } = settings;
  const data: JobData = {
    executionId,
    wakeSeq,
    ...(route === undefined ? null : { definition: route.definition }),
    ...(route?.session == null ? null : { session: route.session }),
  };
  const dueInMs = (route?.dueAt ?? 0) - clock.now();
  const opts: JobsOptions = {
    attempts: DELIVERIES,
    backoff: { type: 'fixed', delay: BACKOFF_MS },
    removeOnComplete,
    removeOnFail,
    ...(route === undefined ? null : { priority: priorityOf(route.priority) }),
    ...(dueInMs > 0 ? { delay: Math.ceil(dueInMs) } : null),
    ...own,
    ...(executionId === ''
      ? { deduplication: { id: lookId(wakeSeq) } }
      : { jobId: jobId(executionId, wakeSeq) }),
  };
  return { name: executionId === '' ? LOOK : (route?.definition ?? 'hint'), data, opts };
}

/** Under which a look is known as long as it waits. */
export function lookId(wakeSeq: number): string {
  return `${LOOK}-${wakeSeq}`;
}

/** The hint that a job carries; null: it is none of ours. */
export function hintOf(data: unknown): Hint | null {
  if (typeof data !== 'object' || data === null) return null;
  const { executionId, wakeSeq, definition, session } = data as Partial<Record<keyof JobData, unknown>>;
  if (typeof executionId !== 'string' || typeof wakeSeq !== 'number') return null;
  const hint = { executionId: executionId as ExecutionId, wakeSeq };
  if (typeof definition !== 'string') return hint;
  const route = {
    definition,
    session: typeof session === 'string' ? session : null,
    priority: 0,
    dueAt: null,
  };
  return { ...hint, route };
}

/** Ours: −100…100, higher first. BullMQ's: from 1, lower first; a job without one would go before all others. */
function priorityOf(priority: number): number {
  return 101 - Math.max(-100, Math.min(100, Math.round(priority)));
}

/** One for each wake: BullMQ drops jobs whose id it knows. */
function jobId(executionId: string, wakeSeq: number): string {
  const isPlain = /^[\w-]{1,128}$/.test(executionId);
  const name = isPlain
    ? executionId
    : `#${createHash('sha256').update(executionId, 'utf16le').digest('hex')}`;
  return `${name}-${wakeSeq}`;
}
