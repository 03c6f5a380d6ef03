import { randomFillSync } from 'node:crypto';
import type { IdGenerator } from '../../ports/id-generator.js';

/** Ids of one millisecond: what 12 bits count. */
const PER_MILLISECOND = 4_096;
/** Random bytes of one id, and of how many ids they are drawn at once. */
const RANDOM_BYTES = 8;
const DRAWN = 1_024;

/** Where the bytes of the time, the count and the random digits are in an id's text, which is as long as this. */
const TIME_AT = [0, 2, 4, 6, 9, 11];
const COUNT_AT = 15;
const RANDOM_AT = 19;
const LAST_AT = 24;
const LENGTH = 36;

/** Of the first millisecond of all, which a faked clock may show. */
const BLANK = '00000000-0000-7000-8000-000000000000';

const digits = Buffer.from('0123456789abcdef', 'latin1');

/**
 * UUIDs of version 7: unique across machines, increasing within a process also when its clock is set back. Randomness is
 * drawn for many at once, and an id is written as bytes: text that is put together of parts is as many objects as it has
 * parts, and ids are kept for long.
 */
class UuidGenerator implements IdGenerator {
  private time = 0;
  private count = 0;
  private readonly text = Buffer.from(BLANK, 'latin1');
  private readonly random = new Uint8Array(RANDOM_BYTES * DRAWN);
  private drawn = this.random.length;

  next(): string {
    const now = Date.now();
    if (now > this.time) this.begin(now);
    else if (this.count === PER_MILLISECOND) this.begin(this.time + 1);
    this.writeCount(this.count++);
    this.writeRandom();
    return this.text.toString('latin1');
  }

  private begin(time: number): void {
    let rest = time;
    for (let at = TIME_AT.length - 1; at >= 0; at--) {
      this.writeByte(rest % 256, TIME_AT[at] as number);
      rest = Math.floor(rest / 256);
    }
    this.time = time;
    this.count = 0;
  }

  private writeCount(count: number): void {
    this.text[COUNT_AT] = digits[count >> 8] as number;
    this.writeByte(count & 0xff, COUNT_AT + 1);
  }

  private writeRandom(): void {
    if (this.drawn === this.random.length) {
      randomFillSync(this.random);
      this.drawn = 0;
    }
    // Two bits tell the variant.
    this.writeByte((this.nextRandom() & 0x3f) | 0x80, RANDOM_AT);
    this.writeByte(this.nextRandom(), RANDOM_AT + 2);
    for (let at = LAST_AT; at < LENGTH; at += 2) this.writeByte(this.nextRandom(), at);
  }

  private nextRandom(): number {
    return this.random[this.drawn++] as number;
  }

  private writeByte(byte: number, at: number): void {
    this.text[at] = digits[byte >> 4] as number;
    this.text[at + 1] = digits[byte & 0xf] as number;
  }
}

export const uuidGenerator: IdGenerator = new UuidGenerator();
