import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { integrityOf } from './store-audit.js';

/** What a torture stands on: the store that its processes share, and what can befall it. */
export interface Ground {
  /** Which part of all strikes befall the ground instead of a process, 0 to 1. */
  readonly share: number;
  /** How often the store's server was killed. */
  readonly kills: number;
  /** Begins something that befalls the store or the way to it. */
  strike(random: SeededRandom): void;
  /** Whether a process that could not start just now may blame the ground. */
  excuses(): boolean;
  /** Ends all trouble. */
  calm(): Promise<void>;
  /** `ok`, or what is wrong with what is stored. */
  integrity(): Promise<unknown>;
  close(): Promise<void>;
}

/** A SQLite file. */
export function sqliteGround(folder: string): Ground {
  return quietGround(() => integrityOf(folder));
}

/** Nothing befalls it. */
export function quietGround(
  integrity: Ground['integrity'],
  close: Ground['close'] = async () => undefined,
): Ground {
  return {
    share: 0,
    kills: 0,
    strike: () => undefined,
    excuses: () => false,
    calm: () => Promise.resolve(),
    integrity,
    close,
  };
}
