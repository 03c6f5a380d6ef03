import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { Worker } from '../../../lib/decorators/worker.js';
import type { WorkerClass } from '../../../lib/model/definition.js';
import { DefinitionError } from '../../../lib/model/errors-boot.js';
import type { CompiledWorker } from '../../../lib/model/provided-limit.js';

type Decorate = (target: object, key: string, descriptor: PropertyDescriptor) => void;

/** A decorator, so loose that types cannot refuse what it is given. */
export type Loose = (...args: readonly unknown[]) => unknown;

/** A worker whose methods carry the decorators, the first written highest. */
export function workerOf(methods: Readonly<Record<string, readonly unknown[]>>): WorkerClass {
  class Sample {}
  for (const [name, decorators] of Object.entries(methods)) {
    const descriptor: PropertyDescriptor = { value(): void {}, configurable: true, writable: true };
    for (const decorate of [...decorators].reverse())
      (decorate as Decorate)(Sample.prototype, name, descriptor);
    Object.defineProperty(Sample.prototype, name, descriptor);
  }
  Worker('sample')(Sample);
  return Sample;
}

export function compiled(methods: Readonly<Record<string, readonly unknown[]>>): CompiledWorker {
  return compileWorkers([workerOf(methods)])[0] as CompiledWorker;
}

/** What is found, as `method: found`, and what to write instead. */
export function mistakesOf(type: WorkerClass): readonly { readonly found: string; readonly write: string }[] {
  try {
    compileWorkers([type]);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.mistakes.map(({ member, found, write }) => ({ found: `${member ?? ''}: ${found}`, write }));
  }
  return [];
}

export function foundIn(methods: Readonly<Record<string, readonly unknown[]>>): string[] {
  return mistakesOf(workerOf(methods)).map(({ found }) => found);
}
