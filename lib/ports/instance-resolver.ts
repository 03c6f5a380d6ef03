import type { WorkerDefinition } from '../model/definition.js';
import type { InjectionToken } from '../model/injection-token.js';

/** Gives the engine the object whose methods it runs. The engine knows no container; each host has its own resolver. */
export interface InstanceResolver {
  /** May be synchronous: the answer is only awaited when it is a promise. Called once per pass. */
  resolve(worker: WorkerDefinition): object | Promise<object>;
  /** What the host's container holds under a token, for `app.get`. Left out: the app's own container is asked. */
  get?<Value>(token: InjectionToken<Value>): Value;
  /** False as long as the host has not told the app its workers: nothing can be published. Left out: it has. */
  isReady?(): boolean;
}
