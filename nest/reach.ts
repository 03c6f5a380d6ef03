import { Scope } from '@nestjs/common';
import { REQUEST, type ModulesContainer } from '@nestjs/core';
import type { NestModule, Wrapper } from './wrapper.js';

/** What a class or provider needs, with all that this needs. */
export interface Reach {
  readonly tokens: ReadonlySet<unknown>;
  /** Whether something of it belongs to one request, or is one. */
  readonly isScoped: boolean;
}

/** Read from what is written on classes and factories: Nest itself knows it only when everything is made. */
export function reachOf(needs: readonly unknown[], from: NestModule, modules: ModulesContainer): Reach {
  const tokens = new Set<unknown>();
  let isScoped = false;
  const follow = (token: unknown, module: NestModule): void => {
    if (tokens.has(token)) return;
    tokens.add(token);
    if (token === REQUEST) isScoped = true;
    const wrapper = module.providers.get(token as string) ?? elsewhere(token, modules);
    if (wrapper === null) return;
    if (wrapper.scope === Scope.REQUEST) isScoped = true;
    for (const next of needsOf(wrapper)) follow(next, wrapper.host ?? module);
  };
  for (const token of needs) follow(token, from);
  return { tokens, isScoped };
}

/** Tokens of the constructor's parameters and of injected properties. */
export function needsOfClass(type: object): readonly unknown[] {
  const parameters = [...listOf('design:paramtypes', type)];
  for (const { index, param } of listOf('self:paramtypes', type) as { index: number; param: unknown }[])
    parameters[index] = param;
  const properties = listOf('self:properties_metadata', type) as { type: unknown }[];
  return [...parameters, ...properties.map((property) => property.type)].map(forwarded);
}

function needsOf({ inject, metatype }: Wrapper): readonly unknown[] {
  if (inject != null) return inject.map(forwarded);
  return typeof metatype === 'function' ? needsOfClass(metatype) : [];
}

/** What `forwardRef(() => X)` or an optional `{ token: X }` stands for. */
function forwarded(token: unknown): unknown {
  if (typeof token !== 'object' || token === null) return token;
  const { forwardRef, token: named } = token as { forwardRef?: () => unknown; token?: unknown };
  return forwardRef === undefined ? forwarded(named) : forwardRef();
}

function listOf(key: string, type: object): readonly unknown[] {
  return (Reflect.getMetadata(key, type) as readonly unknown[] | undefined) ?? [];
}

function elsewhere(token: unknown, modules: ModulesContainer): Wrapper | null {
  for (const module of modules.values()) {
    const wrapper = module.providers.get(token as string);
    if (wrapper !== undefined) return wrapper;
  }
  return null;
}
