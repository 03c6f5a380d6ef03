import type { ExecutionId } from '../model/ids.js';

/** Which open executions of a session, and from where on. */
export interface OpenRequest {
  readonly session: string;
  /**
   * The newest execution that counts, as the first page answered it; null: the newest one there is now. What a newer one is
   * of counts with it: an execution that was published into the session by one of the session that counts, counts.
   */
  readonly upTo: number | null;
  /** Where the page before ended; 0: at the oldest. */
  readonly after: number;
  /** How many executions it looks at, at most; those that do not count included. */
  readonly limit: number;
}

/** Open executions of a session, in order of creation. */
export interface OpenPage {
  readonly executions: readonly OpenExecution[];
  /** For the pages that follow. */
  readonly upTo: number;
  /** Where the next page begins, also that of what is created later. */
  readonly next: number;
  /** There are more now, of which some may count. */
  readonly more: boolean;
}

/** An execution that has not ended; one that is parked has not. */
export interface OpenExecution {
  readonly id: ExecutionId;
  readonly definition: string;
}
