import type { AnyClass, ClassMetadata } from '../metadata/class-metadata.js';
import { ownMetadata } from '../metadata/metadata-store.js';
import { refuseStandardDecorators } from './standard-decorators.js';

/** The record that a class decorator writes to. */
export function recordClass(decorator: string, target: AnyClass, context: unknown): ClassMetadata {
  refuseStandardDecorators(decorator, target.name, context);
  return ownMetadata(target);
}

/** Notes a decorator that is written twice where once is meant. */
export function recordTwice(
  record: ClassMetadata,
  type: AnyClass,
  member: string | null,
  decorator: string,
): void {
  record.mistakes.push({
    class: type.name,
    member,
    found: `@${decorator} is written twice`,
    write: `Write one @${decorator}`,
  });
}

/** Notes that a class is written as a worker and as an actor. */
export function recordWorkerToo(record: ClassMetadata, type: AnyClass): void {
  record.mistakes.push({
    class: type.name,
    member: null,
    found: 'it has @Worker and @Actor',
    write:
      "Leave @Worker out: @Actor makes it a worker, and takes its options, @Actor({ id: 'orders', state, key })",
  });
}
