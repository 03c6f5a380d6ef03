import { digestOf } from './digest.js';

/** A stream of numbers that a replay draws again: seeded by execution and path, never stored. */
export class DeterministicRandom {
  private state: number;

  constructor(seed: string) {
    this.state =
      Number.parseInt(Buffer.from(digestOf(seed), 'base64url').subarray(0, 4).toString('hex'), 16) | 0;
  }

  /** In [0, 1); mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}

/** A UUID of version 8 (custom): equal on replay, unlike any other execution's. */
export function deterministicUuid(seed: string): string {
  const bytes = Buffer.from(digestOf(`a${seed}`) + digestOf(`b${seed}`), 'base64url').subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
