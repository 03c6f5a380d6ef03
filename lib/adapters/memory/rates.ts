import { type RateState, reserveRate } from '../../model/rate-reservation.js';
import type { ReserveWrite } from '../../ports/store-write.js';
import { Heap, type Heaped } from './heap.js';

/** A rate that is not idle. */
export class Bucket implements Heaped {
  heapIndex = -1;

  constructor(
    readonly name: string,
    public state: RateState,
    public idleFrom: number,
  ) {}
}

/** Rates by the name of their bucket; what is idle may be forgotten. */
export class Rates {
  private readonly byName = new Map<string, Bucket>();
  private readonly byIdle = new Heap<Bucket>((a, b) => a.idleFrom - b.idleFrom);

  /** Answers the instant of the reserved place. */
  reserve({ bucket: name, limit, perMs }: ReserveWrite, now: number): number {
    const known = this.byName.get(name);
    const { at, state, idleFrom } = reserveRate(known?.state ?? null, { limit, perMs }, now);
    if (known !== undefined) this.byIdle.remove(known);
    this.put(name, state, idleFrom);
    return at;
  }

  put(name: string, state: RateState, idleFrom: number): void {
    const bucket = new Bucket(name, state, idleFrom);
    this.byName.set(name, bucket);
    this.byIdle.push(bucket);
  }

  /** Forgets at most `limit` idle ones; answers how many. */
  forgetIdle(now: number, limit: number): number {
    let removed = 0;
    for (; removed < limit && this.hasIdle(now); removed++) {
      const bucket = this.byIdle.peek();
      if (bucket === undefined) break;
      this.byIdle.remove(bucket);
      this.byName.delete(bucket.name);
    }
    return removed;
  }

  hasIdle(now: number): boolean {
    const bucket = this.byIdle.peek();
    return bucket !== undefined && bucket.idleFrom <= now;
  }

  all(): IterableIterator<Bucket> {
    return this.byName.values();
  }
}
