import type { InjectionToken } from '../model/injection-token.js';

/** A class that a container can construct. */
export type Constructable<Value extends object = object> = new (...args: never[]) => Value;

/**
 * Says how a token gets its value: once per app. Of several for one token the last holds. A bare class stands for
 * itself.
 */
export type Provider = Constructable | ValueProvider | ClassProvider | FactoryProvider;

export interface ValueProvider {
  readonly provide: InjectionToken;
  readonly useValue: unknown;
}

export interface ClassProvider {
  readonly provide: InjectionToken;
  readonly useClass: Constructable;
}

export interface FactoryProvider {
  readonly provide: InjectionToken;
  /** May be asynchronous: awaited at boot. Receives what `inject` names, in that order. */
  readonly useFactory: (...dependencies: never[]) => unknown;
  readonly inject?: readonly InjectionToken[];
}
