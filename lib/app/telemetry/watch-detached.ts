import type { WorkerDefinition } from '../../model/definition.js';
import { DetachedStepError } from '../../model/errors-execution.js';
import { shared } from '../../ports/current-execution.js';
import type { LifecycleBus } from './lifecycle-bus.js';
import type { Runtime } from '../runtime/runtime.js';

interface Watching {
  readonly runtime: Runtime;
  readonly bus: LifecycleBus;
  readonly now: () => number;
  /** Throw instead of telling. */
  readonly strict: boolean;
  /** Whether the receiver is the instance that this app runs. */
  readonly owns: (worker: WorkerDefinition, receiver: object) => boolean;
}

/**
 * Steps that are called outside an execution on a worker of this app are not durable: each is told once as
 * `step.detached`, or refused. Returns the end of the watch.
 */
export function watchDetached({ runtime, bus, now, strict, owns }: Watching): () => void {
  const told = new Set<string>();
  const listener = (receiver: object, step: string): void => {
    const worker = runtime.isStarted ? runtime.definitions.ofReceiver(receiver) : null;
    if (worker === null || !owns(worker, receiver)) return;
    if (strict) throw new DetachedStepError(worker.id, step);
    const name = `${worker.id}.${step}`;
    if (told.has(name)) return;
    told.add(name);
    bus.emit({ name: 'step.detached', worker: worker.id, step, at: now() });
  };
  shared().detached.add(listener);
  return () => shared().detached.delete(listener);
}
