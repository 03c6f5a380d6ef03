import type { Outcomes } from '../../dispatch/outcomes.js';
import type { AwaitedOutcome, Waiter } from '../../engine/work.js';
import { AppClosedError } from '../../model/errors-app.js';
import { ExecutionNotFoundError, TimeoutError } from '../../model/errors-execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { StoredOutcome } from '../../model/outcome.js';
import type { Clock, Timer } from '../../ports/clock.js';

/** One call that waits for the outcome of an execution; it is told once, whatever comes first. */
export class OutcomeWait implements Waiter {
  private timer: Timer | null = null;

  constructor(
    private readonly outcomes: Outcomes,
    private readonly id: ExecutionId,
    private readonly call: string,
    /** Called when the wait is over. */
    private readonly unwatch: () => void,
    private readonly resolve: (outcome: StoredOutcome) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  /** Gives up after that long. */
  limit(clock: Clock, timeoutMs: number): void {
    this.timer = clock.setTimer(timeoutMs, () => {
      this.outcomes.forget(this.id, this);
      this.unwatch();
      this.reject(new TimeoutError(`waiting for execution '${this.id}'`, timeoutMs));
    });
  }

  told(outcome: AwaitedOutcome): void {
    this.timer?.cancel();
    this.unwatch();
    if (outcome === 'closed') this.reject(new AppClosedError(this.call, 'waiting'));
    else if (outcome === 'gone') this.reject(new ExecutionNotFoundError(this.id));
    else this.resolve(outcome);
  }
}
