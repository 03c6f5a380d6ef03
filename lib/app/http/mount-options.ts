import type { MountRules } from '../../adapters/http/mount-surfaces.js';
import type { AnyClass } from '../../metadata/class-metadata.js';
import { eventMetadataOf } from '../../metadata/metadata-store.js';
import { isSchemaEvent } from '../../model/event-source.js';
import { titleOf } from '../publishing/source-title.js';
import { type Duration, parseDuration } from '../../model/duration.js';
import type { ConfigurationMistake } from '../../model/errors-boot.js';
import {
  aFunction,
  anArray,
  anything,
  durationFrom,
  optionMistakes,
  partsOf,
  refuse,
  wholeBetween,
  wholeFrom,
} from '../options/option-checks.js';
import type { Publishable } from '../publishing/publishable.js';
import { keysOf, signingMistakes, type Signing } from './signing.js';

const MOST_BODY_BYTES = 8 * 1024 * 1024;

/** How an app is mounted. `signing`, a `guard` or both; `docs/http.md` says which for whom. */
export interface MountOptions {
  /** Where events are taken; hints below it, at `/hints`. `'/holdfast'` by default. Only `fetch` and `node` compare it. */
  readonly path?: string;
  /** Keys of at least 32 characters, of which any may have signed a request. Without one, no hints are taken. */
  readonly signing?: Signing;
  /** How far a signed request's time may be from this machine's; `'5m'` by default. */
  readonly tolerance?: Duration;
  /**
   * Who may send events, instead of whoever can sign them. It sees the request without its body; anything but `true` is
   * answered 401, and what it throws 503. Hints are always signed.
   */
  readonly guard?: (request: Request) => boolean | Promise<boolean>;
  /** For development: takes unsigned requests, from this machine only. Warned of, and refused where `NODE_ENV` is `production`. */
  readonly insecure?: boolean;
  /** The events that may be sent, as classes, schema events or names; all that the app knows by default. */
  readonly events?: readonly Publishable[];
  /** Answer when the executions have ended, with their values, instead of at once; after `timeout` (`'30s'`) as if it were not set. */
  readonly sync?: boolean | { readonly timeout?: Duration };
  /**
   * For hosts with no background process, where the app is not started: each request that is taken first runs what is due, for
   * `within` (`'10s'`), and is answered then.
   */
  readonly process?: boolean | { readonly within?: Duration };
  /**
   * How many requests each client may send: `limit` in `per` (`'1 minute'`), of both surfaces, refused ones included. One more is
   * answered 429. `by` names the client; by default its address, as the server tells it: behind a proxy that is the proxy's, so
   * give `by` there. Not limited by default. Each process counts by itself, 10,000 clients at most.
   */
  readonly rateLimit?: {
    readonly limit: number;
    readonly per?: Duration;
    readonly by?: (request: Request) => string | null | undefined;
  };
  readonly limits?: {
    /** Of a body; 262,144 by default, 8 MiB at most. An event is bounded by the app's limits as well. */
    readonly bodyBytes?: number;
    /** How long a body may take to arrive; `'10s'` by default. */
    readonly bodyTimeout?: Duration;
    /** Requests that are served at the same time; 256 by default. One more is answered 429. */
    readonly requests?: number;
  };
}

const CHECKS = {
  path: anything,
  signing: signingMistakes,
  tolerance: durationFrom(1_000),
  guard: aFunction('(request) => boolean'),
  insecure: anything,
  events: anArray,
  sync: anything,
  process: anything,
  rateLimit: partsOf('option', {
    limit: wholeFrom(1),
    per: durationFrom(1),
    by: aFunction('(request) => string'),
  }),
  limits: partsOf('limit', {
    bodyBytes: wholeBetween(1, MOST_BODY_BYTES),
    bodyTimeout: durationFrom(1),
    requests: wholeFrom(1),
  }),
} satisfies Record<keyof MountOptions, unknown>;

/** What the app says about the options of its mount. */
interface Surroundings {
  readonly dedup: Duration;
  readonly isProduction: boolean;
  readonly isPublisher: boolean;
}

/** The rules that the options make. Throws `ConfigurationError` with all that is wrong. */
export function mountRulesOf(options: MountOptions, around: Surroundings): MountRules {
  const isObject = typeof options === 'object' && options !== null;
  refuse([
    ...optionMistakes('mount()', options, CHECKS),
    ...(isObject
      ? [...partMistakes(options), ...eventMistakes(options), ...mistakesTogether(options, around)]
      : []),
  ]);
  const { limits = {} } = options;
  return {
    path: options.path ?? '/holdfast',
    keys: keysOf(options.signing),
    toleranceMs: ms(options.tolerance, '5m'),
    guard: options.guard ?? null,
    insecure: options.insecure === true,
    syncMs: partOf(options.sync, 'timeout', '30s'),
    bodyBytes: limits.bodyBytes ?? 256 * 1024,
    bodyTimeoutMs: ms(limits.bodyTimeout, '10s'),
    requests: limits.requests ?? 256,
    rate: rateOf(options.rateLimit),
  };
}

function rateOf(option: MountOptions['rateLimit']): MountRules['rate'] {
  if (option === undefined) return null;
  const { limit, per, by = null } = option;
  return { limit, perMs: ms(per, '1 minute'), by };
}

/** How long a request may run what is due; null: it does not. */
export function processMsOf(option: MountOptions['process']): number | null {
  return partOf(option, 'within', '10s');
}

function partOf<Name extends string>(
  option: boolean | { readonly [Key in Name]?: Duration } | undefined,
  name: Name,
  standard: Duration,
): number | null {
  if (option === undefined || option === false) return null;
  return ms(option === true ? undefined : option[name], standard);
}

function partMistakes({ path, sync, process, rateLimit }: MountOptions): readonly ConfigurationMistake[] {
  const isPath = path === undefined || (/^\/[\w.~/-]*[\w.~-]$/.test(path) && !path.endsWith('/hints'));
  const parts = [
    ['sync', sync, 'timeout'],
    ['process', process, 'within'],
  ] as const;
  const isLimited = rateLimit === undefined || typeof rateLimit?.limit === 'number';
  return [
    ...(isLimited ? [] : [wrong('rateLimit', 'it has no limit', "Write { limit: 600, per: '1 minute' }")]),
    ...(isPath
      ? []
      : [wrong('path', 'it is no path', "Write one like '/holdfast', without an end of '/' or '/hints'")]),
    ...parts.flatMap(([name, value, part]) =>
      value === undefined || typeof value === 'boolean'
        ? []
        : typeof value !== 'object' || value === null
          ? [wrong(name, `${titleOf(value)} is not possible`, `Write true, or { ${part}: '10s' }`)]
          : partsOf('option', { [part]: durationFrom(1) })(`mount(): ${name}`, value),
    ),
  ];
}

function eventMistakes({ events }: MountOptions): readonly ConfigurationMistake[] {
  if (!Array.isArray(events)) return [];
  return (events as readonly Publishable[]).flatMap((source, at) =>
    mountedName(source) === null
      ? [
          wrong(
            `events[${at}]`,
            `${titleOf(source)} is no event`,
            'Give classes with @Event, what defineEvent made, or names',
          ),
        ]
      : [],
  );
}

/** What the mount calls an event; null: it is none. */
export function mountedName(source: Publishable): string | null {
  if (typeof source === 'string') return source;
  if (isSchemaEvent(source)) return source.name;
  return typeof source === 'function' ? (eventMetadataOf(source as AnyClass)?.name ?? null) : null;
}

function mistakesTogether(options: MountOptions, around: Surroundings): readonly ConfigurationMistake[] {
  const { signing, guard, insecure = false } = options;
  const mistakes: ConfigurationMistake[] = [];
  if (signing === undefined && guard === undefined && !insecure)
    mistakes.push(
      wrong(
        'signing',
        'nothing says who may send requests',
        'Write signing: process.env.HOLDFAST_KEY, or a guard, or, on your own machine, insecure: true',
      ),
    );
  if (insecure && (signing !== undefined || guard !== undefined))
    mistakes.push(wrong('insecure', 'signing or a guard is given too', 'Write one of them'));
  if (insecure && around.isProduction)
    mistakes.push(wrong('insecure', 'NODE_ENV is production', 'Write signing'));
  // An id must be remembered as long as its signature is believed, or a replay would be a second event.
  if (ms(around.dedup, '7d') < 2 * ms(options.tolerance, '5m'))
    mistakes.push(
      wrong(
        'tolerance',
        'ids are not remembered twice as long',
        'Write a longer dedup, or a shorter tolerance',
      ),
    );
  if (around.isPublisher && processMsOf(options.process) !== null)
    mistakes.push(wrong('process', "an app of role 'publisher' runs nothing", "Write role: 'both'"));
  return mistakes;
}

function wrong(option: string, found: string, write: string): ConfigurationMistake {
  return { option: `mount(): ${option}`, found, write };
}

function ms(duration: Duration | undefined, standard: Duration): number {
  return parseDuration(duration ?? standard) ?? 0;
}
