import type { AnyClass, ClassMetadata, MethodMetadata } from '../metadata/class-metadata.js';
import { ownMetadata, ownMethod } from '../metadata/metadata-store.js';
import { refuseStandardDecorators } from './standard-decorators.js';

/** What a method decorator writes to, when it stands on something that can be a handler or a step. */
export interface MethodTarget {
  readonly type: AnyClass;
  readonly record: ClassMetadata;
  readonly name: string;
  readonly method: MethodMetadata;
  readonly descriptor: PropertyDescriptor;
}

/** Finds the record of the decorated method; null, with a mistake noted, where there is no instance method. */
export function recordMethod(
  decorator: string,
  target: object,
  key: unknown,
  descriptor: PropertyDescriptor | undefined,
): MethodTarget | null {
  refuseStandardDecorators(decorator, target instanceof Function ? target.name : 'a class', key);
  const type = (typeof target === 'function' ? target : target.constructor) as AnyClass;
  const record = ownMetadata(type);
  const problem = problemWith(target, key, descriptor);
  if (problem === null && typeof key === 'string' && descriptor !== undefined) {
    return { type, record, name: key, method: ownMethod(type, key), descriptor };
  }
  record.mistakes.push({
    class: type.name,
    member: String(key),
    found: `@${decorator} is on ${problem}`,
    write: `Write @${decorator} on an instance method with a plain name`,
  });
  return null;
}

function problemWith(
  target: object,
  key: unknown,
  descriptor: PropertyDescriptor | undefined,
): string | null {
  if (typeof key === 'symbol') return 'a method named by a symbol';
  if (typeof key !== 'string') return 'something without a name';
  if (key.startsWith('#')) return 'a private method';
  if (typeof target === 'function') return 'a static method';
  if (descriptor === undefined) return 'a property';
  if (descriptor.get !== undefined || descriptor.set !== undefined) return 'an accessor';
  return typeof descriptor.value === 'function' ? null : 'a property';
}
