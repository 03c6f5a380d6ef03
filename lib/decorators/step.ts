import { reflection } from '../metadata/reflection.js';
import { shared } from '../ports/current-execution.js';
import { DetachedExecution } from './detached-execution.js';
import { recordTwice } from './record-class.js';
import { type MethodTarget, recordMethod } from './record-method.js';
import { recordOptions } from './record-options.js';
import type { Storable } from './storable.js';

/** Of `@Step`. Each may be left out. */
export interface StepOptions<Key extends (...args: never[]) => unknown = (...args: never[]) => unknown> {
  /** What tells two calls apart, from the call's arguments. Default: the arguments themselves. */
  readonly key?: Key;
  /** A crash or timeout in the body ends the step with `StepInterruptedError`: it never begins twice. Default false. */
  readonly atMostOnce?: boolean;
  /** Kept in the worker's step graph. */
  readonly description?: string;
}

/** Checks the method against the key function and its result against what can be stored. */
export type StepDecorator<Key extends (...args: never[]) => unknown> = <
  Method extends (...args: never[]) => unknown,
>(
  target: StepTarget<Key, Method>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const OPTION_NAMES = ['key', 'atMostOnce', 'description'] as const satisfies (keyof StepOptions)[];

type StepTarget<
  Key extends (...args: never[]) => unknown,
  Method extends (...args: never[]) => unknown,
> = Key extends (...args: Parameters<Method>) => unknown
  ? [Awaited<ReturnType<Method>>] extends [Storable<Awaited<ReturnType<Method>>>]
    ? object
    : 'the result of this step cannot be stored: return plain data'
  : 'the key function does not take the arguments of this method';

/**
 * Makes a method durable. Called below a handler, its result is stored before the call returns, and a resume gives the
 * stored result instead of running it again. Called outside an execution it is the plain method.
 *
 * @example
 * @Step({ key: (user: User) => user.id })
 * welcome(user: User) { return this.mailer.send(user.email); }
 */
export function Step<Key extends (...args: never[]) => unknown = () => unknown>(
  options: StepOptions<Key> = {},
): StepDecorator<Key> {
  return (target: unknown, key: unknown, descriptor?: PropertyDescriptor) => {
    const found = recordMethod('Step', target as object, key, descriptor);
    if (found === null) return;
    if (found.method.step !== null) recordTwice(found.record, found.type, found.name, 'Step');
    const place = { decorator: 'Step', record: found.record, type: found.type, member: found.name };
    const {
      key: keyOf,
      atMostOnce,
      description,
    } = recordOptions(place, options, OPTION_NAMES) ? options : {};
    found.method.step = {
      key: keyOf ?? null,
      atMostOnce: atMostOnce ?? false,
      description: description ?? null,
    };
    found.descriptor.value = durable(found);
  };
}

type Body = (this: object, ...args: unknown[]) => unknown;

/** The method's replacement: a durable call below a handler, a plain one elsewhere. */
function durable({ name, descriptor }: MethodTarget): Body {
  const body = descriptor.value as Body;
  const { storage, detached } = shared();
  const replacement = function (this: object): unknown {
    const current = storage.getStore();
    if (current === undefined) {
      if (detached.size > 0) for (const listener of detached) listener(this, name);
      const args = Array.prototype.slice.call(arguments);
      return storage.run(new DetachedExecution(this?.constructor.name ?? '', name), () =>
        body.apply(this, args),
      );
    }
    return current.step({ receiver: this, name, args: Array.prototype.slice.call(arguments), body });
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
