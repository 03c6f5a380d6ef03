import type {
  AnyConcurrencyOptions,
  ConcurrencyOptions,
  LimitKey,
  ProvidedConcurrencyOptions,
} from '../metadata/policy-options.js';
import type { LimitDecorator } from './limit-decorator.js';
import { recordPolicy } from './record-policy.js';

/**
 * How many run at the same time, across all processes: on a handler its executions, on a step its bodies. What has to
 * wait holds no slot and costs no attempt. On a class it is the default of its handlers, each counted by itself. With
 * `key`, each value of the key has the limit for itself. Default: no limit but the app's `concurrency`.
 *
 * @example
 * @OnEvent(OrderPlaced)
 * @Concurrency({ limit: 1, key: 'customer.id' })
 * fulfil(order: OrderPlaced) { … }
 *
 * @example
 * @Concurrency({ from: AppConfig, limit: (config) => config.orders })
 */
export function Concurrency(limit: number): LimitDecorator<never>;
export function Concurrency<Provided, const Key extends LimitKey = never>(
  options: ProvidedConcurrencyOptions<Provided, Key>,
): LimitDecorator<Key>;
export function Concurrency<const Key extends LimitKey = never>(
  options: ConcurrencyOptions<Key>,
): LimitDecorator<Key>;
export function Concurrency(options: AnyConcurrencyOptions): object {
  return recordPolicy('Concurrency', 'concurrency', options, arguments);
}
