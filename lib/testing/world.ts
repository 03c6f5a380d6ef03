import type { Clock } from '../ports/clock.js';
import type { Runtime } from '../app/runtime/runtime.js';
import { RealWork } from './real-work.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { VirtualClock } from './virtual-clock.js';

/** Housekeeping rounds of each move, beside those of its last stretch. */
const ROUNDS = 20;
/** Shorter timers of a store are pauses, not rounds. */
const SHORTEST_ROUND_MS = 100;

/** Everything that lives on one virtual clock. */
export class World {
  readonly processes = new Set<SimulatedProcess>();
  /** Engines that died while someone waited for an outcome. */
  readonly ghosts = new Set<Runtime>();
  readonly realWork = new RealWork();
  /** Where time is being moved to. */
  until = 0;
  /** The stores' view of the clock. */
  readonly storeClock: Clock;
  /** When processes last declared what they are. */
  declaredAt: number;

  constructor(readonly clock: VirtualClock) {
    this.declaredAt = clock.now();
    this.storeClock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      soon: (callback) => clock.soon(callback),
      setTimer: (delayMs, callback) =>
        clock.setTimer(delayMs < SHORTEST_ROUND_MS ? delayMs : this.spread(delayMs), callback),
    };
  }

  /**
   * The interval of housekeeping: while time is moved far, it is a part of the way that is left, so that a month costs
   * some hundred rounds and the last of them are as close as in production.
   */
  spread(intervalMs: number): number {
    return Math.max(intervalMs, (this.until - this.clock.now()) / ROUNDS);
  }
}

const worlds = new WeakMap<VirtualClock, World>();

export function worldOf(clock: VirtualClock): World {
  const world = worlds.get(clock) ?? new World(clock);
  worlds.set(clock, world);
  return world;
}
