import type { RuntimeSettings } from '../../app/runtime/runtime-parts.js';
import { localDispatcher } from '../../adapters/local/local-dispatcher.js';
import type { Runtime } from '../../app/runtime/runtime.js';
import type { PublishRequest } from '../../dispatch/publish-request.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { ExecutionRecord } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Store } from '../../ports/store.js';
import type { Message } from '../../ports/store-write.js';
import { BodyWatch } from './body-watch.js';
import { Clients, type AcceptedEvent, type RequestMaker } from './clients.js';
import { DrawnFaults } from './drawn-faults.js';
import { noFaults, type FaultMix } from './fault-mix.js';
import { noCallFaults, noHintFaults, noMomentFaults, type FaultSource } from './fault-source.js';
import { FaultyStore } from './faulty-store.js';
import { GuaranteeViolatedError } from './guarantee-violated-error.js';
import { Machine, SimulatedBroker } from './machine.js';
import { ProcessStriker } from './process-striker.js';
import { RecordModel } from './record-model.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';
import { defaultSimulatedSettings } from './simulated-settings.js';
import { IDLE_TIMERS, plainRuntime, SimulatedProcess, type Wiring } from './simulated-process.js';
import { Standing } from './standing.js';
import { Trace } from './trace.js';
import { VirtualTime } from './virtual-time.js';
import { WatchedStore } from './watched-store.js';

export interface SimulationOptions {
  readonly seed: string;
  /** How many processes share the store; 1 by default. */
  readonly processes?: number;
  readonly store: Store;
  /** Written by hand. */
  readonly workers?: readonly WorkerDefinition[];
  /** Makes the instances of one process. */
  readonly resolver?: (simulation: Simulation, machine: Machine) => InstanceResolver;
  /** Makes the engine of a process instead. Real time may pass meanwhile, virtual time stands still. */
  readonly boot?: (wiring: Wiring, simulation: Simulation) => Promise<Runtime>;
  /** None by default. */
  readonly faults?: FaultMix | FaultSource;
  /** How often faults go on again when everything waits for longer than a minute; 0 by default. */
  readonly bursts?: number;
  /** A broker carries hints between processes; by default they stay where they arise. */
  readonly broker?: boolean;
  readonly settings?: Partial<RuntimeSettings>;
  /** Something else is to come before the run is over; never by default. */
  readonly isExpecting?: () => boolean;
  /** Everything accepted is settled so long after the last fault, in ms of virtual time; 15 minutes by default. */
  readonly settlesWithinMs?: number;
  /** Events of virtual time that the run may take; no bound by default. */
  readonly mostEvents?: number;
  /** Change the store as all see it, and a process before it starts: for tests of the simulator itself. */
  readonly wrapStore?: (store: Store) => Store;
  readonly prepare?: (process: SimulatedProcess) => void;
  /** The machine has died, or the run is over. */
  readonly buried?: (machine: Machine) => void;
  /** An event was accepted. */
  readonly heard?: (accepted: AcceptedEvent, machine: Machine) => void;
  /** What machines do is told here too, as it is to the trace. */
  readonly note?: (machine: Machine, line: string) => void;
  /** Keeps the trace's lines, to be read; else only their digest. */
  readonly keepTrace?: boolean;
}

/** A wait that is worth faults of its own at its end, and how long before it they begin. */
const [LONG_MS, BEFORE_WAKE_MS] = [60_000, 1_000];

/**
 * Several processes of the production engine over one store, in virtual time, with faults that a seed decides. The same
 * seed gives the same run. Every call that the store applies and every body that starts is checked against a model.
 */
export class Simulation {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly random: SeededRandom;
  readonly model: RecordModel;
  readonly bodies: BodyWatch;
  readonly store: WatchedStore;
  readonly events: LifecycleEvent[] = [];
  processes: SimulatedProcess[] = [];
  private readonly settings: RuntimeSettings;
  private readonly faults: FaultSource;
  private readonly broker: SimulatedBroker | null;
  private readonly clients: Clients;
  private readonly standing: Standing;
  private readonly striker: ProcessStriker;
  private broke: { readonly error: unknown } | null = null;
  private machines = 0;
  /** Nothing is due before then. */
  private idleUntil = 0;
  /** Faults strike until then. */
  private faultsUntil = 0;

  constructor(private readonly options: SimulationOptions) {
    this.trace = new Trace(options.keepTrace ?? false);
    this.time = new VirtualTime((event) => this.trace.add(event));
    this.random = new SeededRandom(options.seed);
    this.settings = { ...defaultSimulatedSettings, ...options.settings };
    const faults = options.faults ?? noFaults;
    this.faults =
      'atCall' in faults
        ? faults
        : new DrawnFaults(faults, this.random.fork('faults'), this.settings.leaseMs);
    this.faultsUntil = this.faults.lastsMs;
    this.striker = new ProcessStriker(this.time, () => this.processes);
    this.clients = new Clients({
      time: this.time,
      random: this.random,
      trace: this.trace,
      processes: () => this.processes,
      failed: (error) => this.failed(error),
      accepted: (accepted, { machine }) => options.heard?.(accepted, machine),
    });
    this.broker = options.broker === true ? new SimulatedBroker() : null;
    const violated = (rule: string, what: string): void => this.violated(rule, what);
    this.model = new RecordModel(this.time, violated);
    this.standing = new Standing(this.model);
    this.bodies = new BodyWatch(this.model, violated);
    const context = {
      clock: new SimulatedClock(this.time, null),
      random: this.random.fork('store'),
      warn: () => {},
    };
    const store = options.wrapStore?.(options.store) ?? options.store;
    this.store = new WatchedStore(store, this.model, context);
  }

  get accepted(): readonly AcceptedEvent[] {
    return this.clients.accepted;
  }

  /** Notes a broken rule; the run stops there. */
  violated(rule: string, what: string): void {
    this.failed(new GuaranteeViolatedError(rule, what));
  }

  /** Ends the run with that error, unless another one came first. */
  failed(error: unknown): void {
    this.broke ??= { error };
  }

  /** Starts the processes, and what goes wrong with them. */
  start(): void {
    for (let count = 0; count < (this.options.processes ?? 1); count++) this.startProcess();
    this.faults.strike(this.striker, this.faultsUntil);
  }

  /** Publishes from some process that is up, at that time; a client that gets no answer asks again when `repeat`. */
  publishAt(atMs: number, request: PublishRequest | RequestMaker, repeat: boolean): void {
    this.clients.publishAt(atMs, request, repeat);
  }

  /** Sends a message to an accepted execution, at that time. */
  sendAt(atMs: number, message: (accepted: readonly AcceptedEvent[]) => Message | null): void {
    this.clients.sendAt(atMs, message);
  }

  /** Runs to the end of the faults, then until everything accepted is settled; throws the first violation. */
  async run(): Promise<void> {
    await this.settle();
    await this.rest();
  }

  /** Without a look at what is left behind. */
  async settle(): Promise<void> {
    const until =
      Math.max(this.time.elapsed, this.faults.lastsMs) + (this.options.settlesWithinMs ?? 900_000);
    let bursts = this.options.bursts ?? 0;
    for (;;) {
      await this.time.run(this.faultsUntil, () => this.isStopped());
      this.heal();
      await this.time.run(until, () => this.isStopped() || this.isQuiet() || this.isAsleep());
      // Whoever stood still finds out what it has lost: leases last longer from then on.
      if (this.isAsleep())
        await this.time.run(this.time.elapsed + 2 * this.settings.leaseMs, () => this.isStopped());
      this.assertUnbroken();
      if (this.isQuiet()) return;
      if (this.time.elapsed >= until)
        throw new GuaranteeViolatedError('I18', `not settled at the end: ${this.standing.unsettled}`);
      if (!this.isAsleep()) continue;
      this.idleUntil = Math.min(until, this.wakesAt - BEFORE_WAKE_MS);
      await this.time.run(this.idleUntil, () => this.isStopped());
      this.idleUntil = 0;
      if (bursts-- <= 0) continue;
      this.faultsUntil = this.time.elapsed + this.faults.lastsMs;
      this.faults.strike(this.striker, this.faultsUntil);
    }
  }

  /** An interval of housekeeping: while nothing is due for long, it is a part of the time that is left. */
  stretched(intervalMs: number): number {
    return Math.max(intervalMs, (this.idleUntil - this.time.elapsed) / 5);
  }

  /** The stored record of every execution that was accepted. */
  async records(): Promise<ReadonlyMap<ExecutionId, ExecutionRecord>> {
    const found = new Map<ExecutionId, ExecutionRecord>();
    for (const id of this.model.records.keys()) {
      const record = await this.store.read(id);
      if (record === null) throw new GuaranteeViolatedError('I1', `${id} was accepted and does not exist`);
      found.set(id, record);
    }
    return found;
  }

  /** Stops every process; afterwards no timer of any of them is left. */
  async close(): Promise<void> {
    this.faultsUntil = 0;
    let open = this.processes.length;
    for (const { runtime, machine } of this.processes)
      void runtime.close().then(() => {
        open--;
        if (machine.clock.pending > 0)
          this.violated('leak', `${machine.name} holds ${machine.clock.pending} timers after close()`);
      });
    await this.time.run(this.time.elapsed + 120_000, () => open === 0);
    if (open > 0) this.violated('G18', 'close() did not end');
    this.assertUnbroken();
  }

  /** Everything that left its process behind is told to be over. */
  bury(): void {
    for (const { machine } of this.processes) this.options.buried?.(machine);
  }

  private startProcess(): void {
    const machine: Machine = new Machine({
      name: `p${++this.machines}`,
      time: this.time,
      random: this.random.fork(`machine ${this.machines}`),
      faultsAtCall: (call) => (this.isCalm ? noCallFaults : this.faults.atCall(machine.name, call)),
      faultsAtHint: (hint) => (this.isCalm ? noHintFaults : this.faults.atHint(machine.name, hint)),
      faultsAtMoment: (at) => (this.isCalm ? noMomentFaults : this.faults.atMoment(machine.name, at)),
      note: (line) => {
        this.trace.add(`${machine.name} ${line}`);
        this.options.note?.(machine, line);
      },
      died: (dead) => this.died(dead),
    });
    const { boot, workers = [], resolver } = this.options;
    const wiring = this.wiringOf(machine);
    if (boot === undefined)
      this.join(machine, plainRuntime(wiring, workers, resolver?.(this, machine) ?? { resolve: () => ({}) }));
    else
      this.time.standStill(
        boot(wiring, this).then(
          (runtime) => this.join(machine, runtime),
          (error: unknown) => this.failed(error),
        ),
      );
  }

  private wiringOf(machine: Machine): Wiring {
    let ids = 0;
    return {
      machine,
      store: new FaultyStore(this.store, machine),
      dispatcher: this.broker === null ? localDispatcher() : this.broker.dispatcherOf(machine),
      random: machine.random.fork('engine'),
      ids: { next: () => `${machine.name}-${String(++ids).padStart(6, '0')}` },
      settings: this.settings,
      observe: (event) => this.observe(machine, event),
    };
  }

  private join(machine: Machine, runtime: Runtime): void {
    const process = new SimulatedProcess(machine, runtime);
    this.options.prepare?.(process);
    this.processes.push(process);
    process.start();
  }

  private observe(machine: Machine, event: LifecycleEvent): void {
    this.trace.add(event.name);
    if (machine.condition === 'dead') return;
    if (event.name.startsWith('app.') || event.name === 'execution.isolated') this.events.push(event);
  }

  private died(machine: Machine): void {
    const fate = machine.random.fork('fate');
    const process = this.processes.find((each) => each.machine === machine);
    this.processes = this.processes.filter((each) => each.machine !== machine);
    const isKilled = fate.chance(0.5);
    const isGone = fate.chance(this.faults.goneForGood);
    const restartMs = fate.between(10, 20_000);
    if (process !== undefined && isKilled) process.runtime.kill();
    this.options.buried?.(machine);
    if (isGone && this.processes.length > 0 && !this.isCalm) return;
    this.time.after(restartMs, null, () => this.startProcess());
  }

  /** No faults strike just now. */
  private get isCalm(): boolean {
    return this.time.elapsed >= this.faultsUntil;
  }

  private heal(): void {
    this.faultsUntil = Math.min(this.faultsUntil, this.time.elapsed);
    for (const { machine } of this.processes) machine.resume();
    if (this.processes.length === 0) this.startProcess();
  }

  /** Nothing but timers is left, and none fires soon. */
  private isAsleep(): boolean {
    return this.clients.open === 0 && this.standing.isAsleep && this.wakesAt > this.time.elapsed + LONG_MS;
  }

  /** When the first timer of what is stored fires, in ms since the run began; infinite: none does. */
  private get wakesAt(): number {
    return this.standing.wakesAt - this.time.now() + this.time.elapsed;
  }

  private isStopped(): boolean {
    const { mostEvents } = this.options;
    if (mostEvents !== undefined && this.time.events > mostEvents)
      this.violated('I18', `not settled after ${mostEvents} turns: ${this.standing.unsettled}`);
    return this.broke !== null;
  }

  private isQuiet(): boolean {
    return this.clients.open === 0 && this.standing.isSettled && this.options.isExpecting?.() !== true;
  }

  /** Nothing is due any more: no process may hold a slot, a waiter or a timer beyond those of an idle one. */
  private async rest(): Promise<void> {
    await this.time.run(this.time.elapsed + 2 * this.settings.leaseMs, () => this.broke !== null);
    // A slow answer may be on its way from before the faults ended, or that of a sweep which has just begun.
    await this.time.run(this.time.elapsed + LONG_MS, () => this.processes.every((each) => each.isIdle));
    for (const { runtime, machine } of this.processes) {
      if (machine.condition !== 'running') continue;
      if (runtime.consumer.used > 0)
        this.violated('leak', `${machine.name} holds ${runtime.consumer.used} slots at rest`);
      if (runtime.outcomes.waiting > 0) this.violated('leak', `${machine.name} awaits outcomes at rest`);
      if (machine.clock.pending > IDLE_TIMERS)
        this.violated('leak', `${machine.name} holds ${machine.clock.pending} timers at rest`);
    }
    this.assertUnbroken();
  }

  private assertUnbroken(): void {
    if (this.broke !== null) throw this.broke.error;
  }
}
