import type { InjectionToken } from '../../model/injection-token.js';

/** A class that a container can construct. */
export type Constructable<Value extends object = object> = new (...args: never[]) => Value;

/**
 * Says how a token gets its value: once per app. Of several for one token the last holds. A bare class stands for
 * itself.
 */
export type Provider = Constructable | ValueProvider | ClassProvider | FactoryProvider;

/** Gives a token a value that exists already. The app does not dispose it. */
export interface ValueProvider {
  readonly provide: InjectionToken;
  readonly useValue: unknown;
}

/** Gives a token an instance of a class, constructed once per app and disposed with it. */
export interface ClassProvider {
  readonly provide: InjectionToken;
  readonly useClass: Constructable;
}

/** Gives a token what a function makes, once per app. The app does not dispose it. */
export interface FactoryProvider {
  readonly provide: InjectionToken;
  /** May be asynchronous: awaited at boot. Receives what `inject` names, in that order. */
  readonly useFactory: (...dependencies: never[]) => unknown;
  /** Tokens of the parameters. Default: none. */
  readonly inject?: readonly InjectionToken[];
}
