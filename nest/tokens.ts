import { Inject } from '@nestjs/common';
import { type TypedToken, WORKER_APP, type WorkerApp } from '../lib/entries/index.js';

/** What `@InjectPublisher()` gives: the side of an app that hands work over. */
export type Publisher = Pick<WorkerApp, 'publish' | 'publishMany' | 'execute' | 'executeMany'>;

const PUBLISHER: TypedToken<Publisher> = Symbol.for('holdfast/publisher');

/**
 * The token of a part of the app with that name, for `@Inject`, `overrideProvider` and providers that replace it. Without a
 * name: the token itself.
 *
 * @example
 * constructor(@Inject(getPartToken(STORE, 'reports')) private readonly store: Store) {}
 */
export function getPartToken<Value>(part: TypedToken<Value>, name?: string): TypedToken<Value> {
  return name === undefined ? part : Symbol.for(`${part.description ?? ''} of ${name}`);
}

/** The token of the app with that name; without one, `WORKER_APP`. */
export function getWorkerAppToken(name?: string): TypedToken<WorkerApp> {
  return getPartToken(WORKER_APP, name);
}

/** The token of what `@InjectPublisher(name)` injects: replace it in tests of code that publishes. */
export function getPublisherToken(name?: string): TypedToken<Publisher> {
  return getPartToken(PUBLISHER, name);
}

/**
 * Injects the `WorkerApp`, by name where there are several.
 *
 * @example
 * constructor(@InjectWorkers() private readonly workers: WorkerApp) {}
 */
export function InjectWorkers(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getWorkerAppToken(name));
}

/**
 * Injects the app as a `Publisher`, by name where there are several.
 *
 * @example
 * constructor(@InjectPublisher() private readonly publisher: Publisher) {}
 */
export function InjectPublisher(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getPublisherToken(name));
}
