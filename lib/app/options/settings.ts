import { parseDuration, type Duration } from '../../model/duration.js';
import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { defaultLimits, type Limits } from '../../model/limits.js';
import { writeOneOf } from '../../model/near-names.js';
import type { Logger } from '../../ports/logger.js';
import {
  aFunction,
  anArray,
  arrayOf,
  anything,
  aStore,
  durationFrom,
  oneOf,
  partsOf,
  wholeFrom,
  withMethods,
  type OptionCheck,
} from './option-checks.js';
import type { BootstrapOptions, ConfigurableOptions } from './options.js';
import type { RuntimeSettings } from '../runtime/runtime-parts.js';

/** What each option that `configure` takes must be. */
const CONFIGURABLE = {
  concurrency: wholeFrom(1),
  logger: withMethods('debug', 'info', 'warn', 'error'),
  metrics: withMethods('increment', 'timing', 'gauge'),
  onError: aFunction('(error, where) => …'),
  limits: partsOf('limit', {
    eventBytes: wholeFrom(1),
    depth: wholeFrom(1),
    keys: wholeFrom(1),
    resultBytes: wholeFrom(1),
    stateBytes: wholeFrom(1),
    checkpoints: wholeFrom(1),
    bufferedEvents: wholeFrom(1),
  } satisfies Record<keyof Limits, OptionCheck>),
  retention: partsOf('retention', { completed: durationFrom(0), failed: durationFrom(0) }),
  lease: durationFrom(100),
  sweep: durationFrom(10),
  drainTimeout: durationFrom(0),
  timeout: durationFrom(1),
} satisfies Record<keyof ConfigurableOptions, OptionCheck>;

/** What the options that are fixed once the app is made must be. */
const BOOT_ONLY = {
  workers: anArray,
  providers: anArray,
  container: withMethods('createChildContainer', 'resolve', 'isRegistered'),
  resolver: withMethods('resolve'),
  store: aStore,
  dispatcher: withMethods('start', 'send', 'stop'),
  events: anything,
  tracker: withMethods('track'),
  executionMode: oneOf('UNTIL_ERROR', 'ISOLATED'),
  role: oneOf('publisher', 'worker', 'both'),
  clock: withMethods('now', 'monotonic', 'setTimer', 'soon'),
  types: arrayOf('classes'),
  strict: anything,
  dedup: durationFrom(1),
  maxCallDepth: wholeFrom(1),
  interceptors: arrayOf('functions'),
} satisfies Record<Exclude<keyof BootstrapOptions, keyof ConfigurableOptions>, OptionCheck>;

const CHECKS: ReadonlyMap<string, OptionCheck> = new Map(Object.entries({ ...CONFIGURABLE, ...BOOT_ONLY }));

/**
 * Everything wrong with the options of `bootstrap`. A host names its `own` options beside them, which it checks itself, and
 * those that it does not take.
 */
export function checkBootstrapOptions(
  options: object,
  { own = [], without = [] }: HostOptions = {},
): readonly ConfigurationMistake[] {
  const names = [...CHECKS.keys()].filter((name) => !without.includes(name));
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || own.includes(name)) return [];
    const check = names.includes(name) ? CHECKS.get(name) : undefined;
    return (
      check?.(name, value) ?? [
        { option: name, found: 'it is no option', write: writeOneOf(name, [...names, ...own]) },
      ]
    );
  });
}

/** Where the options of a host are not those of `bootstrap`. */
export interface HostOptions {
  /** Names of options that only the host has. Default: none. */
  readonly own?: readonly string[];
  /** Names of options of `bootstrap` that the host does not take. Default: none. */
  readonly without?: readonly string[];
}

/** Throws `ConfigurationError` for what `configure` may not change, or cannot be. */
export function assertConfigurable(options: ConfigurableOptions): void {
  const mistakes = Object.entries(options).flatMap(([name, value]) => {
    if (Object.hasOwn(CONFIGURABLE, name)) return CHECKS.get(name)?.(name, value) ?? [];
    return CHECKS.has(name)
      ? [
          {
            option: name,
            found: 'it is fixed once the app is made',
            write: 'Close the app and bootstrap a new one',
          },
        ]
      : [
          {
            option: name,
            found: 'it is no option',
            write: `configure() takes ${Object.keys(CONFIGURABLE).join(', ')}`,
          },
        ];
  });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What holds where an option is left out. */
const DEFAULTS = {
  executionMode: 'UNTIL_ERROR',
  role: 'both',
  concurrency: 10,
  lease: '15s',
  sweep: '5s',
  drainTimeout: '25s',
  timeout: '5m',
  dedup: '7d',
  maxCallDepth: 15,
  strict: false,
  retention: { completed: '30d', failed: '90d' },
} as const satisfies BootstrapOptions;

/** The options in force: those given, and the defaults of the others. Frozen. */
export function effectiveOptions(options: BootstrapOptions): Readonly<BootstrapOptions> {
  return Object.freeze({
    ...DEFAULTS,
    ...options,
    limits: Object.freeze({ ...defaultLimits, ...definedOf(options.limits) }),
    retention: Object.freeze({ ...DEFAULTS.retention, ...definedOf(options.retention) }),
  });
}

/** What the engine reads, from options that were checked. */
export function settingsOf(options: BootstrapOptions, logger: Logger): RuntimeSettings {
  return {
    mode: options.executionMode ?? DEFAULTS.executionMode,
    limits: Object.freeze({ ...defaultLimits, ...definedOf(options.limits) }),
    maxCallDepth: options.maxCallDepth ?? DEFAULTS.maxCallDepth,
    timeoutMs: ms(options.timeout, DEFAULTS.timeout),
    logger,
    interceptors: options.interceptors ?? [],
    concurrency: options.concurrency ?? DEFAULTS.concurrency,
    leaseMs: ms(options.lease, DEFAULTS.lease),
    sweepMs: ms(options.sweep, DEFAULTS.sweep),
    drainTimeoutMs: ms(options.drainTimeout, DEFAULTS.drainTimeout),
    dedupMs: ms(options.dedup, DEFAULTS.dedup),
    retention: {
      completedMs: ms(options.retention?.completed, DEFAULTS.retention.completed),
      failedMs: ms(options.retention?.failed, DEFAULTS.retention.failed),
    },
  };
}

function ms(duration: Duration | undefined, standard: Duration): number {
  return parseDuration(duration ?? standard) ?? 0;
}

function definedOf<Value extends object>(options: Value | undefined): Partial<Value> {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<Value>;
}
