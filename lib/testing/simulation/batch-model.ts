import type { ExecutionId } from '../../model/ids.js';
import type { Store } from '../../ports/store.js';
import type { CollectedBatch, StoredBatch } from '../../ports/stored-instance.js';
import type { Collect, NewExecution } from '../../ports/store-write.js';

interface Batch {
  readonly id: ExecutionId;
  readonly name: string;
  /** Ids of its events, in the order in which they were accepted. */
  readonly items: string[];
  readonly openedAt: number;
  dueAt: number;
  isOpen: boolean;
}

/**
 * What must hold of executions that collect events: every accepted event is in exactly one (I11), which loses none, and takes
 * none once it has begun (I12).
 */
export class BatchModel {
  private readonly batches = new Map<ExecutionId, Batch>();
  private readonly open = new Map<string, Batch>();
  private readonly newest = new Map<string, Batch>();
  private readonly byItem = new Map<string, ExecutionId>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  /** The event was accepted; answers whose it is. `latest`: what the store's clock has said at most; it may have been set back. */
  collected(execution: NewExecution, collect: Collect, now: number, latest: number): ExecutionId {
    const known = this.byItem.get(execution.id);
    if (known !== undefined) return known;
    const found = this.open.get(collect.name);
    const batch = found ?? this.begin(execution, collect, now);
    batch.items.push(execution.id);
    this.byItem.set(execution.id, batch.id);
    const due = dueAt(batch, collect, now);
    // What is due stays due, also where the clock no longer says so: it may be on its way to who runs it.
    batch.dueAt = found !== undefined && batch.dueAt <= latest ? batch.dueAt : due;
    if (batch.items.length >= collect.most) this.close(batch.id);
    return batch.id;
  }

  /** It takes no more events. */
  close(id: ExecutionId): void {
    const batch = this.batches.get(id);
    if (batch === undefined) return;
    batch.isOpen = false;
    if (this.open.get(batch.name) === batch) this.open.delete(batch.name);
  }

  /** From when on it may be claimed, unless a message came; null: it collects nothing. */
  dueAt(id: ExecutionId): number | null {
    return this.batches.get(id)?.dueAt ?? null;
  }

  claimed(id: ExecutionId, answered: CollectedBatch | undefined): void {
    const batch = this.batches.get(id);
    this.close(id);
    if (batch === undefined) return;
    if (answered?.count !== batch.items.length)
      this.violated(
        'I11',
        `${id} was claimed with ${answered?.count ?? 'no'} events, not ${batch.items.length}`,
      );
  }

  /** The store answered with the newest batch of that name. One that has ended may be forgotten by now. */
  read(name: string, found: StoredBatch | null): void {
    const batch = this.newest.get(name);
    if (found === null && batch?.isOpen !== true) return;
    const expected =
      batch === undefined ? null : [batch.id, batch.isOpen, batch.items.length, batch.openedAt];
    const actual = found === null ? null : [found.executionId, found.isOpen, found.count, found.openedAt];
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      this.violated(
        'I12',
        `batch ${name} was read as ${JSON.stringify(actual)}, and is ${JSON.stringify(expected)}`,
      );
  }

  /** Every batch has its events, all of them and no others, in order. */
  async check(store: Pick<Store, 'inbox'>): Promise<void> {
    for (const { id, items } of this.batches.values()) {
      const inbox = await store.inbox(id, 0, items.length + 1_000);
      const found = inbox.filter(({ kind }) => kind === 'item').map((message) => message.id);
      if (JSON.stringify(found) !== JSON.stringify(items))
        this.violated('I11', `${id} has the events [${found.join()}] instead of [${items.join()}]`);
    }
  }

  private begin({ id }: NewExecution, { name }: Collect, now: number): Batch {
    const batch: Batch = { id, name, items: [], openedAt: now, dueAt: now, isOpen: true };
    this.batches.set(id, batch);
    this.open.set(name, batch);
    this.newest.set(name, batch);
    return batch;
  }
}

function dueAt({ items, openedAt }: Batch, collect: Collect, now: number): number {
  const { most, slides, flushAfterMs, maxWaitMs } = collect;
  if (items.length >= most) return now;
  const flushAt = (slides ? now : openedAt) + flushAfterMs;
  return maxWaitMs === null ? flushAt : Math.min(flushAt, openedAt + maxWaitMs);
}
