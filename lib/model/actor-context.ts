import type { Duration } from './duration.js';
import type { InstanceContext } from './instance-context.js';

/** When an alarm comes: text such as `'5 minutes'` from now, an instant as epoch ms, or a Date. */
export type AlarmTime = Extract<Duration, string> | number | Date;

/** What a turn of an actor was. */
export type TurnTrigger = 'event' | 'alarm' | 'idle';

/** What the methods of an actor get, beside the event or the error. */
export interface ActorContext<State = unknown> extends InstanceContext<State> {
  /** Messages that the actor has handled since it was created, this one included. */
  readonly eventCount: number;
  /** Whether this message creates the actor. */
  readonly isFirstEvent: boolean;
  /** Alarms that it has handled, this one included. */
  readonly executeCount: number;
  /** When the message that created it was accepted, epoch ms. */
  readonly createdAt: number;
  /** In `@OnIdle`: after what nothing is scheduled. Null elsewhere. */
  readonly idleReason: 'event' | 'alarm' | null;
  /** In `@OnError`: which method failed. Null elsewhere. */
  readonly errorSource: TurnTrigger | null;
  /**
   * Has `@OnAlarm` run at that instant, instead of what was scheduled before. Holds when the turn succeeds. An instant that has passed is
   * now. Throws `SchedulerError` for what is no time, for a number before the year 2000 (ms from now, most likely), and where the class
   * has no `@OnAlarm`.
   */
  schedule(when: AlarmTime): void;
  /** Nothing is scheduled any more, when the turn succeeds. */
  cancelSchedule(): void;
  /** The instant that is scheduled, also by this turn, epoch ms; null: none. Null in an alarm until it schedules another. */
  getScheduledTime(): number | null;
}
