import { FreshMap } from '../../model/fresh-map.js';
import type { EventId, ExecutionId } from '../../model/ids.js';
import type { Lease } from '../../model/lease.js';
import type { Entry } from './entry.js';

const LEAST_SLOTS = 64;

/**
 * Every execution, in order of creation. A lease finds its own by key, which costs next to nothing: keys are counted. By id only
 * others look for it, and the index of ids takes in what is new when somebody does: most executions come and go before that.
 */
export class EntryTable {
  private oldest: Entry | null = null;
  private newest: Entry | null = null;
  private size = 0;
  /** By the last digits of their keys, a power of two of them; those that share a slot are linked. */
  private slots = emptySlots(LEAST_SLOTS);
  private readonly index = new FreshMap<ExecutionId, Entry>();
  /** The newest that the index knows; null: it knows none. */
  private indexed: Entry | null = null;
  /** Of the ids that were made for events, by their length, in which counted ones grow: the greatest. */
  private readonly greatest: string[] = [];

  add(entry: Entry): void {
    entry.older = this.newest;
    if (this.newest === null) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
    if (++this.size > this.slots.length) this.grow();
    else this.putIntoSlot(entry);
  }

  remove(entry: Entry): void {
    const { older, newer } = entry;
    if (this.indexed !== null && entry.key <= this.indexed.key) this.index.delete(entry.id);
    if (this.indexed === entry) this.indexed = older;
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    if (newer === null) this.newest = older;
    else newer.older = older;
    entry.older = entry.newer = null;
    this.size--;
    this.takeOutOfSlot(entry);
  }

  find(id: ExecutionId): Entry | undefined {
    let entry = this.indexed === null ? this.oldest : this.indexed.newer;
    for (; entry !== null; entry = entry.newer) {
      this.index.set(entry.id, entry);
      this.indexed = entry;
    }
    return this.index.get(id);
  }

  /** What the lease is of. */
  leased({ key, executionId }: Lease): Entry | undefined {
    let entry = this.slots[this.slotOf(key)] ?? null;
    while (entry !== null && entry.key !== key) entry = entry.nextInSlot;
    return entry?.id === executionId ? entry : this.find(executionId);
  }

  /** Whether something of an event with a made id may be stored. Ids grow as they are made: most are greater than all before. */
  mayKnow(event: EventId): boolean {
    const greatest = this.greatest[event.length];
    return greatest !== undefined && event <= greatest;
  }

  /** An event with a made id was stored. */
  know(event: EventId): void {
    if (!this.mayKnow(event)) this.greatest[event.length] = event;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let entry = this.oldest; entry !== null; entry = entry.newer) yield entry;
  }

  private slotOf(key: number): number {
    return key & (this.slots.length - 1);
  }

  private putIntoSlot(entry: Entry): void {
    const slot = this.slotOf(entry.key);
    entry.nextInSlot = this.slots[slot] ?? null;
    this.slots[slot] = entry;
  }

  private takeOutOfSlot(entry: Entry): void {
    const slot = this.slotOf(entry.key);
    let before = this.slots[slot] ?? null;
    if (before === entry) this.slots[slot] = entry.nextInSlot;
    while (before !== null && before.nextInSlot !== entry) before = before.nextInSlot;
    if (before !== null) before.nextInSlot = entry.nextInSlot;
    entry.nextInSlot = null;
  }

  private grow(): void {
    this.slots = emptySlots(2 * this.slots.length);
    for (const entry of this) this.putIntoSlot(entry);
  }
}

function emptySlots(count: number): (Entry | null)[] {
  return Array.from({ length: count }, () => null);
}
