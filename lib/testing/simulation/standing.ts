import { isSettled } from '../../model/execution.js';
import type { RecordModel } from './record-model.js';

/** How far everything that was accepted has come. */
export class Standing {
  constructor(private readonly model: RecordModel) {}

  get isSettled(): boolean {
    for (const { status } of this.model.records.values()) if (!isSettled(status)) return false;
    return true;
  }

  /** What is not settled waits for timers. */
  get isAsleep(): boolean {
    for (const { status } of this.model.records.values())
      if (!isSettled(status) && status !== 'waiting') return false;
    return Number.isFinite(this.wakesAt);
  }

  /** Epoch ms of the first timer; infinite: there is none. */
  get wakesAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { status, timers } of this.model.records.values())
      if (status === 'waiting') first = Math.min(first, ...Object.values(timers));
    return first;
  }

  /** What is not settled, for a message. */
  get unsettled(): string {
    return [...this.model.records.values()]
      .filter(({ status }) => !isSettled(status))
      .map(({ id, status, fence, owner }) => `${id} is ${status} (fence ${fence}, owner ${String(owner)})`)
      .join('; ');
  }
}
