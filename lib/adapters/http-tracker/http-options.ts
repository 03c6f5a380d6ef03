import { DURATION_FORMS, type Duration, parseDuration } from '../../model/duration.js';
import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import { LIFECYCLE_EVENT_NAMES, type LifecycleEventName } from '../../model/lifecycle-event.js';
import { writeOneOf } from '../../model/near-names.js';

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
    readonly redirect: 'manual';
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

/** Of `httpTracker`. */
export interface HttpTrackerOptions {
  /** Where batches are posted: an http or https URL. */
  readonly endpoint: string | URL;
  /** Of each request: `{ authorization: 'Bearer …' }`. They stand in no error and in no log. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of this service, in each event; none by default. No secret. */
  readonly serviceKey?: string;
  /** The name of its environment, in each event; none by default. */
  readonly env?: string;
  /** `'holdfast'` (default): names and fields of `app.on`. `'durable-effect'`: those that its receivers know. */
  readonly names?: 'holdfast' | 'durable-effect';
  /** Names that are sent; by default all but `store.written`. Under durable-effect's names only those that have one. */
  readonly events?: readonly LifecycleEventName[];
  /** Events of one request; 100 by default, 1 to 10,000. A full batch is sent at once. */
  readonly batchSize?: number;
  /** How long an event waits for others; `'1s'` by default. */
  readonly flushInterval?: Duration;
  /** How long one request may take; `'10s'` by default. */
  readonly timeout?: Duration;
  /** Events that are held while the endpoint is away; 10,000 by default. Failures are given up last. */
  readonly maxBuffered?: number;
  /** How long `stop()` and `close()` may wait for what is left; `'3s'` by default, 0 drops it. */
  readonly flushTimeout?: Duration;
  /** Instead of the global `fetch`: for proxies and tests. */
  readonly fetch?: Fetch;
}

/** Options that were checked. Intervals are ms. */
export interface HttpSettings {
  readonly url: string;
  /** The part of the URL that messages may hold. */
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly common: Readonly<Record<string, string>>;
  readonly names: 'holdfast' | 'durable-effect';
  readonly events: readonly LifecycleEventName[] | null;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly timeoutMs: number;
  readonly maxBuffered: number;
  readonly flushTimeoutMs: number;
  readonly fetch: Fetch;
}

const NAMES = ['holdfast', 'durable-effect'] as const;
const OPTIONS = [
  'endpoint',
  'headers',
  'serviceKey',
  'env',
  'names',
  'events',
  'batchSize',
  'flushInterval',
  'timeout',
  'maxBuffered',
  'flushTimeout',
  'fetch',
] as const satisfies readonly (keyof HttpTrackerOptions)[];

/** Throws `ConfigurationError` with every mistake; what may be secret is not shown. */
export function settingsOf(options: HttpTrackerOptions): HttpSettings {
  const mistakes: ConfigurationMistake[] = [];
  const refuse = (option: string, found: string, write: string): void => {
    mistakes.push({ option: `httpTracker(): ${option}`, found, write });
  };
  for (const name of Object.keys(options))
    if (!(OPTIONS as readonly string[]).includes(name))
      refuse(name, 'it is no option', writeOneOf(name, OPTIONS));
  const url = urlOf(options.endpoint, refuse);
  checkHeaders(options.headers ?? {}, refuse);
  const { batchSize = 100, maxBuffered = 10_000, names = 'holdfast', events = null } = options;
  const whole = (option: string, value: unknown, most: number): void => {
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
      refuse(option, `${String(value)} is not possible`, `Write a whole number from 1 to ${most}`);
  };
  whole('batchSize', batchSize, 10_000);
  whole('maxBuffered', maxBuffered, 1_000_000);
  const ms = (option: string, value: unknown, least: number): number => {
    const found = parseDuration(value) ?? -1;
    if (found < least)
      refuse(option, `${String(value)} is not possible`, `Write at least ${least} ms: ${DURATION_FORMS}`);
    return found;
  };
  if (!NAMES.includes(names))
    refuse('names', `${String(names)} is not possible`, writeOneOf(String(names), NAMES));
  for (const name of events ?? [])
    if (!name.startsWith('custom.') && !LIFECYCLE_EVENT_NAMES.includes(name))
      refuse(
        'events',
        `no lifecycle event is named '${name}'`,
        writeOneOf(name, [...LIFECYCLE_EVENT_NAMES, 'custom.*']),
      );
  for (const option of ['serviceKey', 'env'] as const)
    if (options[option] !== undefined && typeof options[option] !== 'string')
      refuse(option, 'it is no text', 'Write text');
  const settings = {
    flushIntervalMs: ms('flushInterval', options.flushInterval ?? '1s', 0),
    timeoutMs: ms('timeout', options.timeout ?? '10s', 1),
    flushTimeoutMs: ms('flushTimeout', options.flushTimeout ?? '3s', 0),
  };
  if (mistakes.length > 0 || url === null) throw new ConfigurationError(mistakes);
  const { serviceKey, env } = options;
  return {
    ...settings,
    url: url.href,
    title: url.origin,
    headers: { ...options.headers, 'content-type': 'application/json' },
    common: {
      ...(serviceKey === undefined ? null : { serviceKey }),
      ...(env === undefined ? null : { env }),
    },
    names,
    events,
    batchSize,
    maxBuffered,
    fetch: options.fetch ?? ((to, init) => fetch(to, init)),
  };
}

type Refuse = (option: string, found: string, write: string) => void;

function urlOf(endpoint: unknown, refuse: Refuse): URL | null {
  const write = "Write an http or https URL: 'https://events.example.com/ingest'";
  const text = endpoint instanceof URL ? endpoint.href : endpoint;
  if (typeof text !== 'string' || !URL.canParse(text)) {
    refuse('endpoint', endpoint === undefined ? 'there is none' : 'it is no URL', write);
    return null;
  }
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    refuse('endpoint', `it begins with ${url.protocol}`, write);
  if (url.username !== '' || url.password !== '')
    refuse('endpoint', 'it holds a user or a password', "Write headers: { authorization: '…' }");
  return url;
}

function checkHeaders(headers: object, refuse: Refuse): void {
  for (const [name, value] of Object.entries(headers))
    try {
      if (typeof value !== 'string') throw new TypeError('no text');
      new Headers([[name, value]]);
    } catch {
      refuse(
        'headers',
        `${JSON.stringify(name)} cannot be sent`,
        'Write a name of letters and hyphens, and text in one line',
      );
    }
}
