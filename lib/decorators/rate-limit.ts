import type {
  AnyRateLimitOptions,
  LimitKey,
  ProvidedRateLimitOptions,
  RateLimitOptions,
} from '../metadata/policy-options.js';
import type { LimitDecorator } from './limit-decorator.js';
import { recordPolicy } from './record-policy.js';

/**
 * How many may begin per `per`, across all processes: on a handler its executions, on a step its attempts. After a quiet
 * time `limit` begin at once, then one every `per / limit`. The rest queue: they hold no slot and lose no attempt. On a class
 * it is the default of its handlers, each counted by itself. With `key`, each value of the key has the limit for itself.
 * Default: no limit.
 *
 * @example
 * @Step()
 * @RateLimit({ limit: 100, per: '1 minute', key: (mail: Mail) => mail.domain })
 * send(mail: Mail) { … }
 *
 * @example
 * @RateLimit({ from: AppConfig, limit: (config) => config.calls, per: '1s' })
 */
export function RateLimit<Provided, const Key extends LimitKey = never>(
  options: ProvidedRateLimitOptions<Provided, Key>,
): LimitDecorator<Key>;
export function RateLimit<const Key extends LimitKey = never>(
  options: RateLimitOptions<Key>,
): LimitDecorator<Key>;
export function RateLimit(options: AnyRateLimitOptions): object {
  return recordPolicy('RateLimit', 'rateLimit', options, arguments);
}
