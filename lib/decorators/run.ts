import { NoCurrentExecutionError } from '../model/errors-app.js';
import { NonRetryableError } from '../model/errors-step.js';
import type { ClassOf, DataOf, MethodName, ResultOf } from '../model/worker-method.js';
import { shared } from '../ports/current-execution.js';
import { shown } from './wait-for.js';

/**
 * Starts a child execution of an `@OnEvent` method, of this worker or another, and gives its value. The data is checked by the
 * event's schema, and starts that one handler alone. It is started once, whatever crashes, and waited for without a slot.
 *
 * Rejects with the child's error when it failed, with `CancelledError` when it was cancelled, with `InvalidEventError`,
 * with `NotSubscribedError` while no process with that worker has started on this store, with `CallDepthExceededError` below
 * too many parents (`maxCallDepth`), and with `NoCurrentExecutionError` outside an execution. A parked child is waited for.
 *
 * A child is cancelled when its parent ends or is cancelled, and when a `race` that it runs in is won by another branch.
 *
 * @example
 * const label = await run(ShippingWorker, 'ship', { orderId: order.orderId });
 */
export function run<Instance extends object, Method extends MethodName<Instance>>(
  worker: ClassOf<Instance>,
  method: Method,
  data: DataOf<Instance, Method>,
): Promise<ResultOf<Instance, Method>> {
  const current = shared().storage.getStore();
  if (current === undefined) return Promise.reject(new NoCurrentExecutionError('run()'));
  if (typeof worker !== 'function' || typeof method !== 'string')
    return Promise.reject(
      new NonRetryableError(
        `run() takes a worker class and the name of its @OnEvent method, run(ShippingWorker, 'ship', data), not ${shown(worker)} and ${shown(method)}`,
      ),
    );
  return current.run({ worker, method, data }) as Promise<ResultOf<Instance, Method>>;
}
