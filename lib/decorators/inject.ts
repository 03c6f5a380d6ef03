import type { AnyClass } from '../metadata/class-metadata.js';
import { ownMetadata } from '../metadata/metadata-store.js';
import type { InjectionToken } from '../model/injection-token.js';
import { writeInjectable, writeInjection } from './host-metadata.js';
import { recordClass } from './record-class.js';

/**
 * Names what a constructor parameter receives, where its type is no concrete class. Means the same under `bootstrap` and
 * under Nest.
 *
 * @example
 * constructor(@Inject(METRICS) private readonly metrics: Metrics) {}
 */
export function Inject(
  token: InjectionToken,
): (target: object, property: string | symbol | undefined, index: number) => void {
  return (target, property, index) => {
    if (typeof target === 'function' && property === undefined) {
      const type = target as AnyClass;
      ownMetadata(type).injections.set(index, token);
      writeInjection(type, index, token);
      return;
    }
    const type = (typeof target === 'function' ? target : target.constructor) as AnyClass;
    ownMetadata(type).mistakes.push({
      class: type.name,
      member: String(property),
      found: '@Inject is not on a constructor parameter',
      write: 'Take the dependency as a parameter of the constructor',
    });
  };
}

/**
 * Marks a class that a container constructs. Any class decorator makes TypeScript emit the constructor's types; this one
 * does nothing else, and Nest knows it too.
 */
export function Injectable(): (target: AnyClass) => void {
  return (target: AnyClass, context?: unknown) => {
    recordClass('Injectable', target, context);
    writeInjectable(target);
  };
}
