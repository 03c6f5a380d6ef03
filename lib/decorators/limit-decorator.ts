import type { AnyClass } from '../metadata/class-metadata.js';
import type { LimitKey } from '../metadata/policy-options.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { HasField } from './has-field.js';
import type { Method } from './step-target.js';

/**
 * Stands on a method, or on a class as the default of its handlers. On a method, the key is checked against what the
 * method takes; one without parameters takes any key.
 */
export interface LimitDecorator<Key extends LimitKey> {
  (target: AnyClass): void;
  <Target, M extends Method>(
    target: LimitTarget<Key, Target, M>,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
}

/** The class itself, or a sentence that says why the key cannot be read. */
export type LimitTarget<Key extends LimitKey, Target, M extends Method> = [Key] extends [never]
  ? Target
  : Arguments<M> extends readonly []
    ? Target
    : Key extends string
      ? HasField<Arguments<M>[0], Key> extends true
        ? Target
        : `there is no field '${Key}' in what this method takes first`
      : Key extends (...args: Arguments<M>) => unknown
        ? Target
        : 'the key function does not take what this method takes';

/** Of a handler the event alone: its context begins with the execution, later than the limit. */
type Arguments<M extends Method> =
  Parameters<M> extends readonly [infer Event, ExecutionContext] ? [Event] : Parameters<M>;
