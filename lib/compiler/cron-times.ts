import { Cron } from 'croner';
import { ZoneClock } from './zone-clock.js';

/** Longer than any clock was set back. */
const LOOK_BACK_MS = 2 * 86_400_000;

/** The first after that one, or null: there is none. */
type Next = (after: number) => number | null;

/**
 * The instants of a cron expression of five or six fields. Throws what says why it cannot be read.
 *
 * Where clocks change: an expression without `*` or `/` in seconds, minutes and hours names times of day, each of which
 * comes once: one that is left out, at the first instant after the gap; one that comes twice, at the first. Every other
 * expression goes by elapsed time: it has each instant whose local time matches.
 */
export function cronTimes(expression: string, timeZone: string): Next {
  // The package knows expressions and calendars, this file clocks: what it gives are local times, as if they were UTC.
  const cron = new Cron(expression, { utcOffset: 0, mode: '5-or-6-parts' });
  const next: Next = (after) => cron.nextRun(new Date(after))?.getTime() ?? null;
  const zone = ZoneClock.of(timeZone);
  return namesTimesOfDay(expression) ? timesOfDay(next, zone) : everyMatch(next, zone);
}

function namesTimesOfDay(expression: string): boolean {
  const fields = expression.trim().split(/\s+/);
  return !/[*/]/.test(fields.slice(0, fields.length - 3).join(' '));
}

/** Each local time comes when a clock first shows it, or a later one. */
function timesOfDay(next: Next, zone: ZoneClock): Next {
  return (after) => {
    const local = next(latestShown(zone, after));
    if (local === null) return null;
    for (let at = after; ; ) {
      const due = local - zone.offsetAt(at);
      const change = zone.changeAfter(at, due);
      if (change === null) return due;
      // The clock was set forward, to that time or beyond it.
      if (change + zone.offsetAt(change) >= local) return change;
      at = change;
    }
  };
}

/** The latest local time that a clock has shown until then: a clock that was set back shows some again. */
function latestShown(zone: ZoneClock, until: number): number {
  let latest = -Infinity;
  for (let at = until - LOOK_BACK_MS; ; ) {
    const offset = zone.offsetAt(at);
    const change = zone.changeAfter(at, until);
    if (change === null) return Math.max(latest, until + offset);
    latest = Math.max(latest, change - 1 + offset);
    at = change;
  }
}

/** Each instant whose local time matches. */
function everyMatch(next: Next, zone: ZoneClock): Next {
  return (after) => {
    let from = after;
    for (let at = after; ; ) {
      const offset = zone.offsetAt(at);
      const local = next(from + offset);
      if (local === null) return null;
      const due = local - offset;
      const change = zone.changeAfter(at, due);
      if (change === null) return due;
      at = change;
      // Its own instant counts.
      from = change - 1;
    }
  };
}
