import { NonRetryableError } from '../model/errors-step.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { InstanceContext, TerminateOptions } from '../model/instance-context.js';
import { TurnContext } from './turn-context.js';

/** The turn of something with state, as its context shows it. */
export interface ShownInstance {
  readonly instanceId: string;
  /** Nothing that its methods still do counts. */
  readonly isOver: boolean;
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
    return this.shown.instanceId;
  }

  get state(): unknown {
    return this.shown.state.current;
  }

  setState(state: unknown): void {
    this.assertOpen('setState()');
    this.shown.state.set(state);
  }

  updateState(update: (state: unknown) => unknown): void {
    this.assertOpen('updateState()');
    if (typeof update !== 'function')
      throw new NonRetryableError(
        `ctx.updateState() was given ${typeof update === 'object' ? 'an object' : String(update).slice(0, 60)}, and takes a function. Write ctx.updateState((state) => ({ ...state, … })), or ctx.setState({ … }) for the whole`,
      );
    this.shown.state.set(update(this.shown.state.current));
  }

  terminate({ reason }: TerminateOptions = {}): Promise<never> {
    this.refuseInStep('terminate()');
    this.shown.terminate(reason ?? null);
    return new Promise(() => {});
  }

  /** What comes when the turn has ended, or in a step, would be lost. */
  protected assertOpen(call: string): void {
    this.refuseInStep(call);
    if (!this.shown.isOver) return;
    throw new NonRetryableError(
      `ctx.${call} was called when the turn of '${this.handler}' had ended: the change is lost. Await in the method whatever calls ctx.${call}`,
    );
  }
}
