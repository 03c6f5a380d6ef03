import type { DynamicModule, FactoryProvider, Provider, ValueProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { APP, type AppIdentity } from '../explorer.js';
import { fromModule } from '../from-module.js';
import { Lifecycle } from '../lifecycle.js';
import { getWorkerAppToken } from '../tokens.js';
import type { NestModule } from '../wrapper.js';

/** A module of workers that steps back where the application imports one of that name: its app is that one's then. */
export function asSpare(module: DynamicModule, name: string | undefined): DynamicModule {
  const app = getWorkerAppToken(name);
  const spare = (provider: Provider): Provider => {
    if (isOf<ValueProvider<AppIdentity>>(provider, APP))
      return { ...provider, useValue: { ...provider.useValue, isSpare: true } };
    if (isOf<FactoryProvider>(provider, app)) return unless(name, provider, (main) => fromModule(main, app));
    if (isOf<FactoryProvider>(provider, Lifecycle)) return unless(name, provider, () => null);
    return provider;
  };
  return { ...module, providers: (module.providers ?? []).map(spare) };
}

function isOf<Kind extends { readonly provide: unknown }>(
  provider: Provider,
  token: unknown,
): provider is Provider & Kind {
  return typeof provider === 'object' && provider.provide === token;
}

/** The same provider, unless the application has a module of its own for that. */
function unless(
  name: string | undefined,
  provider: FactoryProvider,
  otherwise: (main: NestModule) => unknown,
): FactoryProvider {
  return {
    provide: provider.provide,
    inject: [ModulesContainer, ...(provider.inject ?? [])],
    useFactory: (modules: ModulesContainer, ...parts: unknown[]) => {
      const main = [...modules.values()].find((module) => isMain(module, name));
      return main === undefined ? provider.useFactory(...parts) : otherwise(main);
    },
  };
}

function isMain(module: NestModule, name: string | undefined): boolean {
  const identity = module.providers.get(APP)?.instance as AppIdentity | undefined;
  return identity !== undefined && identity.isSpare !== true && identity.name === name;
}
