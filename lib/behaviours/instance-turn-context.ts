import type { ExecutionContext } from '../model/execution-context.js';
import type { InstanceContext, TerminateOptions } from '../model/instance-context.js';
import { TurnContext } from './turn-context.js';

/** The turn of something with state, as its context shows it. */
export interface ShownInstance {
  readonly instance: string;
  readonly state: { readonly current: unknown; set(value: unknown): void };
  terminate(reason: string | null): void;
}

/** What the contexts of actors and of recurring jobs have in common. */
export abstract class InstanceTurnContext extends TurnContext implements InstanceContext<unknown> {
  constructor(
    context: ExecutionContext,
    private readonly shown: ShownInstance,
  ) {
    super(context);
  }

  get instanceId(): string {
    return this.shown.instance;
  }

  get state(): unknown {
    return this.shown.state.current;
  }

  setState(state: unknown): void {
    this.refuseInStep('setState()');
    this.shown.state.set(state);
  }

  updateState(update: (state: unknown) => unknown): void {
    this.refuseInStep('updateState()');
    this.shown.state.set(update(this.shown.state.current));
  }

  terminate({ reason }: TerminateOptions = {}): Promise<never> {
    this.refuseInStep('terminate()');
    this.shown.terminate(reason ?? null);
    return new Promise(() => {});
  }
}
