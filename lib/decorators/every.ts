import type { Duration } from '../model/duration.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { Misfire, Overlap, Tick } from '../model/schedule.js';
import type { RecurringContext } from '../model/recurring-context.js';
import type { StateSource } from '../model/state-source.js';
import type { ContextSecond } from './context-second.js';
import { recordTwice } from './record-class.js';
import { methodDecorator } from './method-decorator.js';

/** Of `@Every`. Each may be left out. */
export interface EveryOptions {
  readonly keyed?: false;
  /**
   * What happens to instants that passed while no process could run them: `'once'` (default) runs the newest, for all of
   * them; `'skip'` runs none; `'all'` runs each, the newest 100 at most, one after another unless overlaps are allowed.
   * What is less than a minute late was not missed.
   */
  readonly misfire?: Misfire;
  /**
   * What happens at an instant while the execution of the one before has not ended: `'skip'` (default) leaves it out,
   * `'buffer'` runs it afterwards (one waits at most), `'allow'` runs both, `'cancel'` cancels the earlier one.
   */
  readonly overlap?: Overlap;
  /** Runs once when the schedule is first declared, too. Default false. */
  readonly startImmediately?: boolean;
  /** Executions begin up to so much after their instant, spread by chance. Default 0. */
  readonly jitter?: Duration;
  /** Kept in the worker's step graph. */
  readonly description?: string;
}

/** Of `@Every`, with the interval. */
export interface IntervalOptions extends EveryOptions {
  /** Its instants are the multiples of it since 1970-01-01T00:00Z: `'5 minutes'` comes at :00, :05, :10… */
  readonly every: Duration;
  readonly cron?: never;
  readonly timeZone?: never;
}

/** Of `@Every`, with a cron expression. */
export interface CronOptions extends EveryOptions {
  /** Five fields (minute, hour, day, month, weekday), or six with seconds first. */
  readonly cron: string;
  /** The IANA zone in which it is read. Default `'UTC'`. */
  readonly timeZone?: string;
  readonly every?: never;
}

/** Of a keyed `@Every`: each job that is started has ticks, an input and a state of its own. */
export interface KeyedEveryOptions<State = unknown>
  extends Pick<EveryOptions, 'misfire' | 'jitter' | 'description'> {
  readonly keyed: true;
  /** A class (checked where it has class-validator decorators) or a Standard Schema, which must take what it gives. */
  readonly state?: StateSource<State>;
  /**
   * What happens to instants that pass while a tick has not ended, retries and waits included: `'skip'` (default) leaves them out,
   * `'buffer'` runs the newest of them afterwards.
   */
  readonly overlap?: 'skip' | 'buffer';
  /** Runs once when a job is started, too. Default true. */
  readonly startImmediately?: boolean;
}

/** Of a keyed `@Every`, with the interval. */
export interface KeyedIntervalOptions<State = unknown> extends KeyedEveryOptions<State> {
  /** Its instants are counted from the start of the job. */
  readonly every: Duration;
  readonly cron?: never;
  readonly timeZone?: never;
}

/** Of a keyed `@Every`, with a cron expression. */
export interface KeyedCronOptions<State = unknown> extends KeyedEveryOptions<State> {
  /** As of an `@Every` without a key. */
  readonly cron: string;
  /** The IANA zone in which it is read. Default `'UTC'`. */
  readonly timeZone?: string;
  readonly every?: never;
}

/** Stands on a method that takes the input of a job, with its context second. */
export type KeyedEveryDecorator<State> = <
  Method extends (input: never, context: RecurringContext<State>) => unknown,
>(
  target: ContextSecond<Parameters<Method>>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Stands on a method that can take a tick, with the execution's context second. */
export type EveryDecorator = <Method extends (tick: Tick, context: ExecutionContext) => unknown>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method a handler that runs by itself: one execution for each instant of the schedule, across all processes. It
 * calls steps and carries policies as any handler. One that fails does not stop the schedule.
 *
 * @example
 * @Every('5 minutes')
 * async poll({ scheduledAt }: Tick) { … }
 *
 * @example
 * @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin', misfire: 'skip' })
 * async report({ scheduledAt }: Tick, context: ExecutionContext) { … }
 *
 * @example
 * // One job for each id that `app.recurring(Tokens, 'refresh').start({ id, input })` names.
 * @Every('50 minutes', { keyed: true, state: TokenState })
 * async refresh(account: Account, ctx: RecurringContext<TokenState>) { ctx.setState(await this.fetch(account)); }
 */
export function Every<State = unknown>(
  interval: Duration,
  options: KeyedEveryOptions<State>,
): KeyedEveryDecorator<State>;
export function Every<State = unknown>(
  options: KeyedCronOptions<State> | KeyedIntervalOptions<State>,
): KeyedEveryDecorator<State>;
export function Every(interval: Duration, options?: EveryOptions): EveryDecorator;
export function Every(options: CronOptions | IntervalOptions): EveryDecorator;
export function Every(written: unknown, options?: unknown) {
  return methodDecorator('Every', arguments, (found) => {
    if (found.method.every != null) recordTwice(found.record, found.type, found.name, 'Every');
    found.method.every = { written, options };
  });
}
