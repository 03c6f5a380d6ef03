import type { Duration } from '../model/duration.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { Misfire, Overlap, Tick } from '../model/schedule.js';
import { recordTwice } from './record-class.js';
import { recordMethod } from './record-method.js';

/** Of `@Every`. Each may be left out. */
export interface EveryOptions {
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
 */
export function Every(interval: Duration, options?: EveryOptions): EveryDecorator;
export function Every(options: CronOptions | IntervalOptions): EveryDecorator;
export function Every(written: unknown, options?: EveryOptions): EveryDecorator {
  return (target: object, key: string | symbol, descriptor?: PropertyDescriptor) => {
    const found = recordMethod('Every', target, key, descriptor);
    if (found === null) return;
    if (found.method.every != null) recordTwice(found.record, found.type, found.name, 'Every');
    found.method.every = { written, options };
  };
}
