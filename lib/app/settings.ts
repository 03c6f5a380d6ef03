import { parseDuration, type Duration } from '../model/duration.js';
import { ConfigurationError, type ConfigurationMistake } from '../model/errors-boot.js';
import { defaultLimits } from '../model/limits.js';
import type { Logger } from '../ports/logger.js';
import type { BootstrapOptions, ConfigurableOptions } from './options.js';
import type { RuntimeSettings } from './runtime.js';

const configurable = [
  'concurrency',
  'logger',
  'metrics',
  'onError',
  'limits',
  'retention',
  'lease',
  'sweep',
  'drainTimeout',
  'timeout',
] as const satisfies readonly (keyof ConfigurableOptions)[];

const bootOnly = [
  'workers',
  'providers',
  'container',
  'resolver',
  'store',
  'dispatcher',
  'events',
  'executionMode',
  'role',
  'clock',
  'types',
  'strict',
  'dedup',
  'maxCallDepth',
  'interceptors',
] as const satisfies readonly (keyof BootstrapOptions)[];

const known: readonly string[] = [...configurable, ...bootOnly];

/** Everything wrong with the options of `bootstrap`. */
export function checkBootstrapOptions(options: BootstrapOptions): readonly ConfigurationMistake[] {
  const unknown = Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => ({ option: name, found: 'it is no option', write: `Options are ${known.join(', ')}` }));
  return [...unknown, ...checkValues(options)];
}

/** Throws `ConfigurationError` for what `configure` may not change, or cannot be. */
export function assertConfigurable(options: ConfigurableOptions): void {
  const fixed = Object.keys(options)
    .filter((name) => !(configurable as readonly string[]).includes(name))
    .map((name) => ({
      option: name,
      found: known.includes(name) ? 'it is fixed once the app is made' : 'it is no option',
      write: known.includes(name)
        ? 'Close the app and bootstrap a new one'
        : `configure() takes ${configurable.join(', ')}`,
    }));
  const mistakes = [...fixed, ...checkValues(options)];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What holds where an option is left out. */
const defaults = {
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
    ...defaults,
    ...options,
    limits: Object.freeze({ ...defaultLimits, ...definedOf(options.limits) }),
    retention: Object.freeze({ ...defaults.retention, ...definedOf(options.retention) }),
  });
}

/** What the engine reads, from options that were checked. */
export function settingsOf(options: BootstrapOptions, logger: Logger): RuntimeSettings {
  return {
    mode: options.executionMode ?? defaults.executionMode,
    limits: Object.freeze({ ...defaultLimits, ...definedOf(options.limits) }),
    maxCallDepth: options.maxCallDepth ?? defaults.maxCallDepth,
    timeoutMs: ms(options.timeout, defaults.timeout),
    logger,
    interceptors: options.interceptors ?? [],
    concurrency: options.concurrency ?? defaults.concurrency,
    leaseMs: ms(options.lease, defaults.lease),
    sweepMs: ms(options.sweep, defaults.sweep),
    drainTimeoutMs: ms(options.drainTimeout, defaults.drainTimeout),
    dedupMs: ms(options.dedup, defaults.dedup),
    retention: {
      completedMs: ms(options.retention?.completed, defaults.retention.completed),
      failedMs: ms(options.retention?.failed, defaults.retention.failed),
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

function checkValues(options: BootstrapOptions): readonly ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, value: unknown, write: string): void => {
    mistakes.push({ option, found: `${show(value)} is not possible`, write });
  };
  const whole = (option: string, value: unknown, least: number): void => {
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= least))
      wrong(option, value, `Write a whole number from ${least}`);
  };
  const duration = (option: string, value: unknown, leastMs: number): void => {
    const parsed = value === undefined ? leastMs : parseDuration(value);
    if (parsed === null || parsed < leastMs)
      wrong(option, value, `Write ms from ${leastMs}, or text such as '30s' or '5 minutes'`);
  };
  const oneOf = (option: string, value: unknown, allowed: readonly string[]): void => {
    if (value !== undefined && !allowed.includes(value as string))
      wrong(option, value, `Write ${allowed.map((each) => `'${each}'`).join(' or ')}`);
  };
  const withMethods = (option: string, value: unknown, methods: readonly string[]): void => {
    if (value === undefined) return;
    const missing = methods.filter(
      (method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function',
    );
    if (missing.length > 0)
      wrong(
        option,
        value,
        `Give an object with the methods ${methods.join(', ')}; ${missing.join(', ')} is missing`,
      );
  };
  whole('concurrency', options.concurrency, 1);
  whole('maxCallDepth', options.maxCallDepth, 1);
  for (const name of ['eventBytes', 'depth', 'keys', 'resultBytes', 'checkpoints'] as const)
    whole(`limits.${name}`, options.limits?.[name], 1);
  for (const name of Object.keys(options.limits ?? {}))
    if (!(name in defaultLimits))
      mistakes.push({
        option: `limits.${name}`,
        found: 'it is no limit',
        write: `Limits are ${Object.keys(defaultLimits).join(', ')}`,
      });
  duration('lease', options.lease, 100);
  duration('sweep', options.sweep, 10);
  duration('drainTimeout', options.drainTimeout, 0);
  duration('timeout', options.timeout, 1);
  duration('dedup', options.dedup, 1);
  duration('retention.completed', options.retention?.completed, 0);
  duration('retention.failed', options.retention?.failed, 0);
  oneOf('executionMode', options.executionMode, ['UNTIL_ERROR', 'ISOLATED']);
  oneOf('role', options.role, ['publisher', 'worker', 'both']);
  withMethods('logger', options.logger, ['debug', 'info', 'warn', 'error']);
  withMethods('metrics', options.metrics, ['increment', 'timing', 'gauge']);
  withMethods('store', options.store, ['open', 'write', 'claim', 'close']);
  withMethods('dispatcher', options.dispatcher, ['start', 'send', 'stop']);
  withMethods('clock', options.clock, ['now', 'monotonic', 'setTimer', 'soon']);
  if (options.onError !== undefined && typeof options.onError !== 'function')
    wrong('onError', options.onError, 'Write a function (error, where) => …');
  for (const name of ['workers', 'providers', 'types', 'interceptors'] as const)
    if (options[name] !== undefined && !Array.isArray(options[name]))
      wrong(name, options[name], 'Write an array');
  return mistakes;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`;
  return typeof value === 'object' && value !== null ? 'what was given' : String(value);
}
