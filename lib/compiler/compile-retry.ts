import type { BackoffOptions, RetryOptions } from '../metadata/policy-options.js';
import { DURATION_FORMS, parseDuration } from '../model/duration.js';
import { writeOneOf } from '../model/near-names.js';
import { type Backoff, defaultRetryPolicy, type RetryHook, type RetryPolicy } from '../model/retry-policy.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const OPTIONS = new Set([
  'maxAttempts',
  'backoff',
  'jitter',
  'maxDuration',
  'retryIf',
  'onRetry',
  'onExhausted',
]);

/** Where a policy stands, for the mistakes in it. */
export interface PolicyPlace {
  readonly type: { readonly prototype: object };
  /** The method; null: the class. */
  readonly member: string | null;
  readonly mistakes: ClassMistakes;
}

/** The policy that the options ask for; what they leave out is the default. Notes what cannot work. */
export function compileRetry(options: RetryOptions, place: PolicyPlace): RetryPolicy {
  const refuse = (option: string, found: unknown, write: string): void => {
    place.mistakes.add(place.member, `@Retry has ${option}: ${show(found)}`, write);
  };
  if (typeof options !== 'object' || options === null) {
    place.mistakes.add(place.member, `@Retry has ${show(options)}`, 'Write @Retry({ maxAttempts: 5 })');
    return defaultRetryPolicy;
  }
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option))
      refuse(option, Reflect.get(options, option), `Write one of ${[...OPTIONS].join(', ')}`);
  }
  const { maxAttempts = defaultRetryPolicy.maxAttempts, retryIf, onExhausted } = options;
  if (!(maxAttempts === Infinity || Number.isInteger(maxAttempts)) || maxAttempts < 1) {
    refuse('maxAttempts', maxAttempts, 'Write a whole number from 1 on (the first try counts), or Infinity');
  }
  if (retryIf !== undefined && typeof retryIf !== 'function') {
    refuse('retryIf', retryIf, 'Write a function (error, attempt) => boolean');
  }
  const park = onExhausted === 'park';
  return Object.freeze({
    maxAttempts,
    backoff:
      options.backoff === undefined ? defaultRetryPolicy.backoff : compileBackoff(options.backoff, refuse),
    jitter: compileJitter(options.jitter, refuse),
    maxDurationMs:
      options.maxDuration === undefined ? null : positive('maxDuration', options.maxDuration, refuse),
    retryIf: retryIf ?? null,
    onRetry: compileHook('onRetry', options.onRetry, place, refuse),
    onExhausted: park ? null : compileHook('onExhausted', onExhausted, place, refuse),
    whenExhausted: park ? 'park' : 'fail',
    explicit: true,
  });
}

/** Ms of a `@Timeout`; null, with a mistake noted, where it is none. */
export function compileTimeout(duration: unknown, place: PolicyPlace): number | null {
  const ms = parseDuration(duration);
  if (ms !== null && ms > 0) return ms;
  place.mistakes.add(place.member, `@Timeout has ${show(duration)}`, `Write more than 0: ${DURATION_FORMS}`);
  return null;
}

type Refuse = (option: string, found: unknown, write: string) => void;

function compileBackoff(backoff: NonNullable<RetryOptions['backoff']>, refuse: Refuse): Backoff {
  if (typeof backoff === 'function') {
    return Object.freeze({
      kind: 'custom',
      delayMs: (attempt: number, error: unknown) => {
        const delay = backoff(attempt, error);
        const ms = parseDuration(delay);
        if (ms === null) throw new TypeError(`backoff returned ${show(delay)}: return ${DURATION_FORMS}`);
        return ms;
      },
    });
  }
  const read = (part: string, value: unknown): number => {
    const ms = parseDuration(value);
    if (ms === null) refuse(`backoff with ${part}`, value, `Write ${DURATION_FORMS}`);
    return ms ?? 0;
  };
  refuseUnknown(backoff as BackoffOptions | null, refuse);
  switch ((backoff as BackoffOptions | null)?.kind) {
    case 'exponential': {
      const { initial, factor, max } = backoff as Extract<BackoffOptions, { kind: 'exponential' }>;
      if (!(Number.isFinite(factor) && factor >= 1))
        refuse('backoff with factor', factor, 'Write a number from 1 on');
      const initialMs = read('initial', initial);
      return Object.freeze({ kind: 'exponential', initialMs, factor, maxMs: read('max', max) });
    }
    case 'linear': {
      const { initial, increment, max } = backoff as Extract<BackoffOptions, { kind: 'linear' }>;
      const initialMs = read('initial', initial);
      return Object.freeze({
        kind: 'linear',
        initialMs,
        incrementMs: read('increment', increment),
        maxMs: read('max', max),
      });
    }
    case 'fixed':
      return Object.freeze({
        kind: 'fixed',
        delayMs: read('delay', (backoff as Extract<BackoffOptions, { kind: 'fixed' }>).delay),
      });
    default:
      refuse(
        'backoff',
        backoff,
        "Write exponential('1s'), linear('1s'), fixed('1s') or (attempt, error) => duration",
      );
      return defaultRetryPolicy.backoff;
  }
}

const BACKOFF_PARTS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['exponential', ['initial', 'factor', 'max']],
  ['linear', ['initial', 'increment', 'max']],
  ['fixed', ['delay']],
] satisfies [BackoffOptions['kind'], string[]][]);

function refuseUnknown(backoff: BackoffOptions | null, refuse: Refuse): void {
  const parts = BACKOFF_PARTS.get(backoff?.kind);
  if (backoff === null || parts === undefined) return;
  for (const [name, value] of Object.entries(backoff))
    if (name !== 'kind' && !parts.includes(name))
      refuse(`backoff with ${name}`, value, writeOneOf(name, parts));
}

function compileJitter(jitter: number | boolean | undefined, refuse: Refuse): number {
  if (jitter === undefined || jitter === true) return defaultRetryPolicy.jitter;
  if (jitter === false) return 0;
  if (!(typeof jitter === 'number' && jitter >= 0 && jitter <= 1))
    refuse('jitter', jitter, 'Write a number from 0 to 1');
  return jitter;
}

function positive(option: string, duration: unknown, refuse: Refuse): number {
  const ms = parseDuration(duration);
  if (ms === null || ms <= 0) refuse(option, duration, `Write more than 0: ${DURATION_FORMS}`);
  return ms ?? 0;
}

function compileHook(
  option: string,
  hook: RetryHook | undefined,
  place: PolicyPlace,
  refuse: Refuse,
): RetryHook | null {
  if (hook === undefined || typeof hook === 'function') return hook ?? null;
  const isMethod =
    typeof hook === 'string' && hook !== 'constructor' && hasMethod(place.type.prototype, hook);
  if (!isMethod) refuse(option, hook, 'Write a function, or the name of a method of this class');
  return hook;
}

function hasMethod(prototype: object, name: string): boolean {
  for (
    let owner: object | null = prototype;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor !== undefined) return typeof descriptor.value === 'function';
  }
  return false;
}
