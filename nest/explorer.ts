import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  DefinitionError,
  type DefinitionMistake,
  hasWorkerMethods,
  isWorker,
  untypedParameters,
  type WorkerClass,
} from '../lib/entries/index.js';
import { Enhancers } from './enhancers/enhancers.js';
import { FEATURE, type Feature, isOfFeature } from './feature-workers.js';
import { foreignDecorators } from './foreign-decorators.js';
import { isScoped, titleOf, type Wrapper } from './wrapper.js';

/** Under this token the module of an app keeps its `AppIdentity`. */
export const APP = Symbol('holdfast/nest-app');

/** What is known of an app before it is made. */
export interface AppIdentity {
  readonly name: string | undefined;
  /** The workers that its options name. */
  readonly workers: readonly unknown[];
  /** It is there for applications that import none of that name: those of tests. Default false. */
  readonly isSpare?: boolean;
}

/** What one look at all modules gave. */
export interface Explored {
  /** The workers of this app with their providers. */
  readonly workers: ReadonlyMap<WorkerClass, Wrapper>;
  /** What is possible, and may not be meant. */
  readonly warnings: readonly string[];
}

/** Finds the workers among the providers of all modules. */
@Injectable()
export class Explorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly enhancers: Enhancers,
  ) {}

  /** Every app of the application, this one included. */
  apps(): readonly AppIdentity[] {
    const all = this.kept(APP) as readonly AppIdentity[];
    const isNeeded = ({ name }: AppIdentity): boolean =>
      !all.some((other) => other.isSpare !== true && other.name === name);
    return all.filter((app) => app.isSpare !== true || isNeeded(app));
  }

  /** The workers of an app. Throws one `DefinitionError` for all that this host cannot run. */
  explore(app: AppIdentity): Explored {
    const workers = new Map<WorkerClass, Wrapper>();
    const warnings: string[] = [];
    const mistakes: DefinitionMistake[] = [];
    for (const wrapper of this.discovery.getProviders()) {
      const type = wrapper.isAlias ? null : workerClassOf(wrapper);
      if (type === null || isEmptyFeature(wrapper) || !this.isOf(app, type, mistakes)) continue;
      const first = workers.get(type);
      if (first === undefined) {
        workers.set(type, wrapper);
        mistakes.push(
          ...foreignDecorators(type),
          // The app says of one without @Worker that it lacks it, which makes the build emit its types.
          ...(isWorker(type) ? untyped(wrapper) : []),
          ...this.enhancers.mistakes(type, wrapper.instance as object),
        );
      } else if (first.instance === wrapper.instance && !isScoped(first)) continue;
      else if (first.token === wrapper.token) warnings.push(twice(type, first, wrapper));
      else mistakes.push(severalOf(type));
    }
    if (mistakes.length > 0) throw new DefinitionError(mistakes);
    return { workers, warnings };
  }

  /** Whether the app runs the worker: one that was given to apps runs in these, any other in the one without a name, or the only one. */
  private isOf(app: AppIdentity, type: WorkerClass, mistakes: DefinitionMistake[]): boolean {
    const apps = this.apps();
    const given = new Set(apps.filter(({ workers }) => workers.includes(type)).map(({ name }) => name));
    for (const { workers, app: name } of this.kept(FEATURE) as readonly Feature[])
      if (name !== undefined && workers.includes(type)) given.add(name);
    if (given.size > 0) return given.has(app.name);
    if (app.name === undefined || apps.length === 1) return true;
    if (apps.every(({ name }) => name !== undefined)) mistakes.push(homeless(type, apps));
    return false;
  }

  private kept(token: symbol): readonly unknown[] {
    return this.discovery
      .getProviders()
      .filter((wrapper) => wrapper.token === token)
      .map(({ instance }) => instance as unknown);
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

/** Nest warns of it at most, and would construct the worker with `undefined`. What a factory makes, or a value, needs no types. */
function untyped({ metatype, inject }: Wrapper): readonly DefinitionMistake[] {
  return inject == null && typeof metatype === 'function' ? untypedParameters(metatype as WorkerClass) : [];
}

/** A feature leaves the worker to the module that provides it. */
function isEmptyFeature(wrapper: Wrapper): boolean {
  return isOfFeature(wrapper) && wrapper.instance === null;
}

function twice(type: WorkerClass, first: Wrapper, second: Wrapper): string {
  return `${titleOf(first.host)} and ${titleOf(second.host)} both provide ${type.name}, so that it has two instances: that of ${titleOf(first.host)} runs. Provide it in one module and export it from there`;
}

function severalOf(type: WorkerClass): DefinitionMistake {
  return {
    class: type.name,
    member: null,
    found: 'several providers make it, so that it has several instances',
    write: 'Provide it once, and give other tokens useExisting',
  };
}

function homeless(type: WorkerClass, apps: readonly AppIdentity[]): DefinitionMistake {
  const names = apps.map(({ name }) => `'${name}'`);
  return {
    class: type.name,
    member: null,
    found: `it is given to none of the apps ${names.join(', ')}, and each has a name`,
    write: `Write WorkerModule.forFeature([${type.name}], ${names[0]}), or a forRoot() without name`,
  };
}
