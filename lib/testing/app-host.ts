import { consoleLogger } from '../adapters/console/console-logger.js';
import { assemble } from '../app/bootstrap.js';
import type { BootstrapOptions } from '../app/options/options.js';
import type { RuntimeSettings } from '../app/runtime/runtime-parts.js';
import type { WorkerApp } from '../app/worker-app.js';
import type { WorkerAppParts } from '../app/parts/worker-app-parts.js';
import { AppClosedError } from '../model/errors-app.js';
import { anyChange } from '../ports/gathered-change.js';
import type { Store } from '../ports/store.js';
import type { Interceptor } from '../step/pass-services.js';
import { SimulatedProcess } from './simulated-process.js';
import { watchStalled } from './stalled-waits.js';
import type { World } from './world.js';

/** Longer than any test moves time: leases end by crash and pause only. */
const FOREVER_MS = 1_000 * 365 * 86_400_000;
const POLL_MS = 1_000;

/** One app as a process that can die and begin again: each life has an engine and a container of its own. */
export class AppHost {
  /** What the app works with: always that of the present life. */
  readonly parts: WorkerAppParts;
  process: SimulatedProcess;
  private current: WorkerAppParts | null = null;
  /** It may begin again. */
  private hasCrashed = false;
  private store: Store | null = null;
  private readonly past: WorkerAppParts[] = [];

  constructor(
    readonly options: BootstrapOptions,
    readonly world: World,
    private readonly interceptors: () => readonly Interceptor[],
  ) {
    this.process = this.newProcess();
    this.parts = new Proxy({} as WorkerAppParts, {
      get: (_, name) => Reflect.get(this.life, name) as unknown,
    });
  }

  /** Begins a life: the app is made on a process of its own and started. */
  async boot(app: WorkerApp): Promise<void> {
    const { process } = this;
    await assemble(this.options, {
      clock: () => process.clock,
      store: (store) => {
        this.store = store;
        return process.wire(store, this.world.storeClock);
      },
      settings: (settings) => this.overlay(settings, process),
      // The middle of every interval: delays are exact, jitter included.
      random: { next: () => 0.5 },
      app: (parts) => {
        const read: Store['read'] = (id) => parts.store.read(id);
        this.current = {
          ...parts,
          watchWait: watchStalled(this.world, read, consoleLogger()),
          assertOpen: (call) => {
            if (this.hasCrashed) throw new AppClosedError(call, 'crashed');
            parts.assertOpen(call);
          },
        };
        process.runtime = parts.runtime;
        return app;
      },
    });
    await this.life.runtime.start();
  }

  /** The end of a life as by SIGKILL; its lease is over at once. */
  async crash(): Promise<void> {
    const { runtime, forget } = this.life;
    this.hasCrashed = true;
    runtime.kill();
    this.end();
    forget();
    if (runtime.outcomes.waiting > 0) this.world.ghosts.add(runtime);
    this.past.push(this.life);
    await this.store?.leave(runtime.owner);
  }

  async restart(app: WorkerApp): Promise<void> {
    this.process = this.newProcess();
    this.hasCrashed = false;
    await this.boot(app);
  }

  /** From now on its lease runs out unless it is resumed in time. */
  async pause(): Promise<void> {
    this.process.hasRealLease = true;
    await this.life.runtime.declare();
    this.process.pause();
    this.lookAround();
  }

  async resume(): Promise<void> {
    const { process } = this;
    process.resume();
    await this.life.runtime.declare();
    process.hasRealLease = false;
    await this.life.runtime.declare();
  }

  /** Releases what earlier lives left behind. */
  async bury(): Promise<void> {
    this.end();
    this.hasCrashed = false;
    for (const { runtime, container } of this.past.splice(0)) {
      this.world.ghosts.delete(runtime);
      runtime.outcomes.close();
      await container.dispose();
      await this.store?.close();
    }
  }

  /** The process is no more. */
  end(): void {
    this.process.die();
    this.world.processes.delete(this.process);
  }

  private newProcess(): SimulatedProcess {
    const process = new SimulatedProcess(this.world.clock);
    this.world.processes.add(process);
    return process;
  }

  private get life(): WorkerAppParts {
    if (this.current === null) throw new TypeError('the app is still being made');
    return this.current;
  }

  private lookAround(): void {
    for (const { runtime, condition } of this.world.processes)
      if (condition === 'running') runtime?.heard(anyChange);
  }

  private overlay(settings: RuntimeSettings, process: SimulatedProcess): RuntimeSettings {
    const live = (get: () => unknown): PropertyDescriptor => ({ get, enumerable: true });
    return Object.create(settings, {
      leaseMs: live(() => (process.hasRealLease ? settings.leaseMs : FOREVER_MS)),
      isolationMs: live(() => settings.leaseMs),
      sweepMs: live(() => this.world.spread(settings.sweepMs)),
      pollMs: live(() => this.world.spread(POLL_MS)),
      interceptors: live(() => [...this.interceptors(), ...settings.interceptors]),
    }) as RuntimeSettings;
  }
}
