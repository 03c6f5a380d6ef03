import { jsonCodec } from '../../adapters/codec/json-codec.js';
import { Runtime } from '../../app/runtime/runtime.js';
import type { RuntimeSettings } from '../../app/runtime/runtime-parts.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import type { Dispatcher } from '../../ports/dispatcher.js';
import type { IdGenerator } from '../../ports/id-generator.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Random } from '../../ports/random.js';
import type { Store } from '../../ports/store.js';
import { plainEvents, plainHandled } from './plain-events.js';
import type { Machine } from './machine.js';

/** Timers that an idle process holds: lease, sweep, the next instant. */
export const IDLE_TIMERS = 3;

/** Before a process whose start failed is started again. */
const RESTART_MS = 500;

/** What an engine on a simulated machine is connected to. */
export interface Wiring {
  readonly machine: Machine;
  /** Its way to the store. */
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly ids: IdGenerator;
  readonly random: Random;
  readonly settings: RuntimeSettings;
  readonly observe: (event: LifecycleEvent) => void;
}

/** An engine of hand-written definitions. */
export function plainRuntime(
  wiring: Wiring,
  workers: readonly WorkerDefinition[],
  resolver: InstanceResolver,
): Runtime {
  const { machine, store, dispatcher, ids, random, settings, observe } = wiring;
  const runtime = new Runtime({
    store,
    dispatcher,
    clock: machine.clock,
    random,
    ids,
    codec: jsonCodec(),
    observer: { wants: () => true, emit: observe },
    resolver,
    events: plainEvents,
    handled: plainHandled(workers),
    role: 'both',
    settings,
  });
  runtime.addWorkers(workers);
  return runtime;
}

/** The production engine on a simulated machine. */
export class SimulatedProcess {
  constructor(
    readonly machine: Machine,
    readonly runtime: Runtime,
  ) {}

  /** Whether it takes calls from outside just now. */
  get isUp(): boolean {
    return this.machine.condition === 'running' && this.runtime.isStarted;
  }

  /** No body runs, and no call of the store is under way. */
  get isIdle(): boolean {
    const { condition, clock } = this.machine;
    return this.runtime.consumer.used === 0 && (condition !== 'running' || clock.pending <= IDLE_TIMERS);
  }

  /** Starts, as often as it takes: a supervisor would. */
  start(): void {
    if (this.machine.condition === 'dead') return;
    this.runtime.start().catch((error: unknown) => {
      this.machine.note(`did not start: ${String(error)}`);
      this.machine.time.after(RESTART_MS, this.machine, () => this.start());
    });
  }
}
