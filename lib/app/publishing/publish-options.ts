import type { PublishRequest } from '../../dispatch/publish-request.js';
import { DURATION_FORMS, parseDuration, type Duration } from '../../model/duration.js';
import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { writeOneOf } from '../../model/near-names.js';
import type { Clock } from '../../ports/clock.js';
import type { ResolvedEvent } from './event-sources.js';

/** How an event is published. Unknown or impossible options are a `ConfigurationError`. */
export interface PublishOptions {
  /** Makes the publish idempotent within the session for `dedup`: the same id gives the same executions. */
  readonly id?: string;
  /** Executions begin that much later. */
  readonly delay?: Duration;
  /** Executions begin at that instant: a Date, or epoch ms. */
  readonly at?: Date | number;
  /**
   * The session it belongs to: sessions are served in turn, and can be stopped. In an execution it is by default the
   * execution's own; null: none.
   */
  readonly session?: string | null;
  /** −100…100, higher first; by default the handler's, which is 0 unless `@OnEvent` says otherwise. */
  readonly priority?: number;
  /** Handed untouched to a dispatcher that sends hints to other processes. */
  readonly dispatcher?: Readonly<Record<string, unknown>>;
}

/** The session of what is published. */
export interface PublishScope {
  readonly session: string;
  /** `app.session(id)` publishes into no other; else it holds for what does not say its own. */
  readonly isFixed: boolean;
}

const OPTION_NAMES = ['id', 'delay', 'at', 'session', 'priority', 'dispatcher'];
const LONGEST_ID = 16_384;

/** Without any option. A class for the reason that `freshList` gives. */
class PlainRequest implements PublishRequest {
  readonly id = null;
  readonly dueAt = null;
  readonly session = null;
  readonly priority = null;
  readonly dispatcherOptions = null;

  constructor(
    readonly definition: PublishRequest['definition'],
    readonly data: unknown,
  ) {}
}

/** What the publisher does for one call of `publish`. Throws `ConfigurationError` for options that cannot be. */
export function requestOf(
  { definition, data, options }: ResolvedEvent,
  clock: Pick<Clock, 'now'>,
  scope: PublishScope | null = null,
): PublishRequest {
  if (options === undefined && scope === null) return new PlainRequest(definition, data);
  const now = clock.now();
  const given = (options ?? {}) as PublishOptions;
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, found: string, write: string): void => {
    mistakes.push({ option: `publish options: ${option}`, found, write });
  };
  for (const name of Object.keys(given))
    if (!OPTION_NAMES.includes(name)) wrong(name, 'it is no option', writeOneOf(name, OPTION_NAMES));
  for (const name of ['id', 'session'] as const) {
    const value: unknown = given[name];
    if (name === 'session' && value === null) continue;
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.length > LONGEST_ID))
      wrong(
        name,
        typeof value === 'string' ? `it has ${value.length} characters` : found(value),
        `Write text of 1 to ${LONGEST_ID} characters`,
      );
  }
  const { priority = null, session = scope?.session ?? null } = given;
  if (scope?.isFixed === true && session !== scope.session)
    wrong('session', found(session), `Leave it out: this is session('${scope.session.slice(0, 60)}')`);
  if (priority !== null && (!Number.isInteger(priority) || Math.abs(priority) > 100))
    wrong('priority', found(priority), 'Write a whole number from -100 to 100');
  const dueAt = dueAtOf(given, now, wrong);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return {
    definition,
    data,
    id: given.id ?? null,
    dueAt: dueAt !== null && dueAt <= now ? null : dueAt,
    session,
    priority,
    dispatcherOptions: given.dispatcher ?? null,
  };
}

function found(value: unknown): string {
  if (typeof value === 'string') return `found '${value.slice(0, 60)}'`;
  if (typeof value === 'number') return `found the number ${value}`;
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'found an array' : 'found an object';
  return typeof value === 'function' ? 'found a function' : `found ${String(value)}`;
}

function dueAtOf(
  { at, delay }: PublishOptions,
  now: number,
  wrong: (option: string, found: string, write: string) => void,
): number | null {
  if (at !== undefined && delay !== undefined) wrong('delay', 'at is given too', 'Write one of at and delay');
  const instant = at instanceof Date ? at.getTime() : at;
  if (at !== undefined && !Number.isFinite(instant))
    wrong('at', 'it is no instant', 'Write a valid Date, or epoch ms');
  const delayMs = delay === undefined ? 0 : parseDuration(delay);
  if (delayMs === null) wrong('delay', found(delay), `Write ${DURATION_FORMS}`);
  return instant ?? (delay === undefined ? null : now + (delayMs ?? 0));
}
