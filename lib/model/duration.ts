import ms from 'ms';

type Unit =
  | 'ms'
  | 'millisecond'
  | 'milliseconds'
  | 's'
  | 'sec'
  | 'secs'
  | 'second'
  | 'seconds'
  | 'm'
  | 'min'
  | 'mins'
  | 'minute'
  | 'minutes'
  | 'h'
  | 'hr'
  | 'hrs'
  | 'hour'
  | 'hours'
  | 'd'
  | 'day'
  | 'days'
  | 'w'
  | 'week'
  | 'weeks';

/** A number of ms, or text such as `'30s'`, `'5 minutes'`, `'7d'`. */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;

/** What to write for a duration, as messages say it. */
export const DURATION_FORMS = "ms or text such as '30s' or '5 minutes'";

/** The forms; where months or years were written, also why there are none. */
export function durationForms(found: unknown): string {
  if (typeof found !== 'string' || !/\d ?(mo|months?|y|yrs?|years?)$/.test(found)) return DURATION_FORMS;
  return `${DURATION_FORMS}; months and years have no fixed length: write days, '30 days'`;
}

const SHAPE = /^\d+(\.\d+)? ?[a-z]+$/;

/** Ms of a duration, or null for what is none: negative, not finite, no unit, or a unit that has no fixed length. */
export function parseDuration(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  if (
    typeof value !== 'string' ||
    value.length > 40 ||
    !SHAPE.test(value) ||
    /(y|yrs?|years?|mo|months?)$/.test(value.replace(/days?$/, ''))
  )
    return null;
  const parsed: number | undefined = ms(value as ms.StringValue);
  return parsed === undefined || !Number.isFinite(parsed) ? null : parsed;
}
