import { randomUUID } from 'node:crypto';
import type { IdGenerator } from '../../ports/id-generator.js';

/** Ids of one millisecond: what 12 bits count. */
const PER_MILLISECOND = 4_096;
/** Where `-`, variant and random bits begin in the text of a UUID. */
const RANDOM_PART = 18;

/**
 * UUIDs of version 7: unique across machines, increasing within a process also when its clock is set back. The random part is
 * that of `randomUUID`, which draws from a pool: making one takes a tenth of what a generic generator takes.
 */
class UuidGenerator implements IdGenerator {
  private time = 0;
  private count = 0;
  private prefix = '';

  next(): string {
    const now = Date.now();
    if (now > this.time) this.begin(now);
    else if (this.count === PER_MILLISECOND) this.begin(this.time + 1);
    const count = this.count++;
    return this.prefix + count.toString(16).padStart(3, '0') + randomUUID().slice(RANDOM_PART);
  }

  private begin(time: number): void {
    const hex = time.toString(16).padStart(12, '0');
    this.prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    this.time = time;
    this.count = 0;
  }
}

export const uuidGenerator: IdGenerator = new UuidGenerator();
