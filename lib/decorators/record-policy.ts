import type { AnyClass, ClassMetadata } from '../metadata/class-metadata.js';
import { recordClass, recordTwice } from './record-class.js';
import { decorator, type MethodDecoratorName } from './method-decorator.js';
import { recordMethod } from './record-method.js';

type PolicyField = 'retry' | 'timeout' | 'concurrency' | 'rateLimit';

/** Writes a policy to the method or the class that its decorator stands on; `written` is what its factory was called with. */
export function recordPolicy<Field extends PolicyField>(
  name: MethodDecoratorName,
  field: Field,
  policy: NonNullable<ClassMetadata[Field]>,
  written: ArrayLike<unknown>,
): (target: unknown, key?: unknown, descriptor?: PropertyDescriptor) => void {
  return decorator(name, written, (target, key, descriptor) => {
    if (typeof target === 'function' && typeof key !== 'string' && typeof key !== 'symbol') {
      const type = target as AnyClass;
      const record = recordClass(name, type, key);
      if (record[field] !== null) recordTwice(record, type, null, name);
      Object.assign(record, { [field]: policy });
      return;
    }
    const found = recordMethod(name, target as object, key, descriptor);
    if (found === null) return;
    if (found.method[field] !== null) recordTwice(found.record, found.type, found.name, name);
    Object.assign(found.method, { [field]: policy });
  });
}
