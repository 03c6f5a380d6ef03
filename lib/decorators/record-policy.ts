import type { AnyClass, ClassMetadata } from '../metadata/class-metadata.js';
import { recordClass, recordTwice } from './record-class.js';
import { recordMethod } from './record-method.js';

type PolicyField = 'retry' | 'timeout' | 'concurrency' | 'rateLimit';

/** Writes a policy to the method or the class that its decorator stands on. */
export function recordPolicy<Field extends PolicyField>(
  decorator: string,
  field: Field,
  policy: NonNullable<ClassMetadata[Field]>,
): (target: object, key?: unknown, descriptor?: PropertyDescriptor) => void {
  return (target, key, descriptor) => {
    if (typeof target === 'function' && typeof key !== 'string' && typeof key !== 'symbol') {
      const type = target as AnyClass;
      const record = recordClass(decorator, type, key);
      if (record[field] !== null) recordTwice(record, type, null, decorator);
      Object.assign(record, { [field]: policy });
      return;
    }
    const found = recordMethod(decorator, target, key, descriptor);
    if (found === null) return;
    if (found.method[field] !== null) recordTwice(found.record, found.type, found.name, decorator);
    Object.assign(found.method, { [field]: policy });
  };
}
