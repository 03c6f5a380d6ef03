import type { ExecutionId } from '../../model/ids.js';
import type { CollectedBatch } from '../../ports/stored-instance.js';
import type { Collect } from '../../ports/store-write.js';

/** What an execution collects, as plain data. */
export type BatchState = Pick<Batch, 'name' | 'openedAt' | 'dueAt' | 'flushed' | 'isOpen' | 'items'>;

/** What an execution collects. */
export class Batch {
  /** By the id of the execution that each event came with. */
  readonly items: ExecutionId[] = [];
  isOpen = true;
  flushed = false;

  constructor(
    readonly name: string,
    readonly openedAt: number,
    public dueAt: number,
  ) {}

  /** `lastSeq`: of its newest item. */
  collected(lastSeq: number): CollectedBatch {
    return { count: this.items.length, dueAt: this.dueAt, flushed: this.flushed, lastSeq };
  }

  state(): BatchState {
    const { name, openedAt, dueAt, flushed, isOpen, items } = this;
    return { name, openedAt, dueAt, flushed, isOpen, items: [...items] };
  }
}

/** When an execution is due that got an event at `now`, unless it has all it takes. */
export function dueAtOf({ flushAfterMs, slides, maxWaitMs }: Collect, openedAt: number, now: number): number {
  const flushAt = (slides ? now : openedAt) + flushAfterMs;
  return maxWaitMs === null ? flushAt : Math.min(flushAt, openedAt + maxWaitMs);
}
