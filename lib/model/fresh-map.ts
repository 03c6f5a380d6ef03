/** Fewer entries that have gone are not worth a new table. */
const LEAST_GONE = 32;

/**
 * A `Map` of what comes and goes. The table of a native one refers to the table that took its place: once the garbage collector
 * counts one as old, it keeps all that follow, and what each held when it was resized, until its next full run. Here a
 * new `Map` takes over once more entries have gone than are left. Whoever iterates meanwhile still sees those that were there.
 */
export class FreshMap<Key, Value> {
  private map = new Map<Key, Value>();
  private gone = 0;

  get size(): number {
    return this.map.size;
  }

  get(key: Key): Value | undefined {
    return this.map.get(key);
  }

  has(key: Key): boolean {
    return this.map.has(key);
  }

  set(key: Key, value: Value): void {
    this.map.set(key, value);
  }

  delete(key: Key): boolean {
    if (!this.map.delete(key)) return false;
    this.gone++;
    if (this.gone >= LEAST_GONE && this.gone > this.map.size) {
      this.map = new Map(this.map);
      this.gone = 0;
    }
    return true;
  }

  clear(): void {
    this.map = new Map();
    this.gone = 0;
  }

  keys(): IterableIterator<Key> {
    return this.map.keys();
  }

  values(): IterableIterator<Value> {
    return this.map.values();
  }
}
