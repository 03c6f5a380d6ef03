import { Injectable, Scope } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  DefinitionError,
  type DefinitionMistake,
  hasWorkerMethods,
  isWorker,
  type WorkerClass,
} from '../lib/entries/index.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Where Nest keeps what its enhancers wrote on a class or method. */
const ENHANCERS = new Map([
  ['__guards__', 'guards'],
  ['__interceptors__', 'interceptors'],
  ['__pipes__', 'pipes'],
  ['__exceptionFilters__', 'exception filters'],
]);

/** Finds the workers among the providers of all modules. */
@Injectable()
export class Explorer {
  constructor(private readonly discovery: DiscoveryService) {}

  /** Worker classes with their instances. Throws one `DefinitionError` for all that this host cannot run. */
  workers(): ReadonlyMap<WorkerClass, object> {
    const workers = new Map<WorkerClass, object>();
    const mistakes: DefinitionMistake[] = [];
    for (const wrapper of this.discovery.getProviders()) {
      const type = wrapper.isAlias ? null : workerClassOf(wrapper);
      if (type === null) continue;
      const found = [...whyNotRun(type, wrapper), ...whyNotTwice(type, wrapper, workers)];
      mistakes.push(...found);
      if (found.length === 0) workers.set(type, wrapper.instance as object);
    }
    if (mistakes.length > 0) throw new DefinitionError(mistakes);
    return workers;
  }
}

/**
 * The class itself, that of what a factory made, or the one that an overridden provider stands for. One with decorated
 * methods that lacks `@Worker` is taken too: the app says what to write on it.
 */
function workerClassOf({ metatype, instance, token }: Wrapper): WorkerClass | null {
  const types = [metatype, (instance as object | null | undefined)?.constructor, token];
  return types.find(isWorker) ?? types.find(hasWorkerMethods) ?? null;
}

function* whyNotRun(type: WorkerClass, wrapper: Wrapper): Generator<DefinitionMistake> {
  if (!wrapper.isDependencyTreeStatic() || wrapper.scope === Scope.TRANSIENT)
    yield {
      class: type.name,
      member: null,
      found: `it is ${wrapper.scope === Scope.TRANSIENT ? 'transient' : 'request-scoped, or needs something that is'}`,
      write:
        'Give workers and what they inject the default scope; read what belongs to one execution from execution()',
    };
  for (const [member, target] of [[null, type] as const, ...methodsOf(type)])
    for (const [key, name] of ENHANCERS)
      if (Reflect.hasMetadata(key, target))
        yield {
          class: type.name,
          member,
          found: `it has ${name}, which do not run for workers`,
          write: `Remove the ${name}; use { when } of @OnEvent, or the interceptors option`,
        };
}

function* whyNotTwice(
  type: WorkerClass,
  { instance }: Wrapper,
  workers: ReadonlyMap<WorkerClass, object>,
): Generator<DefinitionMistake> {
  const first = workers.get(type);
  if (first === undefined || first === instance) return;
  yield {
    class: type.name,
    member: null,
    found: 'several modules provide it, so that it has several instances',
    write: 'Provide it in one module and export it from there',
  };
}

function* methodsOf(type: WorkerClass): Generator<readonly [string, object]> {
  const names = new Set<string>();
  for (
    let prototype = type.prototype as object | null;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  )
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
      if (names.has(name) || name === 'constructor' || typeof value !== 'function') continue;
      names.add(name);
      yield [name, value as object];
    }
}
