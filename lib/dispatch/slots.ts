import type { RunOwner, Run } from '../engine/work.js';
import { FreshMap } from '../model/fresh-map.js';
import type { ExecutionId } from '../model/ids.js';

/** Told when the pass in a slot is over. */
export interface SlotOwner {
  ended(slot: Slot, run: Run): void;
}

/** A slot held for an execution that is being published, or in which it runs. */
export class Slot implements RunOwner {
  /** Null while it is being published, and again once the slot is free. */
  run: Run | null = null;
  isFree = false;
  isIndexed = false;
  /** Its neighbours among those that are taken. */
  older: Slot | null = null;
  newer: Slot | null = null;

  constructor(
    readonly id: ExecutionId,
    /** Of the lease, when the slot was taken. */
    readonly generation: number,
    private readonly owner: SlotOwner,
  ) {}

  ended(run: Run): void {
    this.owner.ended(this, run);
  }
}

/**
 * The slots that are taken. By id only others look for one, and the index of ids takes in what is new when somebody does: most
 * slots are free again before that.
 */
export class Slots {
  size = 0;
  oldest: Slot | null = null;
  private newest: Slot | null = null;
  private readonly index = new FreshMap<ExecutionId, Slot>();
  /** The oldest that the index does not know; null: it knows all. */
  private unindexed: Slot | null = null;
  /** Passes that have ended, of which a body still runs: it did not heed its timeout. */
  private readonly lingering = new Set<Run>();

  constructor(private readonly owner: SlotOwner) {}

  /** Slots in use. */
  get used(): number {
    return this.size + this.lingering.size;
  }

  take(id: ExecutionId, generation: number): Slot {
    const slot = new Slot(id, generation, this.owner);
    slot.older = this.newest;
    if (this.newest === null) this.oldest = slot;
    else this.newest.newer = slot;
    this.newest = slot;
    this.unindexed ??= slot;
    this.size++;
    return slot;
  }

  free(slot: Slot): void {
    if (slot.isFree) return;
    const { older, newer } = slot;
    if (this.unindexed === slot) this.unindexed = newer;
    if (slot.isIndexed && this.index.get(slot.id) === slot) this.index.delete(slot.id);
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    if (newer === null) this.newest = older;
    else newer.older = older;
    slot.older = slot.newer = slot.run = null;
    slot.isFree = true;
    this.size--;
  }

  /** Its slot stays in use until its body has ended: `over` is told. */
  linger(run: Run, over: () => void): void {
    this.lingering.add(run);
    void run.emptied.then(() => {
      if (this.lingering.delete(run)) over();
    });
  }

  /** Frees all at once. */
  clear(): void {
    for (const slot of this.all()) this.free(slot);
    this.lingering.clear();
  }

  has(id: ExecutionId): boolean {
    return this.find(id) !== undefined;
  }

  find(id: ExecutionId): Slot | undefined {
    for (let slot = this.unindexed; slot !== null; slot = slot.newer) {
      this.index.set(slot.id, slot);
      slot.isIndexed = true;
    }
    this.unindexed = null;
    return this.index.get(id);
  }

  /** Those that are taken by now, in order. */
  all(): readonly Slot[] {
    const slots: Slot[] = [];
    for (let slot = this.oldest; slot !== null; slot = slot.newer) slots.push(slot);
    return slots;
  }
}
