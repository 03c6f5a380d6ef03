import type { SchedulePolicy } from '../model/schedule.js';
import type { ExecutionId } from '../model/ids.js';
import type { StoredSchedule } from '../ports/stored-schedule.js';

/** Prints of earlier deployments that are remembered. */
const MOST_FORMER = 20;

/** Where a schedule stands. Instants are epoch ms. */
export interface ScheduleState {
  /** Of the newest deployment's policy. */
  readonly print: string;
  readonly timing: string;
  /** Prints that were seen before. */
  readonly former: readonly string[];
  /** The next instant; null: there is none. */
  readonly nextAt: number | null;
  readonly isPaused: boolean;
  /** The newest instant that started an execution; null: none has. */
  readonly last: { readonly at: number; readonly executionId: ExecutionId } | null;
  /** An instant whose execution begins when that of `last` has ended; null: none waits. */
  readonly bufferedAt: number | null;
  /** Since when no live process declares it; null: one does. */
  readonly orphanedAt: number | null;
}

/** A schedule with the version under which it may be moved on. */
export interface KnownSchedule {
  readonly id: string;
  readonly version: string;
  readonly state: ScheduleState;
}

export function knownSchedule({ id, version, state }: StoredSchedule): KnownSchedule {
  return { id, version, state: JSON.parse(state) as ScheduleState };
}

/** Of a schedule that nobody has declared before. */
export function firstState(policy: SchedulePolicy, now: number): ScheduleState {
  const { print, timing, startImmediately } = policy;
  return {
    print,
    timing,
    former: [],
    nextAt: startImmediately ? now : policy.next(now),
    isPaused: false,
    last: null,
    bufferedAt: null,
    orphanedAt: null,
  };
}

/** The state under the policy of a newer deployment. What was missed is still missed, unless the instants are others now. */
export function taken(state: ScheduleState, policy: SchedulePolicy, now: number): ScheduleState {
  const { print, timing } = policy;
  const former = [...state.former, state.print].filter((each) => each !== print).slice(-MOST_FORMER);
  const nextAt = timing === state.timing ? state.nextAt : policy.next(Math.max(now, state.last?.at ?? now));
  return { ...state, print, timing, former, nextAt, orphanedAt: null };
}

/** Instants that passed while it was held are none that were missed. */
export function unpaused(state: ScheduleState, policy: SchedulePolicy, now: number): ScheduleState {
  return {
    ...state,
    isPaused: false,
    nextAt: policy.next(Math.max(now, state.last?.at ?? now)),
    bufferedAt: null,
  };
}
