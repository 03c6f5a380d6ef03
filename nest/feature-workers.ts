import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  ConfigurationError,
  DefinitionError,
  type DefinitionMistake,
  isWorker,
  untypedParameters,
  type WorkerClass,
} from '../lib/entries/index.js';
import { fromModule } from './from-module.js';
import { needsOfClass, reachOf } from './reach.js';
import { isScoped, type NestModule, refOf, titleOf, type Wrapper } from './wrapper.js';

/** One `forFeature`. */
export interface Feature {
  readonly workers: readonly WorkerClass[];
  /** The app that runs them; undefined: not said. */
  readonly app: string | undefined;
}

/** Under this token a module keeps its `Feature`. */
export const FEATURE = Symbol('holdfast/nest-feature');

const HOOKS = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

/** Workers that features have made or found, in one application. */
const made = new WeakMap<ModulesContainer, Map<WorkerClass, Promise<object | null>>>();

/** The module of a `forFeature`: its workers are made of what the module that imports it can inject. */
export function featureModule(module: DynamicModule['module'], feature: Feature): DynamicModule {
  refuseOthers(feature.workers);
  return {
    module,
    providers: [
      { provide: FEATURE, useValue: feature },
      ...feature.workers.map((type) => provider(type, feature)),
    ],
    exports: [...feature.workers],
  };
}

/** Throws `DefinitionError` when none of the apps is there that would run the workers of the feature. */
export function refuseAppless(
  { workers, app }: Feature,
  apps: readonly { readonly name: string | undefined }[],
): void {
  if (app === undefined ? apps.length > 0 : apps.some(({ name }) => name === app)) return;
  const named = app === undefined ? '' : ` with the name '${app}'`;
  const options = app === undefined ? '' : `{ name: '${app}', … }`;
  throw new DefinitionError(
    workers.map((type) =>
      mistake(
        type,
        `forFeature() has it, and no module imports a WorkerModule.forRoot()${named}, so that nothing runs it`,
        `Import WorkerModule.forRoot(${options}) in the root module`,
      ),
    ),
  );
}

/** Whether a provider is that of a feature. */
export function isOfFeature({ host, token }: Wrapper): boolean {
  const feature = host?.providers.get(FEATURE)?.instance as Feature | undefined;
  return feature?.workers.includes(token as WorkerClass) ?? false;
}

function provider(type: WorkerClass, feature: Feature): Provider {
  return {
    provide: type,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => {
      const ofApplication = made.get(modules) ?? new Map<WorkerClass, Promise<object | null>>();
      made.set(modules, ofApplication);
      const known = ofApplication.get(type);
      if (known !== undefined) refuseHooks(type);
      const instance = known ?? instanceOf(type, feature, modules);
      ofApplication.set(type, instance);
      return instance;
    },
  };
}

/** Null: the importing module provides it, or it has a scope of its own, and every pass gets one from its provider. */
async function instanceOf(
  type: WorkerClass,
  feature: Feature,
  modules: ModulesContainer,
): Promise<object | null> {
  const host = importerOf(feature, modules);
  if (host === null)
    throw new DefinitionError([mistake(type, 'no module imports the forFeature() that has it', 'Import it')]);
  const own = ownProviderOf(type, modules);
  if (own?.host === host || (own !== null && isScopedYet(own, modules))) return null;
  if (own?.host !== undefined) {
    refuseHooks(type);
    return fromModule(own.host, own.token as string);
  }
  if (!isWorker(type))
    throw new DefinitionError([
      mistake(
        type,
        'forFeature() has it, and it has no @Worker of its own',
        'Write @Worker() on it, with its parentheses',
      ),
    ]);
  const untyped = untypedParameters(type);
  if (untyped.length > 0) throw new DefinitionError(untyped);
  const needs = reachOf(needsOfClass(type), host, modules);
  if (needs.tokens.has(type))
    throw new DefinitionError([
      mistake(
        type,
        'forFeature() has it, and what it injects injects it',
        `Write it in the providers of ${titleOf(host)}, with forwardRef(() => …) on both sides`,
      ),
    ]);
  if (needs.isScoped || hasScope(type))
    throw new DefinitionError([
      mistake(
        type,
        'forFeature() has it, and it belongs to a request, or needs something that does',
        `Write it in the providers of ${titleOf(host)}: every pass gets an instance of its own`,
      ),
    ]);
  return refOf(host).create(type as Type<object>);
}

function ownProviderOf(type: WorkerClass, modules: ModulesContainer): Wrapper | null {
  for (const module of modules.values())
    for (const wrapper of module.providers.values())
      if (!wrapper.isAlias && !isOfFeature(wrapper) && (wrapper.token === type || wrapper.metatype === type))
        return wrapper;
  return null;
}

function isScopedYet(wrapper: Wrapper, modules: ModulesContainer): boolean {
  const { host, metatype } = wrapper;
  if (isScoped(wrapper)) return true;
  return host !== undefined && typeof metatype === 'function' && wrapper.inject == null
    ? reachOf(needsOfClass(metatype), host, modules).isScoped
    : false;
}

function importerOf(feature: Feature, modules: ModulesContainer): NestModule | null {
  for (const module of modules.values())
    for (const imported of module.imports)
      if (imported.providers.get(FEATURE)?.instance === feature) return module;
  return null;
}

/** Nest calls the hooks of an instance for each module that has it. Throws `DefinitionError`. */
function refuseHooks(type: WorkerClass): void {
  const hook = HOOKS.find((name) => name in (type.prototype as object));
  if (hook === undefined) return;
  throw new DefinitionError([
    mistake(
      type,
      `several modules have it, one by forFeature(), and Nest would call its ${hook}() for each`,
      'Name it in one module, and export it from there',
    ),
  ]);
}

function hasScope(type: WorkerClass): boolean {
  const written = Reflect.getMetadata('scope:options', type) as { scope?: number } | undefined;
  return (written?.scope ?? 0) !== 0;
}

function mistake(type: WorkerClass, found: string, write: string): DefinitionMistake {
  return { class: type.name, member: null, found, write };
}

/** Throws `ConfigurationError` for what is no list of classes: a circular import gives undefined. */
function refuseOthers(workers: readonly unknown[]): void {
  const mistakes = (Array.isArray(workers) ? workers : [workers])
    .map((type: unknown, at) => ({ type, at }))
    .filter(({ type }) => typeof type !== 'function' || !Array.isArray(workers))
    .map(({ type, at }) => ({
      option: `WorkerModule.forFeature()[${at}]`,
      found: `${String(type)} is no class in a list`,
      write: 'Write forFeature([OrderWorker]); look for a circular import',
    }));
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}
