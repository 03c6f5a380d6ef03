import { reflection } from '../metadata/reflection.js';
import { shared } from '../ports/current-execution.js';
import { DetachedExecution } from './detached-execution.js';
import type { MethodTarget } from './record-method.js';

type Body = (this: object, ...args: unknown[]) => unknown;

/** The method's replacement: a durable call below a handler, a plain one elsewhere. */
export function durable({ name, descriptor }: Pick<MethodTarget, 'name' | 'descriptor'>): Body {
  const body = descriptor.value as Body;
  const { storage, detached } = shared();
  const replacement = function (this: object, ...args: unknown[]): unknown {
    const current = storage.getStore();
    if (current === undefined) {
      if (detached.size > 0) for (const listener of detached) listener(this, name);
      return storage.run(new DetachedExecution(this?.constructor.name ?? '', name), () =>
        body.apply(this, args),
      );
    }
    return current.step({ receiver: this, name, args, body, method: replacement });
  };
  Object.defineProperty(replacement, 'name', { value: body.name, configurable: true });
  Object.defineProperty(replacement, 'length', { value: body.length, configurable: true });
  copyMetadata(body, replacement);
  return replacement;
}

/** Keeps what decorators below this one wrote on the function. */
function copyMetadata(from: object, to: object): void {
  for (const key of reflection.getOwnMetadataKeys?.(from) ?? []) {
    reflection.defineMetadata?.(key, reflection.getOwnMetadata?.(key, from), to);
  }
  for (const key of Reflect.ownKeys(from)) {
    if (Object.hasOwn(to, key)) continue;
    const property = Object.getOwnPropertyDescriptor(from, key);
    if (property !== undefined) Object.defineProperty(to, key, property);
  }
}
