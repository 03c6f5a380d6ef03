import type {
  AnyConcurrencyOptions,
  AnyRateLimitOptions,
  ProvidedRateLimitOptions,
} from '../metadata/policy-options.js';
import { writeOneOf } from '../model/near-names.js';
import type { ConcurrencyPolicy, PolicyKey, RateLimitPolicy } from '../model/policies.js';
import type { ProvidedLimit } from '../model/provided-limit.js';
import { compileKey } from './compile-key.js';
import type { PolicyPlace } from './compile-retry.js';
import { LIMIT_FORMS, parseLimit, parsePer } from './parse-limit.js';
import { show } from './show.js';

/** A limit with its numbers, or what to read them from; both null: it cannot be read. */
export interface CompiledLimit<Policy> {
  readonly policy: Policy | null;
  readonly provided: Omit<ProvidedLimit, 'method'> | null;
}

/** The limit that a `@Concurrency` asks for. Notes what cannot work. */
export function compileConcurrency(
  written: AnyConcurrencyOptions,
  place: PolicyPlace,
): CompiledLimit<ConcurrencyPolicy> {
  const options = typeof written === 'number' ? { limit: written } : written;
  const form = 'Write @Concurrency(5) or @Concurrency({ limit: 5, key })';
  return compileLimit('Concurrency', options, ['limit', 'key'], form, place, ({ limit }, key) =>
    Object.freeze({ limit, key }),
  );
}

/** The limit that a `@RateLimit` asks for. Notes what cannot work. */
export function compileRateLimit(
  written: AnyRateLimitOptions,
  place: PolicyPlace,
): CompiledLimit<RateLimitPolicy> {
  const form = "Write @RateLimit({ limit: 100, per: '1 minute' })";
  return compileLimit('RateLimit', written, ['limit', 'per', 'key'], form, place, ({ limit, perMs }, key) =>
    Object.freeze({ limit, perMs, key }),
  );
}

interface Numbers {
  readonly limit: number;
  readonly perMs: number;
}

function compileLimit<Policy>(
  decorator: ProvidedLimit['decorator'],
  written: unknown,
  names: readonly ('limit' | 'per' | 'key')[],
  form: string,
  place: PolicyPlace,
  build: (numbers: Numbers, key: PolicyKey | null) => Policy,
): CompiledLimit<Policy> {
  const refuse = (found: string, write: string): void =>
    place.mistakes.add(place.member, `@${decorator} has ${found}`, write);
  const none = { policy: null, provided: null };
  if (typeof written !== 'object' || written === null) {
    refuse(show(written), form);
    return none;
  }
  const known = [...names, 'from'];
  for (const option of Object.keys(written))
    if (!known.includes(option)) refuse(`the unknown option ${option}`, writeOneOf(option, known));
  const options = written as Partial<ProvidedRateLimitOptions<never>>;
  const key = compileKey(options.key, refuse);
  const { from } = options;
  const isProvided = 'from' in options;
  if (isProvided && !['function', 'string', 'symbol'].includes(typeof from))
    refuse(`from: ${show(from)}`, 'Name a provider: a class or another token; look for a circular import');
  const read = (option: 'limit' | 'per', parse: (value: unknown) => number | null): number | null => {
    const value: unknown = options[option];
    // Read when the app is made.
    if (isProvided && typeof value === 'function') return 1;
    const number = parse(value);
    if (number === null) {
      const instead =
        typeof value === 'function' ? `Write from: the provider that ${option} reads, or ` : 'Write ';
      refuse(`${option}: ${show(value)}`, `${instead}${LIMIT_FORMS[option]}`);
    }
    return number;
  };
  const limit = read('limit', parseLimit);
  const perMs = names.includes('per') ? read('per', parsePer) : 0;
  if (limit === null || perMs === null) return none;
  if (from === undefined) return { policy: build({ limit, perMs }, key), provided: null };
  const { limit: limitOption, per } = options;
  return { policy: null, provided: { decorator, member: place.member, from, limit: limitOption, per, key } };
}
