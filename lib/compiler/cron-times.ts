import { Cron } from 'croner';

/**
 * The instants of a cron expression of five or six fields. Throws what says why it cannot be read.
 *
 * Where clocks change: an expression without `*` or `/` in seconds, minutes and hours names times of day, each of which
 * comes once: one that is left out, at the first instant after the gap; one that comes twice, at the first. Every other
 * expression goes by elapsed time: it has each instant whose local time matches.
 */
export function cronTimes(expression: string, timeZone: string): (after: number) => number | null {
  const cron = new Cron(expression, {
    timezone: timeZone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
  });
  return (after) => cron.nextRun(new Date(after))?.getTime() ?? null;
}
