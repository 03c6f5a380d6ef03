import type { AlarmTime } from '../model/actor-context.js';
import { parseDuration } from '../model/duration.js';
import { SchedulerError } from '../model/errors-instance.js';

const LAST_INSTANT = 8.64e15;
/** The year 2000: a number before it is no epoch, but ms from now that somebody took for one. */
const FIRST_EPOCH_MS = 946_684_800_000;

/** The instant, epoch ms. Throws `SchedulerError` for what is none. */
export function alarmInstant(when: AlarmTime, now: number): number {
  if (typeof when === 'number' && when < FIRST_EPOCH_MS && now >= FIRST_EPOCH_MS) throw tooEarly(when);
  const at =
    typeof when === 'string'
      ? now + (parseDuration(when) ?? Number.NaN)
      : when instanceof Date
        ? when.getTime()
        : when;
  if (typeof at === 'number' && Number.isFinite(at) && Math.abs(at) <= LAST_INSTANT)
    return Math.max(0, Math.ceil(at));
  const days = typeof when === 'string' && /mo|y(ea)?r/.test(when) ? ", '30 days' for a month" : '';
  const found = typeof when === 'string' ? `'${when.slice(0, 60)}'` : String(when);
  throw new SchedulerError(
    `ctx.schedule() was given ${found}. Write text such as '5 minutes'${days} (from now), an instant as epoch ms, or a Date`,
  );
}

function tooEarly(when: number): SchedulerError {
  const year =
    Number.isFinite(when) && Math.abs(when) <= LAST_INSTANT ? new Date(when).getUTCFullYear() : null;
  return new SchedulerError(
    `ctx.schedule(${when}) is ${year === null ? 'no instant' : `an instant in ${year}`}: a number is epoch ms. Write text such as '30 minutes' (from now), ctx.now() + ${when > 0 && Number.isFinite(when) ? when : 1_800_000}, or a Date`,
  );
}
