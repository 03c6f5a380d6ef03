import type { AnyClass } from '../metadata/class-metadata.js';
import { reflection } from '../metadata/reflection.js';

/**
 * What Nest and tsyringe read, written by key so that neither has to be installed. A file with these decorators then works
 * in both hosts.
 */
const NEST_TOKENS = 'self:paramtypes';
const NEST_INJECTABLE = '__injectable__';
const TSYRINGE_TOKENS = 'injectionTokens';

/** Tells both hosts which token a constructor parameter takes. */
export function writeInjection(target: AnyClass, index: number, token: unknown): void {
  const nest = (reflection.getOwnMetadata?.(NEST_TOKENS, target) ?? []) as readonly {
    readonly index: number;
  }[];
  const others = nest.filter((entry) => entry.index !== index);
  reflection.defineMetadata?.(NEST_TOKENS, [...others, { index, param: token }], target);

  const tsyringe = reflection.getOwnMetadata?.(TSYRINGE_TOKENS, target) as
    | Record<number, unknown>
    | undefined;
  reflection.defineMetadata?.(TSYRINGE_TOKENS, { ...tsyringe, [index]: { token, multiple: false } }, target);
}

/** Marks a class as one that Nest may construct. */
export function writeInjectable(target: AnyClass): void {
  reflection.defineMetadata?.(NEST_INJECTABLE, true, target);
}
