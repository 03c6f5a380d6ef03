import type { ExecutionContext } from '../model/execution-context.js';
import type { RecurringContext } from '../model/recurring-context.js';
import { InstanceTurnContext, type ShownInstance } from './instance-turn-context.js';

/** The tick, as its context shows it. */
interface ShownTick extends ShownInstance {
  readonly jobName: string;
  readonly runCount: number;
  readonly scheduledAt: number;
}

/** What a method with a keyed `@Every` gets. */
export class RecurringTurnContext extends InstanceTurnContext implements RecurringContext {
  constructor(
    context: ExecutionContext,
    private readonly tick: ShownTick,
  ) {
    super(context, tick);
  }

  get jobName(): string {
    return this.tick.jobName;
  }

  get runCount(): number {
    return this.tick.runCount;
  }

  get scheduledAt(): number {
    return this.tick.scheduledAt;
  }
}
