import type { Hint } from '../../model/hint.js';
import type { Dispatcher } from '../../ports/dispatcher.js';

/**
 * Hints that stay in this process: no queue and no polling, a hint calls the receiver in a later microtask.
 *
 * @example
 * await bootstrap({ workers: [OrderWorker], dispatcher: localDispatcher() }); // the default
 */
export function localDispatcher(): Dispatcher {
  let receive: ((hint: Hint) => void | Promise<void>) | null = null;
  const underway = new Set<Promise<void>>();

  /** A hint that its receiver could not take is a lost hint: the sweep finds the work. */
  function deliver(hint: Hint): Promise<void> {
    return Promise.resolve()
      .then(() => receive?.(hint))
      .catch(() => {});
  }

  return {
    local: true,
    async start(receiver) {
      receive = receiver;
    },
    async send(hints) {
      const deliveries = hints.map(deliver);
      for (const delivery of deliveries) {
        underway.add(delivery);
        void delivery.then(() => underway.delete(delivery));
      }
      await Promise.all(deliveries);
    },
    async stop() {
      receive = null;
      await Promise.all(underway);
    },
  };
}
