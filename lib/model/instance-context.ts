import type { DataFields } from './event-source.js';
import type { ExecutionContext } from './execution-context.js';

/**
 * What the methods of something with state get as context. What they change is stored when the turn succeeds, in the commit
 * that ends it, and not at all when it fails. In the body of a step these calls are refused: they would be lost on a resume.
 */
export interface InstanceContext<State, Current = State | null> extends ExecutionContext {
  /** `actor:worker:id`, or of a job `recurring:worker:id`. */
  readonly instanceId: string;
  /** Deeply frozen, and as this turn has set it; null at first. Maps, sets and dates in it cannot be frozen: do not change them. */
  readonly state: Current;
  /**
   * Replaces the state. Throws `InvalidStateError` when its class or schema refuses it; an asynchronous schema is asked when
   * the method has returned, which then fails with it.
   */
  setState(state: DataFields<State>): void;
  /** `setState` with what the function makes of the present state. */
  updateState(update: (state: Current) => DataFields<State>): void;
  /** Ends the turn here, and the instance with it: nothing after the call runs. What is scheduled is dropped; the id may be used anew. */
  terminate(options?: TerminateOptions): Promise<never>;
}

/** Of `terminate`. */
export interface TerminateOptions {
  /** Told by `actor.terminated`, or by the `status()` of a recurring job. */
  readonly reason?: string;
}
