import type { ExecutionContext } from '../model/execution-context.js';
import type { TerminateOptions } from '../model/instance-context.js';
import type { RecurringContext } from '../model/recurring-context.js';
import { TurnContext } from './turn-context.js';

/** The tick, as its context shows it. */
interface ShownTick {
  readonly instance: string;
  readonly state: { readonly current: unknown; set(value: unknown): void };
  readonly jobName: string;
  readonly runCount: number;
  readonly scheduledAt: number;
  terminate(reason: string | null): void;
}

export class RecurringTurnContext extends TurnContext implements RecurringContext {
  constructor(
    context: ExecutionContext,
    private readonly tick: ShownTick,
  ) {
    super(context);
  }

  get instanceId(): string {
    return this.tick.instance;
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

  get state(): unknown {
    return this.tick.state.current;
  }

  setState(state: unknown): void {
    this.refuseInStep('setState()');
    this.tick.state.set(state);
  }

  updateState(update: (state: unknown) => unknown): void {
    this.refuseInStep('updateState()');
    this.tick.state.set(update(this.tick.state.current));
  }

  terminate({ reason }: TerminateOptions = {}): Promise<never> {
    this.refuseInStep('terminate()');
    this.tick.terminate(reason ?? null);
    return new Promise(() => {});
  }
}
