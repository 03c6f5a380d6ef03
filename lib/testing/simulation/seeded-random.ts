import type { Random } from '../../ports/random.js';
import { DeterministicRandom } from '../../step/deterministic-random.js';

/** Chance that a seed decides: the same label draws the same numbers. */
export class SeededRandom implements Random {
  private readonly stream: DeterministicRandom;

  constructor(private readonly label: string) {
    this.stream = new DeterministicRandom(label);
  }

  next(): number {
    return this.stream.next();
  }

  /** True in a part `probability` (0…1) of all draws. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T;
  }

  /** A stream of its own: what is drawn from it does not move this one. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.label}/${name}`);
  }
}
