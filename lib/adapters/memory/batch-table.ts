import type { ExecutionId } from '../../model/ids.js';
import type { StoredBatch } from '../../ports/stored-instance.js';
import type { Batch } from './batch.js';
import type { Entry } from './entry.js';

/** Executions that collect events: the newest of each name, and what each has got. */
export class BatchTable {
  private readonly newest = new Map<string, Entry>();
  private readonly holders = new Map<ExecutionId, Entry>();

  /** The one that takes events of that name. */
  find(name: string): Entry | undefined {
    const entry = this.newest.get(name);
    return entry?.batch?.isOpen === true ? entry : undefined;
  }

  /** The one that has the event which came with that execution. */
  holder(id: ExecutionId): Entry | undefined {
    return this.holders.get(id);
  }

  /** The newest of that name. */
  view(name: string): StoredBatch | null {
    const entry = this.newest.get(name);
    if (entry === undefined || entry.batch === null) return null;
    const { isOpen, openedAt, dueAt, items } = entry.batch;
    return { executionId: entry.id, isOpen, count: items.length, openedAt, dueAt };
  }

  /** Counts in an execution with what it has. */
  put(entry: Entry, batch: Batch): void {
    entry.batch = batch;
    const newest = this.newest.get(batch.name);
    if (newest === undefined || newest.key < entry.key) this.newest.set(batch.name, entry);
    for (const id of batch.items) this.holders.set(id, entry);
  }

  add(entry: Entry, batch: Batch, id: ExecutionId): void {
    batch.items.push(id);
    this.holders.set(id, entry);
  }

  /** Nothing joins it any more. */
  close(batch: Batch): void {
    batch.isOpen = false;
  }

  /** The execution is removed. */
  forget(entry: Entry): void {
    const { batch } = entry;
    if (batch === null) return;
    if (this.newest.get(batch.name) === entry) this.newest.delete(batch.name);
    for (const id of batch.items) this.holders.delete(id);
  }
}
