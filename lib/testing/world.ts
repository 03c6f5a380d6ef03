import type { Runtime } from '../app/runtime.js';
import { RealWork } from './real-work.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { VirtualClock } from './virtual-clock.js';

/** Everything that lives on one virtual clock. */
export class World {
  readonly processes = new Set<SimulatedProcess>();
  /** Engines that died while someone waited for an outcome. */
  readonly ghosts = new Set<Runtime>();
  readonly realWork = new RealWork();
  /** Ms that are being moved just now: housekeeping is spread over them. */
  span = 0;
  /** When processes last declared what they are. */
  declaredAt: number;

  constructor(readonly clock: VirtualClock) {
    this.declaredAt = clock.now();
  }
}

const worlds = new WeakMap<VirtualClock, World>();

export function worldOf(clock: VirtualClock): World {
  const world = worlds.get(clock) ?? new World(clock);
  worlds.set(clock, world);
  return world;
}
