import type { ActorContext, AlarmTime, TurnTrigger } from '../model/actor-context.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { TerminateOptions } from '../model/instance-context.js';
import { TurnContext } from './turn-context.js';

/** The turn, as its context shows it. */
interface ShownTurn {
  readonly instance: string;
  readonly state: { readonly current: unknown; set(value: unknown): void };
  readonly isAlarm: boolean;
  readonly eventCount: number;
  readonly executeCount: number;
  readonly createdAt: number;
  readonly scheduledAt: number | null;
  schedule(when: AlarmTime, by: TurnTrigger | 'error'): void;
  cancelSchedule(): void;
  terminate(reason: string | null): void;
}

/** What the methods of an actor get. */
export class ActorTurnContext extends TurnContext implements ActorContext {
  constructor(
    context: ExecutionContext,
    private readonly turn: ShownTurn,
    readonly idleReason: 'event' | 'alarm' | null,
    readonly errorSource: TurnTrigger | null,
  ) {
    super(context);
  }

  get instanceId(): string {
    return this.turn.instance;
  }

  get state(): unknown {
    return this.turn.state.current;
  }

  get eventCount(): number {
    return this.turn.eventCount;
  }

  get isFirstEvent(): boolean {
    return !this.turn.isAlarm && this.turn.eventCount === 1;
  }

  get executeCount(): number {
    return this.turn.executeCount;
  }

  get createdAt(): number {
    return this.turn.createdAt;
  }

  setState(state: unknown): void {
    this.refuseInStep('setState()');
    this.turn.state.set(state);
  }

  updateState(update: (state: unknown) => unknown): void {
    this.refuseInStep('updateState()');
    this.turn.state.set(update(this.turn.state.current));
  }

  schedule(when: AlarmTime): void {
    this.refuseInStep('schedule()');
    this.turn.schedule(when, this.trigger);
  }

  cancelSchedule(): void {
    this.refuseInStep('cancelSchedule()');
    this.turn.cancelSchedule();
  }

  getScheduledTime(): number | null {
    return this.turn.scheduledAt;
  }

  terminate({ reason }: TerminateOptions = {}): Promise<never> {
    this.refuseInStep('terminate()');
    this.turn.terminate(reason ?? null);
    return new Promise(() => {});
  }

  private get trigger(): TurnTrigger | 'error' {
    if (this.errorSource !== null) return 'error';
    if (this.idleReason !== null) return 'idle';
    return this.turn.isAlarm ? 'alarm' : 'event';
  }
}
