import type { ExecutionId } from '../../model/ids.js';
import type { CollectedBatch } from '../../ports/stored-instance.js';

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
