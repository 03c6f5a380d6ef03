import { createHash } from 'node:crypto';
import type { EveryMetadata } from '../metadata/class-metadata.js';
import { DURATION_FORMS, parseDuration } from '../model/duration.js';
import { writeOneOf } from '../model/near-names.js';
import type { Misfire, Overlap, SchedulePolicy } from '../model/schedule.js';
import { cronTimes } from './cron-times.js';
import type { RecurringPolicy } from '../model/keyed.js';
import type { StateSource } from '../model/state-source.js';
import { messageOf } from '../model/message-of.js';
import { isStateSource } from './is-state-source.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const MISFIRES: readonly Misfire[] = ['once', 'skip', 'all'];
const OVERLAPS: readonly Overlap[] = ['skip', 'buffer', 'allow', 'cancel'];
const OPTIONS = [
  'every',
  'cron',
  'timeZone',
  'misfire',
  'overlap',
  'startImmediately',
  'jitter',
  'description',
  'keyed',
  'state',
] as const;
const LEAST_MS = 10;
/** Where a search for the first instant of an expression begins. */
const SOME_INSTANT = Date.UTC(2026, 0, 1);
const CALENDAR =
  "Write a cron expression, since months and years have no fixed length: @Every({ cron: '0 0 1 * *' })";
const FORMS = "Write @Every('5 minutes') or @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin' })";

type Refuse = (found: string, write: string) => void;

/** A compiled `@Every`. */
export interface CompiledSchedule {
  readonly policy: SchedulePolicy;
  /** Null: it is one for the whole app. */
  readonly keyed: RecurringPolicy | null;
}

/** What an `@Every` asks for; null, with a mistake noted, where it cannot be followed. */
export function compileSchedule(
  method: string,
  { written, options }: EveryMetadata,
  mistakes: ClassMistakes,
): CompiledSchedule | null {
  let isSound = true;
  const refuse: Refuse = (found, write) => {
    isSound = false;
    mistakes.add(method, `@Every has ${found}`, write);
  };
  const all = optionsOf(written, options, refuse);
  if (all === null) return null;
  checkNames(all, refuse);
  const times = timesOf(all, refuse);
  const misfire = chosen(all, 'misfire', MISFIRES, 'once', refuse);
  const overlap = chosen(all, 'overlap', OVERLAPS, 'skip', refuse);
  const { keyed = false, state } = all;
  checkKeyed(keyed, state, overlap, refuse);
  const { startImmediately = keyed === true, jitter = 0 } = all;
  if (typeof startImmediately !== 'boolean')
    refuse(`startImmediately: ${show(startImmediately)}`, 'Write true or false');
  const jitterMs = parseDuration(jitter);
  if (jitterMs === null) refuse(`jitter: ${show(jitter)}`, `Write ${DURATION_FORMS}`);
  if (!isSound || times === null || jitterMs === null) return null;
  const print = printOf([times.timing, misfire, overlap, startImmediately, jitterMs]);
  const policy = Object.freeze({
    ...times,
    print,
    misfire,
    overlap,
    startImmediately: startImmediately === true,
    jitterMs,
  });
  if (keyed !== true) return { policy, keyed: null };
  return { policy, keyed: Object.freeze({ kind: 'recurring', state: (state as StateSource) ?? null }) };
}

/** The state that a keyed `@Every` names; null: none. */
export function stateOfEvery({ written, options }: EveryMetadata): StateSource | null {
  for (const each of [options, written])
    if (typeof each === 'object' && each !== null && 'state' in each && isStateSource(each.state))
      return each.state;
  return null;
}

function checkKeyed(keyed: unknown, state: unknown, overlap: Overlap, refuse: Refuse): void {
  if (typeof keyed !== 'boolean') refuse(`keyed: ${show(keyed)}`, 'Write keyed: true, or leave it out');
  if (keyed !== true) {
    if (state !== undefined)
      refuse(
        'state without keyed: true',
        'Write @Every({ every, keyed: true, state }): each job of an id keeps its own',
      );
    return;
  }
  if (state !== undefined && !isStateSource(state))
    refuse(
      `state: ${show(state)}`,
      "Name a class or a Standard Schema (zod, valibot…): @Every('5 minutes', { keyed: true, state: TokenState }); look for a circular import where it is undefined",
    );
  if (overlap === 'allow' || overlap === 'cancel')
    refuse(
      `overlap: '${overlap}' with keyed: true`,
      "Write 'skip' or 'buffer': one tick of a job runs at a time",
    );
}

/** The description of an `@Every`, wherever it stands. */
export function descriptionOf({ written, options }: EveryMetadata): string | null {
  for (const each of [options, written])
    if (typeof each === 'object' && each !== null && 'description' in each)
      return typeof each.description === 'string' ? each.description : null;
  return null;
}

function optionsOf(written: unknown, options: unknown, refuse: Refuse): Record<string, unknown> | null {
  if (typeof written === 'object' && written !== null) {
    if (options === undefined) return { ...written };
    refuse('options twice', 'Write all of them in one object: @Every({ cron, timeZone, overlap })');
    return null;
  }
  if (typeof written === 'string' && /\s\S+\s+\S+\s+\S+/.test(written)) {
    refuse(show(written), `Write a cron expression as an option: @Every({ cron: ${show(written)} })`);
    return null;
  }
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    refuse(`${show(options)} as its options`, "Write an object: @Every('5 minutes', { overlap: 'allow' })");
    return null;
  }
  return { ...options, every: written };
}

function checkNames(options: Readonly<Record<string, unknown>>, refuse: Refuse): void {
  for (const name of Object.keys(options)) {
    if (!(OPTIONS as readonly string[]).includes(name))
      refuse(
        `the unknown option ${name}`,
        name === 'key' && options['keyed'] === true
          ? "Leave it out: each job has the id that app.recurring(Worker, 'method').start({ id }) gives it"
          : writeOneOf(name, OPTIONS),
      );
  }
}

function timesOf(
  { every, cron, timeZone }: Readonly<Record<string, unknown>>,
  refuse: Refuse,
): Pick<SchedulePolicy, 'timing' | 'next' | 'intervalMs'> | null {
  if (every !== undefined && cron !== undefined) {
    refuse('every and cron', 'Write one of them');
    return null;
  }
  if (cron !== undefined) return cronOf(cron, timeZone ?? 'UTC', refuse);
  if (timeZone !== undefined) refuse('timeZone without cron', 'Leave it out: an interval has no zone');
  const ms = parseDuration(every);
  if (ms === null || ms < LEAST_MS || !Number.isInteger(ms)) {
    const write = isCalendar(every) ? CALENDAR : `${FORMS}; ${LEAST_MS} ms at least`;
    refuse(every === undefined ? 'no interval' : show(every), write);
    return null;
  }
  return { timing: `every ${ms} ms`, intervalMs: ms, next: (after) => (Math.floor(after / ms) + 1) * ms };
}

/** Months and years are of no fixed length. */
function isCalendar(every: unknown): boolean {
  return typeof every === 'string' && /\d ?(mo|months?|y|yrs?|years?)$/.test(every);
}

function cronOf(
  cron: unknown,
  timeZone: unknown,
  refuse: Refuse,
): Pick<SchedulePolicy, 'timing' | 'next' | 'intervalMs'> | null {
  if (!isZone(timeZone)) {
    refuse(`timeZone: ${show(timeZone)}`, "Write a name of the IANA database, such as 'Europe/Berlin'");
    return null;
  }
  const form = "Write five fields or, with seconds first, six: '0 9 * * 1-5'";
  // A question mark stands for the time at which the expression is read: it would differ between processes. What begins
  // with @ is no five fields.
  if (typeof cron !== 'string' || /[?@]/.test(cron)) {
    refuse(`cron: ${show(cron)}`, form);
    return null;
  }
  try {
    const next = cronTimes(cron, timeZone);
    if (next(SOME_INSTANT) !== null)
      return { timing: `cron ${cron.trim().replaceAll(/\s+/g, ' ')} ${timeZone}`, intervalMs: null, next };
    refuse(`cron: ${show(cron)}, which never comes`, 'Write a day that there is');
  } catch (error) {
    const why = messageOf(error);
    refuse(`cron: ${show(cron)} (${why})`, form);
  }
  return null;
}

function isZone(zone: unknown): zone is string {
  if (typeof zone !== 'string') return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function chosen<Choice extends string>(
  options: Readonly<Record<string, unknown>>,
  name: string,
  choices: readonly Choice[],
  standard: Choice,
  refuse: Refuse,
): Choice {
  const value = options[name];
  if (value === undefined) return standard;
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    refuse(`${name}: ${show(value)}`, writeOneOf(typeof value === 'string' ? value : '', choices));
  return found ?? standard;
}

function printOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
