import type { Clock } from '../ports/clock.js';
import type { IdGenerator } from '../ports/id-generator.js';
import type { Random } from '../ports/random.js';
import type { Store } from '../ports/store.js';
import type { RuntimeSettings } from './runtime/runtime-parts.js';
import type { WorkerApp } from './worker-app.js';
import type { WorkerAppParts } from './parts/worker-app-parts.js';

/** What lies beneath an app where its options do not reach: a test kit puts a simulated process there. */
export interface Underlay {
  /** The engine's view of the clock; providers get the app's own. */
  clock(clock: Clock): Clock;
  /** The engine's view of the store; providers get the app's own. */
  store(store: Store): Store;
  /** What the engine reads instead of the settings; must stay a live view of them. */
  settings(settings: RuntimeSettings): RuntimeSettings;
  readonly random: Random;
  /** Ids of what the app makes; random ones by default. */
  readonly ids?: IdGenerator;
  /** The store is not opened before `start()`: it may answer late, or not at all. */
  readonly opensAtStart?: boolean;
  /** The app made of the parts, before anything is injected into it. */
  app(parts: WorkerAppParts): WorkerApp;
}
