import type { AnyClass } from '../metadata/class-metadata.js';
import { ownMetadata } from '../metadata/metadata-store.js';
import { type MethodTarget, recordMethod } from './record-method.js';
import { refuseStandardDecorators } from './standard-decorators.js';

/** What to write where the decorator stands without its parentheses. */
const FORMS = {
  Step: '@Step()',
  OnEvent: '@OnEvent(SomeEvent)',
  Every: "@Every('5 minutes')",
  Debounce: "@Debounce(SomeEvent, { key: 'id', flushAfter: '2s' })",
  Compensate: "@Compensate('charge')",
  RenamedFrom: "@RenamedFrom('charge')",
  OnAlarm: '@OnAlarm()',
  OnIdle: '@OnIdle()',
  OnError: '@OnError()',
  Retry: '@Retry({ maxAttempts: 3 })',
  Timeout: "@Timeout('30s')",
  Concurrency: '@Concurrency(5)',
  RateLimit: "@RateLimit({ limit: 5, per: '1s' })",
} as const;

/** Decorators that stand on methods. */
export type MethodDecoratorName = keyof typeof FORMS;

const ON_CLASSES_TOO: readonly MethodDecoratorName[] = ['Retry', 'Timeout', 'Concurrency', 'RateLimit'];

/** Of methods or classes; what it may stand on, the types of each factory say. */
type Decorate = (target: unknown, key?: unknown, descriptor?: PropertyDescriptor) => void;

/**
 * What a factory of decorators answers. `written` is what the factory was called with: without its parentheses, that is
 * what the decorator stands on. Then it notes a mistake and answers nothing, so that the method stays as it is.
 */
export function decorator(
  name: MethodDecoratorName,
  written: ArrayLike<unknown>,
  decorate: Decorate,
): Decorate {
  const [target, key] = Array.from(written);
  if (isStandardContext(key)) refuseStandardDecorators(name, 'a class', key);
  if (!isMember(written) && !(ON_CLASSES_TOO.includes(name) && written.length === 1 && isClass(target)))
    return decorate;
  const type = (typeof target === 'function' ? target : (target as object).constructor) as AnyClass;
  ownMetadata(type).mistakes.push({
    class: type.name,
    member: typeof key === 'string' || typeof key === 'symbol' ? String(key) : null,
    found: `@${name} stands without parentheses`,
    write: `Write ${FORMS[name]}`,
  });
  // Nobody calls it: what is answered here would replace the method.
  return undefined as unknown as Decorate;
}

/** A decorator of methods; `write` gets what it stands on, where that can be a handler or a step. */
export function methodDecorator(
  name: MethodDecoratorName,
  written: ArrayLike<unknown>,
  write: (found: MethodTarget) => void,
): Decorate {
  return decorator(name, written, (target, key, descriptor) => {
    const found = recordMethod(name, target as object, key, descriptor);
    if (found !== null) write(found);
  });
}

/** Whether these are what a decorator is called with: a prototype or a class, a name, and a descriptor unless it is a property. */
function isMember(written: ArrayLike<unknown>): boolean {
  const [target, key, descriptor] = Array.from(written);
  return (
    written.length === 3 &&
    (typeof key === 'string' || typeof key === 'symbol') &&
    (isClass(target) ||
      (typeof target === 'object' && target !== null && Object.hasOwn(target, 'constructor'))) &&
    (descriptor === undefined ||
      (typeof descriptor === 'object' && descriptor !== null && 'configurable' in descriptor))
  );
}

/** The prototype of a class, and of nothing else, cannot be replaced. */
function isClass(value: unknown): boolean {
  return (
    typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
  );
}

function isStandardContext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value;
}
