import type { ExecutionId } from './ids.js';

/** A message that an execution may be due. Lost, doubled, late or forged, it costs latency only. */
export interface Hint {
  readonly executionId: ExecutionId;
  /** Grows with each time the execution becomes due: brokers that drop known ids need a new one each time. */
  readonly wakeSeq: number;
}
