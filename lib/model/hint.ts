import type { ExecutionId } from './ids.js';

/** A message that an execution may be due. Lost, doubled, late or forged, it costs latency only. */
export interface Hint {
  /**
   * Empty: a *look*, for whatever is due of the worker that `route` names. One look of each worker and `wakeSeq` need be on its way
   * at once.
   */
  readonly executionId: ExecutionId;
  /** Grows with each time the execution becomes due: brokers that drop known ids need a new one each time. */
  readonly wakeSeq: number;
  /** What a broker needs to choose a queue and a place in it. Absent: the sender did not say. */
  readonly route?: HintRoute;
}

/** Of the execution that a hint is about. */
export interface HintRoute {
  /** `worker.method`. */
  readonly definition: string;
  readonly session: string | null;
  /** −100…100, higher first. */
  readonly priority: number;
  /** Not before this instant, epoch ms; null: now. */
  readonly dueAt: number | null;
}
