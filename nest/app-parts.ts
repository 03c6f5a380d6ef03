import type { InjectionToken, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  CLOCK,
  ConfigurationError,
  DISPATCHER,
  localDispatcher,
  LOGGER,
  METRICS,
  silentMetrics,
  STORE,
  storeFromEnvironment,
  systemClock,
  type TypedToken,
  WorkerApp,
} from '../lib/entries/index.js';
import { APP } from './explorer.js';
import { fromModule } from './from-module.js';
import { nestLogger } from './nest-logger.js';
import { reachOf } from './reach.js';
import { getPartToken, getPublisherToken, getWorkerAppToken } from './tokens.js';
import { titleOf, type Wrapper } from './wrapper.js';
import { refuseImpossible, type WorkerModuleSettings } from './worker-module-options.js';

/** Under this token a module keeps its settings. */
export const SETTINGS = Symbol('holdfast/nest-settings');

/** Each part, and what stands for it where neither an option nor a provider does. */
const PARTS = [
  [STORE, ({ store }) => store ?? storeFromEnvironment(process.env)],
  [DISPATCHER, ({ dispatcher }) => dispatcher ?? localDispatcher()],
  [CLOCK, ({ clock }) => clock ?? systemClock],
  [LOGGER, ({ logger }) => logger ?? nestLogger()],
  [METRICS, ({ metrics }) => metrics ?? silentMetrics],
] as const satisfies readonly (readonly [TypedToken<object>, (settings: WorkerModuleSettings) => object])[];

/** Tokens of the parts of the app with that name. */
export function partTokens(name: string | undefined): InjectionToken[] {
  return PARTS.map(([part]) => getPartToken<object>(part, name));
}

/** Providers of the parts: what another module provides under such a token replaces the part. */
export function partProviders(name: string | undefined): Provider[] {
  return PARTS.map(([part, standard]) => {
    const token = getPartToken<object>(part, name);
    return {
      provide: token,
      inject: [ModulesContainer, SETTINGS],
      useFactory: (modules: ModulesContainer, settings: WorkerModuleSettings) => {
        refuseImpossible(settings);
        return replacement(token, name, modules) ?? standard(settings);
      },
    };
  });
}

/** What another module has under the token; null: nothing. */
function replacement(
  token: TypedToken<object>,
  name: string | undefined,
  modules: ModulesContainer,
): Promise<object> | null {
  const found: Wrapper[] = [];
  for (const module of modules.values()) {
    const wrapper = module.providers.get(token);
    if (wrapper !== undefined && !module.providers.has(APP)) found.push(wrapper);
  }
  const [wrapper] = found;
  if (wrapper?.host === undefined) return null;
  const title = token.description ?? '';
  if (found.length > 1)
    throw new ConfigurationError([
      {
        option: title,
        found: `${found.map(({ host }) => titleOf(host)).join(' and ')} provide it`,
        write: 'Provide it once',
      },
    ]);
  const { tokens } = reachOf([token], wrapper.host, modules);
  if ([getWorkerAppToken(name), getPublisherToken(name), WorkerApp].some((each) => tokens.has(each)))
    throw new ConfigurationError([
      {
        option: title,
        found: `what ${titleOf(wrapper.host)} provides for it injects the app, which is made of it`,
        write: 'Ask for the app later, with ModuleRef',
      },
    ]);
  return fromModule<object>(wrapper.host, token);
}
