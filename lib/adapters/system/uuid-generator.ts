import { randomFillSync } from 'node:crypto';
import type { IdGenerator } from '../../ports/id-generator.js';

/** Ids of one millisecond: what 12 bits count. */
const PER_MILLISECOND = 4_096;
/** Random bytes of one id, and of how many ids they are drawn at once. */
const RANDOM_BYTES = 8;
const DRAWN = 128;

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/**
 * UUIDs of version 7: unique across machines, increasing within a process also when its clock is set back. Randomness is
 * drawn for many at once: making one takes a tenth of what a generic generator takes.
 */
class UuidGenerator implements IdGenerator {
  private time = 0;
  private count = 0;
  private prefix = '';
  private readonly random = new Uint8Array(RANDOM_BYTES * DRAWN);
  private hex = '';
  private drawn = DRAWN;

  next(): string {
    const now = Date.now();
    if (now > this.time) this.begin(now);
    else if (this.count === PER_MILLISECOND) this.begin(this.time + 1);
    const count = this.count++;
    const number = (hexOfByte[count >> 8] as string).charAt(1) + hexOfByte[count & 0xff];
    if (this.drawn === DRAWN) this.draw();
    const at = 2 * RANDOM_BYTES * this.drawn++;
    return `${this.prefix}${number}-${this.hex.slice(at, at + 4)}-${this.hex.slice(at + 4, at + 16)}`;
  }

  private begin(time: number): void {
    const hex = time.toString(16).padStart(12, '0');
    this.prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    this.time = time;
    this.count = 0;
  }

  private draw(): void {
    randomFillSync(this.random);
    // Two bits of each tell the variant.
    for (let at = 0; at < this.random.length; at += RANDOM_BYTES)
      this.random[at] = ((this.random[at] as number) & 0x3f) | 0x80;
    this.hex = Buffer.from(this.random.buffer).toString('hex');
    this.drawn = 0;
  }
}

export const uuidGenerator: IdGenerator = new UuidGenerator();
