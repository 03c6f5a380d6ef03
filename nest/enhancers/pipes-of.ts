import type { MethodBody, MethodCall } from '../../lib/entries/index.js';
import { CONTEXT_TYPE, type Host, standInFor } from './stand-in.js';

/** Gives the arguments as the pipes leave them. */
export type Pipes = (args: readonly unknown[]) => Promise<readonly unknown[]>;

/** Under which our note of a method's parameters is found by Nest. */
const PARAMETERS = 'holdfast/parameters';
/** What pipes are told of each: Nest's number of what came in the body of a request. */
const BODY = 3;

/**
 * The pipes of a method: for the event of a handler, for each declared parameter of a step. Nest resolves them, and tells
 * each the type that the compiler emitted for the parameter.
 */
export function pipesOf({ creator, context }: Host, { instance, name, kind, method }: MethodCall): Pipes {
  const count = kind === 'handler' ? 1 : Math.max(1, parameterCount(instance, name, method));
  declareParameters(instance, name, count);
  const apply = creator.create<never, typeof CONTEXT_TYPE>(
    instance,
    standInFor(method, (...args) => args),
    name,
    PARAMETERS,
    { exchangeKeyForValue: (_type, index, args: readonly unknown[]) => args[Number(index)] },
    context,
    undefined,
    { guards: false, interceptors: false, filters: false },
    CONTEXT_TYPE,
  );
  return async (args) => {
    const piped = (await apply(...args)) as readonly unknown[];
    return [...piped, ...args.slice(count)];
  };
}

function parameterCount(instance: object, name: string, method: MethodBody): number {
  const types: unknown = Reflect.getMetadata('design:paramtypes', instance, name);
  return Array.isArray(types) ? types.length : method.length;
}

/** In the form that Nest reads; `data` is the place. */
function declareParameters(instance: object, name: string, count: number): void {
  const parameters = Array.from({ length: count }, (_, index) => [
    `${BODY}:${index}`,
    { index, data: String(index), pipes: [] },
  ]);
  Reflect.defineMetadata(PARAMETERS, Object.fromEntries(parameters), instance.constructor, name);
}
