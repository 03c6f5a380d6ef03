import { inspect, type InspectOptions } from 'node:util';
import { NotSubscribedError } from '../../model/errors-app.js';
import { OTHER_STORE } from '../../model/other-store.js';
import type { ClassOf, MethodName, ResultOf } from '../../model/worker-method.js';
import type { ExecutionHandle } from './execution-handle.js';

export type { ClassOf, MethodName, ResultOf };

/** An accepted event and the executions that it started, in (worker id, method) order. */
export class Publication implements Iterable<ExecutionHandle> {
  /** @internal */
  constructor(
    readonly eventId: string,
    private readonly event: string,
    readonly executions: readonly ExecutionHandle[],
    private readonly workerIdOf: (type: ClassOf<object>) => string,
  ) {}

  /**
   * The execution of that handler; the method may be left out when only one of the worker's takes the event (its value is
   * then typed as that of any of the class's methods: name the method for the exact type). Throws `NotSubscribedError`.
   */
  of<Instance extends object, Method extends MethodName<Instance> = MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method?: Method,
  ): ExecutionHandle<ResultOf<Instance, Method>> {
    const id = this.workerIdOf(worker);
    let only: ExecutionHandle | null = null;
    for (const execution of this.executions) {
      if (execution.worker !== id || (method !== undefined && execution.handler !== method)) continue;
      if (only !== null) throw this.ambiguous(worker, id);
      only = execution;
    }
    if (only === null)
      throw new NotSubscribedError(
        `event '${this.event}' started no execution of ${id}${method === undefined ? '' : `.${method}`}: ${this.started()}`,
      );
    return only as ExecutionHandle<ResultOf<Instance, Method>>;
  }

  /** Of one method there is one execution at most. */
  private ambiguous({ name }: ClassOf<object>, id: string): NotSubscribedError {
    const started = this.executions.filter(({ worker }) => worker === id).map(({ handler }) => handler);
    return new NotSubscribedError(
      `event '${this.event}' started ${started.join(' and ')} of ${id}. Say which: of(${name}, '${started[0]}')`,
    );
  }

  private started(): string {
    if (this.executions.length === 0)
      return `when it was published, no handler had been registered for it on this store, or its \`when\` turned it down. Start an app with the worker first. ${OTHER_STORE}`;
    return `no such handler takes it. It started ${this.executions.map(({ worker, handler }) => `${worker}.${handler}`).join(', ')}`;
  }

  [Symbol.iterator](): Iterator<ExecutionHandle> {
    return this.executions[Symbol.iterator]();
  }

  /** @internal What `console.log` shows: the app stands behind every handle. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { eventId, event, executions } = this;
    return `Publication ${inspect({ eventId, event, executions }, options)}`;
  }
}
