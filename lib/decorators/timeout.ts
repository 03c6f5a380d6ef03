import type { AnyClass } from '../metadata/class-metadata.js';
import type { Duration } from '../model/duration.js';
import { recordClass, recordTwice } from './record-class.js';
import { recordMethod } from './record-method.js';
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
  return (target: object, key?: unknown, descriptor?: PropertyDescriptor) => {
    if (typeof target === 'function' && typeof key !== 'string' && typeof key !== 'symbol') {
      const type = target as AnyClass;
      const record = recordClass('Timeout', type, key);
      if (record.timeout !== null) recordTwice(record, type, null, 'Timeout');
      record.timeout = duration;
      return;
    }
    const found = recordMethod('Timeout', target, key, descriptor);
    if (found === null) return;
    if (found.method.timeout !== null) recordTwice(found.record, found.type, found.name, 'Timeout');
    found.method.timeout = duration;
  };
}
