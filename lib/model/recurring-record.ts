/** What is stored of a recurring job. Instants are epoch ms. */
export interface RecurringRecord {
  /** Made when it was started: a tick of the job that had the id before is not one of this. */
  readonly made: string;
  /** The encoded input. */
  readonly input: string;
  /** The encoded state; null: it was never set. */
  readonly state: string | null;
  /** Grows by one with each tick that set the state, from 0. */
  readonly version: number;
  /** Ticks that have begun and ended, however. */
  readonly runCount: number;
  /** Instants of an interval are counted from here. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The instant of the newest tick that has run; null: none has. */
  readonly lastAt: number | null;
  /** Of the schedule by which the tick ahead was armed. */
  readonly timing: string;
  /** The instant of the tick that was armed last; null: the schedule has no more. */
  readonly nextAt: number | null;
  /** The executions of the tick that was armed last and of the newest that was triggered. */
  readonly ticks: { readonly armed: string | null; readonly triggered: string | null };
  /** It has ended itself; null: it runs. */
  readonly stopped: { readonly at: number; readonly reason: string | null } | null;
}

export function parseRecurringRecord(text: string): RecurringRecord {
  return JSON.parse(text) as RecurringRecord;
}

/** What the execution of one tick is given. */
export interface RecurringTick {
  readonly scheduledAt: number;
  /** Of which job of that id. */
  readonly made: string;
  /** Asked for, and none of the schedule's. */
  readonly triggered: boolean;
}
