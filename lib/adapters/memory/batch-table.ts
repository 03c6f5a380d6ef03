import type { ExecutionId } from '../../model/ids.js';
import type { CollectedBatch, OpenBatch } from '../../ports/stored-instance.js';
import type { Collect } from '../../ports/store-write.js';
import type { Entry } from './entry.js';

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

  collected(): CollectedBatch {
    return { count: this.items.length, dueAt: this.dueAt, flushed: this.flushed };
  }

  state(): BatchState {
    const { name, openedAt, dueAt, flushed, isOpen, items } = this;
    return { name, openedAt, dueAt, flushed, isOpen, items: [...items] };
  }
}

/** Executions that collect events: the open one of each name, and what each has got. */
export class BatchTable {
  private readonly open = new Map<string, Entry>();
  private readonly holders = new Map<ExecutionId, Entry>();

  /** The one that takes events of that name. */
  find(name: string): Entry | undefined {
    return this.open.get(name);
  }

  /** The one that has the event which came with that execution. */
  holder(id: ExecutionId): Entry | undefined {
    return this.holders.get(id);
  }

  view(name: string): OpenBatch | null {
    const entry = this.open.get(name);
    if (entry === undefined || entry.batch === null) return null;
    const { openedAt, dueAt, items } = entry.batch;
    return { executionId: entry.id, count: items.length, openedAt, dueAt };
  }

  /** Counts in an execution with what it has. */
  put(entry: Entry, batch: Batch): void {
    entry.batch = batch;
    if (batch.isOpen) this.open.set(batch.name, entry);
    for (const id of batch.items) this.holders.set(id, entry);
  }

  add(entry: Entry, batch: Batch, id: ExecutionId): void {
    batch.items.push(id);
    this.holders.set(id, entry);
  }

  /** Nothing joins it any more. */
  close(batch: Batch): void {
    if (!batch.isOpen) return;
    batch.isOpen = false;
    this.open.delete(batch.name);
  }

  /** The execution is removed. */
  forget({ batch }: Entry): void {
    if (batch === null) return;
    this.close(batch);
    for (const id of batch.items) this.holders.delete(id);
  }
}

/** When an execution is due that got an event at `now`, unless it has all it takes. */
export function dueAtOf({ flushAfterMs, slides, maxWaitMs }: Collect, openedAt: number, now: number): number {
  const flushAt = (slides ? now : openedAt) + flushAfterMs;
  return maxWaitMs === null ? flushAt : Math.min(flushAt, openedAt + maxWaitMs);
}
