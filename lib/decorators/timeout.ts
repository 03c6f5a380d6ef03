import type { Duration } from '../model/duration.js';
import { recordPolicy } from './record-policy.js';
import type { PolicyDecorator } from './retry.js';

/**
 * On a step: bounds the running time of one attempt (default `'5m'`); durable waits inside do not count. On a handler:
 * bounds the whole execution, waits included (default: none). On a class: the default of its steps. `execution().signal`
 * is aborted when time is up.
 *
 * @example
 * @Step()
 * @Timeout('10s')
 * charge(orderId: string) { … }
 */
export function Timeout(duration: Duration): PolicyDecorator {
  return recordPolicy('Timeout', 'timeout', duration, arguments);
}
