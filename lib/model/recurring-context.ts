import type { InstanceContext, TerminateOptions } from './instance-context.js';

/** What a method with a keyed `@Every` gets, beside the input of its job. */
export interface RecurringContext<State = unknown> extends InstanceContext<State> {
  /**
   * Ends the job with this tick, and nothing after the call runs; what the tick has set is stored. `status()` says `stopped`, with the
   * reason, until the job is started anew or `terminate(id)` forgets it.
   */
  terminate(options?: TerminateOptions): Promise<never>;
  /** `worker.method`. */
  readonly jobName: string;
  /** Ticks of the job, this one included. */
  readonly runCount: number;
  /** The instant that it runs for, epoch ms: the schedule's, however late it begins; that of the call when it was triggered. */
  readonly scheduledAt: number;
}
