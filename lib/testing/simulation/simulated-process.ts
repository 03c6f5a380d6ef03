import { jsonCodec } from '../../adapters/codec/json-codec.js';
import { localDispatcher } from '../../adapters/local/local-dispatcher.js';
import { Runtime } from '../../app/runtime.js';
import type { RuntimeSettings } from '../../app/runtime-parts.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import type { Codec } from '../../ports/codec.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Store } from '../../ports/store.js';
import { FaultyStore } from './faulty-store.js';
import type { Machine, SimulatedBroker } from './machine.js';

/** Before a process whose start failed is started again. */
const RESTART_MS = 500;

export interface ProcessOptions {
  readonly machine: Machine;
  readonly store: Store;
  /** Null: hints stay in the process. */
  readonly broker: SimulatedBroker | null;
  readonly workers: readonly WorkerDefinition[];
  readonly resolver: InstanceResolver;
  readonly settings: RuntimeSettings;
  readonly codec?: Codec;
  readonly observe: (event: LifecycleEvent) => void;
}

/** The production engine on a simulated machine. */
export class SimulatedProcess {
  readonly machine: Machine;
  readonly runtime: Runtime;
  private ids = 0;

  constructor(options: ProcessOptions) {
    const { machine, broker } = options;
    this.machine = machine;
    this.runtime = new Runtime({
      store: new FaultyStore(options.store, machine),
      dispatcher: broker === null ? localDispatcher() : broker.dispatcherOf(machine),
      clock: machine.clock,
      random: machine.random.fork('engine'),
      ids: { next: () => `${machine.name}-${String(++this.ids).padStart(6, '0')}` },
      codec: options.codec ?? jsonCodec(),
      observer: { wants: () => true, emit: options.observe },
      resolver: options.resolver,
      events: { restore: (_, data) => data },
      role: 'both',
      settings: options.settings,
    });
    this.runtime.addWorkers(options.workers);
  }

  /** Whether it takes calls from outside just now. */
  get isUp(): boolean {
    return this.machine.condition === 'running' && this.runtime.isStarted;
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
