/** What an item needs to be in a heap; in one heap at a time. */
export interface Heaped {
  /** Where it is in its heap; −1: in none. */
  heapIndex: number;
}

/** A binary heap that knows where each item is, so that any item leaves in O(log n) and nothing stale stays. */
export class Heap<T extends Heaped> {
  private readonly items: T[] = [];

  /** `before` is negative when its first argument is served first. */
  constructor(private readonly before: (a: T, b: T) => number) {}

  get size(): number {
    return this.items.length;
  }

  /** In no order. */
  all(): Iterable<T> {
    return this.items;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.items.push(item);
    this.up(item, this.items.length - 1);
  }

  remove(item: T): void {
    const at = item.heapIndex;
    const last = this.items.pop();
    item.heapIndex = -1;
    if (last === undefined || last === item) return;
    this.up(last, at);
    if (last.heapIndex === at) this.down(last, at);
  }

  private up(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.items[parentAt];
      if (parent === undefined || this.before(item, parent) >= 0) break;
      this.put(parent, at);
      at = parentAt;
    }
    this.put(item, at);
  }

  private down(item: T, from: number): void {
    let at = from;
    for (;;) {
      const left = this.items[2 * at + 1];
      if (left === undefined) break;
      const right = this.items[2 * at + 2];
      const child = right !== undefined && this.before(right, left) < 0 ? right : left;
      if (this.before(item, child) <= 0) break;
      const childAt = child.heapIndex;
      this.put(child, at);
      at = childAt;
    }
    this.put(item, at);
  }

  private put(item: T, at: number): void {
    this.items[at] = item;
    item.heapIndex = at;
  }
}
