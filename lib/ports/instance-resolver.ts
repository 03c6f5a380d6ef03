import type { WorkerDefinition } from '../model/definition.js';

/** Gives the engine the object whose methods it runs. The engine knows no container; each host has its own resolver. */
export interface InstanceResolver {
  /** May be synchronous: the answer is only awaited when it is a promise. Called once per pass. */
  resolve(worker: WorkerDefinition): object | Promise<object>;
}
