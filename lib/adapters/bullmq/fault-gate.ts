import { messageOf } from '../../model/message-of.js';
import type { Clock } from '../../ports/clock.js';
import type { DispatchContext } from '../../ports/dispatcher.js';

/** A server that is away is told of by every connection, at every try: once in this time is enough. */
const QUIET_MS = 5_000;
const MOST_KNOWN = 100;

/** Tells faults of queues and workers, the same one only now and then. */
export class FaultGate {
  private readonly toldAt = new Map<string, number>();
  /** Null: nobody to tell. */
  context: DispatchContext | null = null;

  constructor(private readonly clock: Clock) {}

  tell(task: string, error: unknown): void {
    const name = `${task}: ${messageOf(error)}`;
    const now = this.clock.monotonic();
    if (now - (this.toldAt.get(name) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    if (this.toldAt.size >= MOST_KNOWN) this.toldAt.clear();
    this.toldAt.set(name, now);
    this.context?.fault(task, error);
  }
}
