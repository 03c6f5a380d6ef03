import type { Write } from '../ports/store-write.js';
import type { Sender } from '../step/pass-services.js';

/** Writes in order, and beside them in another list who sent each: the store gets the first list as it is. */
export class WriteGroup {
  constructor(
    readonly writes: Write[] = [],
    readonly senders: Sender[] = [],
  ) {}

  get size(): number {
    return this.writes.length;
  }

  add(write: Write, sender: Sender): void {
    this.writes.push(write);
    this.senders.push(sender);
  }

  /** Takes the first ones out. */
  takeFirst(count: number): WriteGroup {
    return new WriteGroup(this.writes.splice(0, count), this.senders.splice(0, count));
  }

  /** Those that it is true of, and the others. */
  partition(isOne: (write: Write) => boolean): readonly [WriteGroup, WriteGroup] {
    const those = new WriteGroup();
    const others = new WriteGroup();
    for (const [at, sender] of this.senders.entries()) {
      const write = this.writes[at] as Write;
      (isOne(write) ? those : others).add(write, sender);
    }
    return [those, others];
  }

  followedBy({ writes, senders }: WriteGroup): WriteGroup {
    return new WriteGroup([...this.writes, ...writes], [...this.senders, ...senders]);
  }
}
