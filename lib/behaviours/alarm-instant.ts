import type { AlarmTime } from '../model/actor-context.js';
import { parseDuration } from '../model/duration.js';
import { SchedulerError } from '../model/errors-instance.js';

const LAST_INSTANT = 8.64e15;

/** The instant, epoch ms. Throws `SchedulerError` for what is none. */
export function alarmInstant(when: AlarmTime, now: number): number {
  const at =
    typeof when === 'string'
      ? now + (parseDuration(when) ?? Number.NaN)
      : when instanceof Date
        ? when.getTime()
        : when;
  if (typeof at === 'number' && Number.isFinite(at) && Math.abs(at) <= LAST_INSTANT)
    return Math.max(0, Math.ceil(at));
  const found = typeof when === 'string' ? `'${when.slice(0, 60)}'` : String(when);
  throw new SchedulerError(
    `ctx.schedule() was given ${found}. Write text such as '5 minutes' (from now), an instant as epoch ms, or a Date`,
  );
}
