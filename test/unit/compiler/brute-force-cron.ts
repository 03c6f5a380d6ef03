/**
 * Cron by looking at each minute: no arithmetic of dates, nothing of what is tested. Seconds are fields of a matching minute, since
 * no zone has changed its clock by other than whole minutes since 2000.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Offsets of a zone over some years, read from what `Intl` prints for each day. */
export class OffsetTable {
  /** Instants from which an offset holds; both in minutes. */
  private readonly rows: { readonly from: number; readonly offset: number }[] = [];

  constructor(zone: string, from: number, until: number) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const offsetAt = (minute: number): number => {
      const [, sign, hours, minutes, rest] =
        /GMT(?:([+-])(\d\d):(\d\d)(.*))?$/.exec(format.format(minute * MINUTE)) ?? [];
      if (rest !== undefined && rest !== '') throw new Error(`${zone} has an offset of seconds`);
      const size = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
      return sign === '-' ? -size : size;
    };
    const last = until / MINUTE;
    let before = from / MINUTE;
    this.rows.push({ from: before, offset: offsetAt(before) });
    for (let at = before + DAY / MINUTE; at < last + DAY / MINUTE; at += DAY / MINUTE) {
      const offset = offsetAt(at);
      if (offset !== this.rows.at(-1)?.offset) {
        let [low, high] = [before, at];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (offsetAt(middle) === offset) high = middle;
          else low = middle;
        }
        this.rows.push({ from: high, offset });
      }
      before = at;
    }
  }

  /** Instants at which the offset changes. */
  changes(): number[] {
    return this.rows.slice(1).map(({ from }) => from * MINUTE);
  }

  /** Local minutes since 1970, one for each minute from the first to the last. */
  localMinutes(first: number, last: number): Int32Array {
    const minutes = new Int32Array(last - first + 1);
    let row = this.rows.findLastIndex(({ from }) => from <= first);
    for (let minute = first; minute <= last; minute++) {
      if (this.rows[row + 1]?.from === minute) row++;
      minutes[minute - first] = minute + (this.rows[row]?.offset ?? 0);
    }
    return minutes;
  }
}

/** An expression as sets of what each field allows. */
export interface CronFields {
  readonly seconds: readonly number[];
  /** Of the 1,440 minutes of a day. */
  readonly minutes: Uint8Array;
  readonly takesDay: (day: number) => boolean;
  /** It names times of day: nothing before the days repeats. */
  readonly isFixed: boolean;
}

/** Reads `*`, numbers, names, ranges, steps and lists; `L` as a day; `5L` and `5#2` as weekdays. */
export function readCron(expression: string): CronFields {
  const fields = expression.split(' ');
  if (fields.length === 5) fields.unshift('0');
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const hours = valuesOf(hour, 0, 23);
  const minutes = new Uint8Array(1_440);
  for (const each of valuesOf(minute, 0, 59)) for (const of of hours) minutes[of * 60 + each] = 1;
  const months = new Set(valuesOf(month, 1, 12, MONTHS));
  const known = new Map<number, boolean>();
  const takes = (at: number): boolean => {
    const date = new Date(at * DAY);
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const byDay = day.split(',').some((part) => isDay(part, date));
    const byWeekday = weekday.split(',').some((part) => isWeekday(part, date));
    // Of two that restrict, either will do.
    if (day !== '*' && weekday !== '*') return byDay || byWeekday;
    return byDay && byWeekday;
  };
  return {
    seconds: valuesOf(second, 0, 59),
    minutes,
    takesDay: (at) => {
      const found = known.get(at) ?? takes(at);
      known.set(at, found);
      return found;
    },
    isFixed: !/[*/]/.test(second + minute + hour),
  };
}

function isDay(part: string, date: Date): boolean {
  if (part === 'L') return new Date(date.getTime() + DAY).getUTCDate() === 1;
  return valuesOf(part, 1, 31).includes(date.getUTCDate());
}

function isWeekday(part: string, date: Date): boolean {
  const of = date.getUTCDay();
  const [, name, which] = /^(\w+?)(L|#\d)$/.exec(part) ?? [];
  if (name === undefined || which === undefined)
    return valuesOf(part, 0, 7, DAYS, 0).some((each) => each % 7 === of);
  if (!valuesOf(name, 0, 7, DAYS, 0).some((each) => each % 7 === of)) return false;
  if (which === 'L') return new Date(date.getTime() + 7 * DAY).getUTCMonth() !== date.getUTCMonth();
  return Math.ceil(date.getUTCDate() / 7) === Number(which.slice(1));
}

const read = new Map<string, readonly number[]>();

/** Read once for each field: the same few are asked for of every day. */
function valuesOf(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  first = 1,
): readonly number[] {
  const key = `${field} ${least} ${most}`;
  const values = read.get(key) ?? readValues(field, least, most, names, first);
  read.set(key, values);
  return values;
}

function readValues(
  field: string,
  least: number,
  most: number,
  names: readonly string[],
  first: number,
): readonly number[] {
  const numberOf = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    return named === -1 ? Number(text) : named + first;
  };
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to = from] = range === '*' ? [String(least), String(most)] : range.split('-');
    for (let each = numberOf(from); each <= numberOf(to); each += Number(step)) found.add(each);
  }
  return [...found].toSorted((a, b) => a - b);
}

/** A stretch of time, looked at minute by minute. */
export class Stretch {
  private readonly first: number;
  /** What the clock shows, minute by minute: local minutes since 1970, and the same as day and minute of it. */
  private readonly locals: Int32Array;
  private readonly days: Int32Array;
  private readonly minutesOfDays: Int32Array;

  constructor(
    table: OffsetTable,
    readonly from: number,
    readonly until: number,
  ) {
    // Two days before: a clock that was set back repeats what came then.
    this.first = Math.floor((from - 2 * DAY) / MINUTE);
    this.locals = table.localMinutes(this.first, Math.floor(until / MINUTE));
    this.days = this.locals.map((local) => dayOf(local));
    this.minutesOfDays = this.locals.map((local) => local - dayOf(local) * 1_440);
  }

  /**
   * Every instant of the expression, as G11 defines it: a time of day comes once, the first time that a clock shows it or, where none
   * does, when clocks come to show a later one; anything else, each time that a clock shows it.
   */
  instants({ seconds, minutes, takesDay, isFixed }: CronFields): number[] {
    const found: number[] = [];
    const take = (at: number, isShown: boolean): void => {
      // What is left out comes at the first instant after the gap, whatever its seconds.
      for (const second of isShown ? seconds : [0])
        if (at * MINUTE + second * 1_000 !== found.at(-1)) found.push(at * MINUTE + second * 1_000);
    };
    const { locals, days, minutesOfDays, first } = this;
    const { length } = locals;
    let latest = (locals[0] ?? 0) - 1;
    for (let i = 0; i < length; i++) {
      const local = locals[i] ?? 0;
      if (isFixed) {
        // Times that no clock has shown: none but this one unless clocks were set forward.
        for (let passed = latest + 1; passed < local; passed++) {
          const day = dayOf(passed);
          if (minutes[passed - day * 1_440] === 1 && takesDay(day)) take(first + i, false);
        }
        if (local <= latest) continue;
        latest = local;
      }
      if (minutes[minutesOfDays[i] ?? 0] === 1 && takesDay(days[i] ?? 0)) take(first + i, true);
    }
    return [...new Set(found)].filter((at) => at >= this.from && at <= this.until);
  }
}

/** The day of a local minute, counted from 1970. */
function dayOf(local: number): number {
  return (local - (((local % 1_440) + 1_440) % 1_440)) / 1_440;
}
