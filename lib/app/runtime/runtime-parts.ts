import type { HandledEvents } from '../../dispatch/handler-starts.js';
import type { Retention } from '../../maintenance/pruner.js';
import type { Clock } from '../../ports/clock.js';
import type { Codec } from '../../ports/codec.js';
import type { Dispatcher } from '../../ports/dispatcher.js';
import type { IdGenerator } from '../../ports/id-generator.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Observer } from '../../ports/observer.js';
import type { Random } from '../../ports/random.js';
import type { StateCheckers } from '../../ports/state-checker.js';
import type { Store } from '../../ports/store.js';
import type { EventRestorer, PassSettings } from '../../step/pass-services.js';
import type { Role } from './role.js';

/** What the engine reads again and again: the app replaces values while it runs. All intervals in ms. */
export interface RuntimeSettings extends PassSettings {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly sweepMs: number;
  /** How often awaited executions are read that no hint told of; 1,000 by default. */
  readonly pollMs?: number;
  /** How long what may kill its process runs with nothing new beside it; `leaseMs` by default. */
  readonly isolationMs?: number;
  readonly drainTimeoutMs: number;
  readonly dedupMs: number;
  readonly retention: Retention;
}

export interface RuntimeParts {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** What the store is opened with, where it goes by a clock of its own, which `clock` is then. Default: `clock`. */
  readonly machineClock?: Clock;
  readonly random: Random;
  readonly ids: IdGenerator;
  readonly codec: Codec;
  readonly observer: Observer;
  readonly resolver: InstanceResolver;
  readonly events: EventRestorer;
  /** Default: states of its own. */
  readonly states?: StateCheckers;
  readonly handled: HandledEvents;
  readonly role: Role;
  /** Read at each use. */
  readonly settings: RuntimeSettings;
}
