import type { AnyClass } from '../metadata/class-metadata.js';
import type { RetryOptions } from '../metadata/policy-options.js';
import { recordPolicy } from './record-policy.js';

export type { RetryOptions };

/** Stands on a method, or on a class as the default of its steps. */
export interface PolicyDecorator {
  (target: AnyClass): void;
  (target: object, method: string | symbol, descriptor: PropertyDescriptor): void;
}

/**
 * How failures are repeated. On a step or handler it replaces the class's policy whole; on a class it is the default of
 * its steps. Without it: 3 attempts, 1 s doubling to 60 s, ± 20 %. A retry is a durable timer: it holds no slot and
 * outlives the process.
 *
 * @example
 * @Step()
 * @Retry({ maxAttempts: 5, backoff: exponential('1s', { max: '30s' }), retryIf: (e) => !(e instanceof CardDeclined) })
 * charge(orderId: string) { … }
 */
export function Retry(options: RetryOptions): PolicyDecorator {
  return recordPolicy('Retry', 'retry', options, arguments);
}
