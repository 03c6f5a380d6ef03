import type { ExecutionContext } from './execution-context.js';

/**
 * Why a batch begins: it has all that it takes, its time is over (`maxWait`: although events still came), or `flush()` was
 * called.
 */
export type FlushReason = 'maxEvents' | 'flushAfter' | 'maxWait' | 'manual';

/** What the method of a `@Debounce` gets beside its events. */
export interface DebounceContext extends ExecutionContext {
  /** How many events the batch has. */
  readonly eventCount: number;
  /** Why it begins: the same on each attempt. */
  readonly flushReason: FlushReason;
  /** When its first event was accepted, epoch ms. */
  readonly debounceStartedAt: number;
  /** When it was first begun, epoch ms; as `startedAt`. */
  readonly executionStartedAt: number;
  /** `debounce:worker:key`. */
  readonly instanceId: string;
}

/** What a reducer is told beside state and event. */
export interface ReduceInfo {
  /** Which event of the batch it is, from 1. */
  readonly eventCount: number;
  /** `debounce:worker:key`. */
  readonly instanceId: string;
}
