import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import type { MethodBody } from '../../lib/entries/index.js';

/** `ExecutionContext.getType()` of what runs for a worker. */
export const CONTEXT_TYPE = 'holdfast';

/** Where the enhancers of a method come from. */
export interface Host {
  readonly creator: ExternalContextCreator;
  /** The context that the instance was made in. Undefined: it is there for the life of the application. */
  readonly context: ContextId | undefined;
}

export type Run = (...args: unknown[]) => unknown;

/** A function with the name and all metadata of the method: what `getHandler()` gives, and reflectors read. */
export function standInFor(method: MethodBody, run: Run): Run {
  const standIn: Run = (...args) => run(...args);
  Object.setPrototypeOf(standIn, method);
  Object.defineProperty(standIn, 'name', { value: method.name, configurable: true });
  return standIn;
}
