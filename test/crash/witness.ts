import { setTimeout as pause } from 'node:timers/promises';
import { execution, type Clock } from 'holdfast';
import { systemClock } from '../../lib/adapters/system/system-clock.js';
import type { History } from './history.js';

/** Writes down what user code sees, and leaves effects outside. */
export class Witness {
  /** The engine's clock: remembers when the engine last asked it how old the lease is. */
  readonly clock: Clock = {
    ...systemClock,
    monotonic: () => {
      this.checkedAt = Date.now();
      return systemClock.monotonic();
    },
  };
  private checkedAt = 0;

  constructor(readonly history: History) {}

  /** The body of a step: takes a moment, has its effect, takes another. */
  async act(step: string): Promise<void> {
    const { id, idempotencyKey: key, attempt } = execution();
    this.history.add({ saw: 'body', execution: id, step, key, attempt, checkedAt: this.checkedAt });
    await pause(Math.random() * 8);
    this.history.addEffect({ key, attempt });
    await pause(Math.random() * 8);
  }

  async reported<Value>(step: string, result: Promise<Value>): Promise<Value> {
    const { id } = execution();
    try {
      return await result;
    } finally {
      this.history.add({ saw: 'reported', execution: id, step });
    }
  }
}
