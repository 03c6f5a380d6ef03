import type { ModulesContainer } from '@nestjs/core';
import type { DefinitionMistake, MethodBody, MethodCall, WorkerClass } from '../../lib/entries/index.js';
import { methodsOf } from '../methods-of.js';
import { isScoped, type Wrapper } from '../wrapper.js';

/** Where Nest keeps what its decorators wrote on a class or method. */
const KINDS = new Map([
  ['__guards__', '@UseGuards'],
  ['__interceptors__', '@UseInterceptors'],
  ['__pipes__', '@UsePipes'],
  ['__exceptionFilters__', '@UseFilters'],
]);
const PIPES = '__pipes__';
const FILTERS = '__exceptionFilters__';
/** What parameter decorators write on the class of the method. */
const PARAMETERS = ['__routeArguments__', 'microservices:ws_args'];

/** What is written on a method and its class. */
export interface BoundEnhancers {
  readonly any: boolean;
  readonly pipes: boolean;
  readonly filters: boolean;
}

export function boundEnhancers(type: object, method: MethodBody): BoundEnhancers {
  const has = (key: string): boolean => Reflect.hasMetadata(key, type) || Reflect.hasMetadata(key, method);
  return { any: [...KINDS.keys()].some(has), pipes: has(PIPES), filters: has(FILTERS) };
}

/** What is written on a worker and would not happen. */
export function* enhancerMistakes(
  modules: ModulesContainer,
  type: WorkerClass,
  instance: object,
): Generator<DefinitionMistake> {
  const made = enhancersMadeFor(modules, instance);
  yield* unmade(made, type, null, type);
  for (const [member, method] of methodsOf(type)) {
    yield* unmade(made, type, member, method);
    yield* parameterMistakes(type, member);
  }
}

/** What is written on one method, be it overridden, and would not happen. */
export function methodMistakes(
  modules: ModulesContainer,
  { instance, name, method }: MethodCall,
): readonly DefinitionMistake[] {
  const type = instance.constructor as WorkerClass;
  return [...unmade(enhancersMadeFor(modules, instance), type, name, method)];
}

/**
 * Nest makes the classes of enhancers for hosts that it makes itself, as their class has the method. All others it would
 * leave out without a word, guards too.
 */
function* unmade(
  made: ReadonlySet<unknown>,
  type: WorkerClass,
  member: string | null,
  target: object,
): Generator<DefinitionMistake> {
  for (const [key, decorator] of KINDS)
    for (const { name } of classesIn(Reflect.getMetadata(key, target)).filter((each) => !made.has(each)))
      yield {
        class: type.name,
        member,
        found: `its ${decorator}(${name}) cannot run: Nest has not made a ${name} for it`,
        write: `Provide ${type.name} as a class, and decorate the method that overrides others; or write ${decorator}(new ${name}())`,
      };
}

function* parameterMistakes(type: WorkerClass, member: string): Generator<DefinitionMistake> {
  if (!PARAMETERS.some((key) => Reflect.hasMetadata(key, type, member))) return;
  yield {
    class: type.name,
    member,
    found: 'it has parameters decorated as those of a controller or gateway, which do nothing in a worker',
    write: 'Remove the decorators: handlers receive (event, context), steps what they are called with',
  };
}

/** Classes of the enhancers that Nest made in the modules that provide that instance. */
function enhancersMadeFor(modules: ModulesContainer, instance: object): ReadonlySet<unknown> {
  const made = new Set<unknown>();
  for (const module of modules.values())
    if ([...module.providers.values()].some((wrapper) => isOf(wrapper, instance)))
      for (const token of module.injectables.keys()) made.add(token);
  return made;
}

/** Of one that every pass gets anew, the provider has none. */
function isOf(wrapper: Wrapper, instance: object): boolean {
  if (wrapper.instance === instance) return true;
  return isScoped(wrapper) && wrapper.metatype === instance.constructor;
}

type AnyFunction = (...args: never[]) => unknown;

/** Of what `@UseGuards` and its kind were given: classes, not objects. */
function classesIn(enhancers: unknown): readonly AnyFunction[] {
  if (!Array.isArray(enhancers)) return [];
  return enhancers.filter((each): each is AnyFunction => typeof each === 'function');
}
