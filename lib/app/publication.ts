import { NotSubscribedError } from '../model/errors-execution.js';
import type { ExecutionHandle } from './execution-handle.js';

/** A class whose instances are `Worker`. */
export type ClassOf<Instance> = abstract new (...args: never[]) => Instance;

/** Names of methods, for `.of(OrderWorker, 'fulfil')`. */
export type MethodName<Instance> = {
  [Name in keyof Instance]: Instance[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Instance] &
  string;

/** What a handler's execution gives. */
export type ResultOf<Instance, Method extends MethodName<Instance>> = Instance[Method] extends (
  ...args: never[]
) => infer Result
  ? Awaited<Result>
  : never;

/** An accepted event and the executions that it started, in (worker id, method) order. */
export class Publication implements Iterable<ExecutionHandle> {
  constructor(
    readonly eventId: string,
    private readonly event: string,
    readonly executions: readonly ExecutionHandle[],
    private readonly workerIdOf: (type: ClassOf<object>) => string,
  ) {}

  /**
   * The execution of that handler; the method may be left out when only one of the worker's takes the event. Throws
   * `NotSubscribedError`.
   */
  of<Instance extends object, Method extends MethodName<Instance> = MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method?: Method,
  ): ExecutionHandle<ResultOf<Instance, Method>> {
    const id = this.workerIdOf(worker);
    const found = this.executions.filter(
      (execution) => execution.worker === id && (method === undefined || execution.handler === method),
    );
    const [first] = found;
    if (first === undefined || found.length > 1) throw new NotSubscribedError(id, method, this.event);
    return first as ExecutionHandle<ResultOf<Instance, Method>>;
  }

  [Symbol.iterator](): Iterator<ExecutionHandle> {
    return this.executions[Symbol.iterator]();
  }
}
