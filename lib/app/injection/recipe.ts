import type { DefinitionMistake } from '../../model/errors-boot.js';
import { nearNames, writeOneOf } from '../../model/near-names.js';
import type { Parameter } from './constructor-parameters.js';
import type { Constructable, Provider } from './provider.js';
import { tokenTitle } from './token-title.js';

/** How the container gets the value of one token. */
export type Recipe =
  | { readonly kind: 'value'; readonly token: unknown; readonly value: unknown }
  | { readonly kind: 'class'; readonly token: unknown; readonly type: Constructable }
  | {
      readonly kind: 'factory';
      readonly token: unknown;
      readonly make: (...args: unknown[]) => unknown;
      readonly parameters: readonly Parameter[];
    }
  /** Given after the boot has begun, as the app itself. */
  | { readonly kind: 'late'; readonly token: unknown };

const FORMS = '{ provide, useValue }, { provide, useClass }, { provide, useFactory, inject } or a class';

const WAYS = ['useValue', 'useClass', 'useFactory'];

/** The recipe of a provider, or what is wrong with it. */
export function recipeOf(provider: Provider, position: number): Recipe | DefinitionMistake {
  const refuse = (found: string, write: string): DefinitionMistake => ({
    class: 'providers',
    member: String(position),
    found,
    write,
  });
  if (typeof provider === 'function') return { kind: 'class', token: provider, type: provider };
  if (typeof provider !== 'object' || provider === null)
    return refuse(
      `${String(provider)} is no provider`,
      `Write ${FORMS}; look for a circular import where it is undefined`,
    );
  const { provide: token } = provider;
  if (!['function', 'symbol', 'string'].includes(typeof token)) {
    return refuse(
      `it provides ${String(token)}`,
      'Write a class, a symbol or a string as `provide`; look for a circular import',
    );
  }
  const ways = WAYS.filter((way) => Object.hasOwn(provider, way));
  const slip = Object.keys(provider).find((name) => nearNames(name, WAYS).length > 0 && !WAYS.includes(name));
  if (ways.length === 0 && slip !== undefined)
    return refuse(`${tokenTitle(token)} has ${slip}`, writeOneOf(slip, WAYS));
  if (ways.length !== 1) {
    return refuse(
      `${tokenTitle(token)} has ${ways.length === 0 ? 'no value' : ways.join(' and ')}`,
      `Write ${FORMS}`,
    );
  }
  if ('useValue' in provider) return { kind: 'value', token, value: provider.useValue };
  if ('useClass' in provider) {
    if (typeof provider.useClass === 'function') return { kind: 'class', token, type: provider.useClass };
    return refuse(
      `${tokenTitle(token)} has useClass: ${String(provider.useClass)}`,
      'Name a class; look for a circular import',
    );
  }
  const { useFactory, inject = [] } = provider;
  if (typeof useFactory !== 'function' || !Array.isArray(inject)) {
    return refuse(
      `${tokenTitle(token)} has no factory function`,
      'Write { provide, useFactory: (config) => …, inject: [Config] }',
    );
  }
  if (useFactory.length > inject.length) {
    return refuse(
      `the factory of ${tokenTitle(token)} takes ${useFactory.length} parameters and inject names ${inject.length}`,
      'Name the token of each parameter in inject',
    );
  }
  const parameters = inject.map((dependency: unknown, index) => ({
    index,
    token: dependency,
    optional: false,
    all: false,
    transform: null,
  }));
  return { kind: 'factory', token, make: useFactory as (...args: unknown[]) => unknown, parameters };
}

export function isMistake(recipe: Recipe | DefinitionMistake): recipe is DefinitionMistake {
  return 'found' in recipe;
}
