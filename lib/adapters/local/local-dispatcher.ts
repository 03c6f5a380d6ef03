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

  async function deliver(hint: Hint): Promise<void> {
    await null;
    try {
      await receive?.(hint);
    } catch {
      // A hint that its receiver could not take is a lost hint: the sweep finds the work.
    }
  }

  return {
    local: true,
    async start(receiver) {
      receive = receiver;
    },
    async send(hints) {
      await Promise.all(hints.map(deliver));
    },
    async stop() {
      receive = null;
    },
  };
}
