import { silentLogger } from '../../adapters/console/console-logger.js';
import { assemble } from '../../app/bootstrap.js';
import type { BootstrapOptions } from '../../app/options/options.js';
import type { Provider } from '../../app/injection/provider.js';
import type { Runtime } from '../../app/runtime/runtime.js';
import type { RuntimeSettings } from '../../app/runtime/runtime-parts.js';
import { WorkerApp } from '../../app/worker-app.js';
import type { WorkerAppParts } from '../../app/parts/worker-app-parts.js';
import type { WorkerClass } from '../../model/definition.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import { shared } from '../../ports/current-execution.js';
import type { Interceptor } from '../../step/pass-services.js';
import { Frame } from '../../step/frame.js';
import type { Machine } from '../simulation/machine.js';
import type { Wiring } from '../simulation/simulated-process.js';
import type { Simulation } from '../simulation/simulation.js';
import type { SimulatedAppOptions } from './simulate-options.js';
import type { Story } from './story.js';

/** The longest that a body stands still before it begins, and again before its result is stored. */
const STEP_MS = 20;

export interface ProcessAppOptions {
  readonly workers: readonly WorkerClass[];
  readonly app: SimulatedAppOptions;
  readonly providersFor: (machine: Machine) => readonly Provider[];
  readonly story: Story;
}

/** The users' app as the processes of one simulation have it: all that `bootstrap` makes, on a simulated machine. */
export class ProcessApps {
  private readonly parts = new Map<Machine, WorkerAppParts>();

  constructor(private readonly options: ProcessAppOptions) {}

  async boot(wiring: Wiring, simulation: Simulation): Promise<Runtime> {
    const { machine, store, dispatcher, ids, random } = wiring;
    const { workers, app, providersFor } = this.options;
    const options: BootstrapOptions = {
      logger: silentLogger,
      ...app,
      workers,
      providers: providersFor(machine),
      store,
      dispatcher,
      clock: machine.clock,
    };
    let made: WorkerAppParts | null = null;
    await assemble(options, {
      clock: (clock) => clock,
      store: (given) => given,
      settings: (settings) => this.overlay(settings, simulation, machine),
      random,
      ids,
      opensAtStart: true,
      app: (parts) => {
        made = parts;
        return new WorkerApp(parts);
      },
    });
    const parts = made as unknown as WorkerAppParts;
    this.parts.set(machine, parts);
    parts.bus.on('*', (event) => this.observe(wiring, event));
    return parts.runtime;
  }

  /** Of the process on that machine. */
  of(machine: Machine): WorkerAppParts {
    const parts = this.parts.get(machine);
    if (parts === undefined) throw new TypeError(`nothing runs on ${machine.name}`);
    return parts;
  }

  /** Some process's: they are alike. */
  any(): WorkerAppParts {
    const [parts] = this.parts.values();
    if (parts === undefined) throw new TypeError('no process was ever started');
    return parts;
  }

  /** The machine is no more. */
  forget(machine: Machine): void {
    this.parts.get(machine)?.forget();
  }

  /** Ends what the containers of all processes built. */
  async dispose(): Promise<void> {
    for (const { runtime, forget, container } of this.parts.values()) {
      runtime.kill();
      forget();
      await container.dispose();
    }
  }

  private observe({ machine, observe }: Wiring, event: LifecycleEvent): void {
    observe(event);
    if (machine.condition !== 'dead') this.options.story.event(machine, event);
  }

  private overlay(settings: RuntimeSettings, simulation: Simulation, machine: Machine): RuntimeSettings {
    const live = (get: () => unknown): PropertyDescriptor => ({ get, enumerable: true });
    const intercept = this.interceptor(simulation, machine);
    return Object.create(settings, {
      leaseMs: live(() => simulation.stretched(settings.leaseMs)),
      sweepMs: live(() => simulation.stretched(settings.sweepMs)),
      interceptors: live(() => [intercept, ...settings.interceptors]),
    }) as RuntimeSettings;
  }

  /** Bodies take time, so that everything may come between their effects and their checkpoints. */
  private interceptor(simulation: Simulation, machine: Machine): Interceptor {
    const { story } = this.options;
    return async (_, next) => {
      const frame = shared().storage.getStore();
      if (!(frame instanceof Frame)) return next();
      // The engine has begun it: a process that stands still from here on is inside a body.
      if (frame.parent !== null) simulation.bodies.started(frame, isAtMostOnce(frame));
      await passes(machine);
      try {
        return await next();
      } finally {
        if (frame.parent !== null && !frame.isDead) story.body(machine, frame, 'its body ended');
        await passes(machine);
      }
    };
  }
}

function passes(machine: Machine): Promise<void> {
  return new Promise((resolve) => machine.moment(machine.latency(STEP_MS), resolve));
}

function isAtMostOnce({ encodedName, pass }: Frame): boolean {
  return pass.worker.steps.get(encodedName)?.atMostOnce ?? false;
}
