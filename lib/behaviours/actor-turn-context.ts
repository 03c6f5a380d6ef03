import type { ActorContext, AlarmTime, TurnTrigger } from '../model/actor-context.js';
import type { ExecutionContext } from '../model/execution-context.js';
import { InstanceTurnContext, type ShownInstance } from './instance-turn-context.js';

/** The turn, as its context shows it. */
interface ShownTurn extends ShownInstance {
  readonly isAlarm: boolean;
  readonly eventCount: number;
  readonly executeCount: number;
  readonly createdAt: number;
  readonly scheduledAt: number | null;
  schedule(when: AlarmTime, by: TurnTrigger | 'error'): void;
  cancelSchedule(): void;
}

/** What the methods of an actor get. */
export class ActorTurnContext extends InstanceTurnContext implements ActorContext {
  constructor(
    context: ExecutionContext,
    private readonly turn: ShownTurn,
    readonly idleReason: 'event' | 'alarm' | null,
    readonly errorSource: TurnTrigger | null,
  ) {
    super(context, turn);
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

  schedule(when: AlarmTime): void {
    this.assertOpen('schedule()');
    this.turn.schedule(when, this.trigger);
  }

  cancelSchedule(): void {
    this.assertOpen('cancelSchedule()');
    this.turn.cancelSchedule();
  }

  getScheduledTime(): number | null {
    return this.turn.scheduledAt;
  }

  private get trigger(): TurnTrigger | 'error' {
    if (this.errorSource !== null) return 'error';
    if (this.idleReason !== null) return 'idle';
    return this.turn.isAlarm ? 'alarm' : 'event';
  }
}
