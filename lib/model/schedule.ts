/** What happens to instants that passed while nobody could run them. */
export type Misfire = 'once' | 'skip' | 'all';

/** What happens to an instant while the execution of the one before has not ended. */
export type Overlap = 'skip' | 'buffer' | 'allow' | 'cancel';

/** When a handler runs by itself; of one `@Every`, compiled. */
export interface SchedulePolicy {
  /** Names all of it: two schedules with equal prints are alike. */
  readonly print: string;
  /** Interval, or cron expression and zone: what decides which instants it has. */
  readonly timing: string;
  /** Of an interval; null: it is a cron expression. */
  readonly intervalMs: number | null;
  /** The first of its instants after that one, epoch ms; null: there is none. Depends on nothing but `timing`. */
  readonly next: (after: number) => number | null;
  readonly misfire: Misfire;
  readonly overlap: Overlap;
  /** The first instant is that of its first declaration. */
  readonly startImmediately: boolean;
  /** Executions begin up to so many ms after their instant. */
  readonly jitterMs: number;
}

/** What a method with `@Every` receives. */
export interface Tick {
  /** The instant that it runs for, epoch ms: the schedule's, however late the execution begins. */
  readonly scheduledAt: number;
}

/** The event name of executions that a schedule starts: no event that is published can have it. */
export const TICK_EVENT = '*tick';
