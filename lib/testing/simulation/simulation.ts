import type { RuntimeSettings } from '../../app/runtime-parts.js';
import type { PublishRequest } from '../../dispatch/publish-request.js';
import type { Published } from '../../dispatch/publisher.js';
import type { WorkerDefinition } from '../../model/definition.js';
import { isSettled, type ExecutionRecord } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import { defaultLimits } from '../../model/limits.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import type { Store } from '../../ports/store.js';
import type { Message } from '../../ports/store-write.js';
import { BodyWatch } from './body-watch.js';
import { noFaults, type FaultMix } from './fault-mix.js';
import { GuaranteeViolatedError } from './guarantee-violated-error.js';
import { Machine, SimulatedBroker } from './machine.js';
import { RecordModel } from './record-model.js';
import { SeededRandom } from './seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';
import { SimulatedProcess } from './simulated-process.js';
import { Trace } from './trace.js';
import { VirtualTime } from './virtual-time.js';
import { WatchedStore } from './watched-store.js';

export interface SimulationOptions {
  readonly seed: string;
  /** How many processes share the store; 1 by default. */
  readonly processes?: number;
  readonly store: Store;
  readonly workers: readonly WorkerDefinition[];
  /** Makes the instances of one process. */
  readonly resolver: (simulation: Simulation, machine: Machine) => InstanceResolver;
  /** None by default. */
  readonly faults?: FaultMix;
  /** A broker carries hints between processes; by default they stay where they arise. */
  readonly broker?: boolean;
  readonly settings?: Partial<RuntimeSettings>;
  /** Everything accepted is settled so long after the last fault, in ms of virtual time; 15 minutes by default. */
  readonly settlesWithinMs?: number;
  /** Changes the store as one process sees it, for tests of the simulator itself. */
  readonly wrapStore?: (store: Store) => Store;
  /** Changes a process before it starts, for tests of the simulator itself. */
  readonly prepare?: (process: SimulatedProcess) => void;
  /** Keeps the trace's lines, to be read; else only their digest. */
  readonly keepTrace?: boolean;
}

/** A publish that resolved. */
export interface AcceptedEvent {
  readonly request: PublishRequest;
  readonly published: Published;
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const defaultSettings: RuntimeSettings = {
  mode: 'UNTIL_ERROR',
  limits: defaultLimits,
  maxCallDepth: 15,
  timeoutMs: 300_000,
  logger: silent,
  interceptors: [],
  concurrency: 10,
  leaseMs: 15_000,
  sweepMs: 5_000,
  drainTimeoutMs: 25_000,
  pollMs: 1_000,
  dedupMs: 7 * 86_400_000,
  retention: { completedMs: 30 * 86_400_000, failedMs: 90 * 86_400_000 },
};

/** How long a client waits for an answer. */
const ANSWER_MS = 30_000;

/** Timers that an idle process holds: lease, sweep, the next instant. */
const IDLE_TIMERS = 3;

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
  readonly accepted: AcceptedEvent[] = [];
  readonly events: LifecycleEvent[] = [];
  processes: SimulatedProcess[] = [];
  private readonly settings: RuntimeSettings;
  private readonly faults: FaultMix;
  private readonly chaos: SeededRandom;
  private readonly broker: SimulatedBroker | null;
  private violation: GuaranteeViolatedError | null = null;
  private machines = 0;
  private calls = 0;
  private ending = false;

  constructor(private readonly options: SimulationOptions) {
    this.trace = new Trace(options.keepTrace ?? false);
    this.time = new VirtualTime((event) => this.trace.add(event));
    this.random = new SeededRandom(options.seed);
    this.chaos = this.random.fork('chaos');
    this.faults = options.faults ?? noFaults;
    this.settings = { ...defaultSettings, ...options.settings };
    this.broker = options.broker === true ? new SimulatedBroker() : null;
    const violated = (rule: string, what: string): void => this.violated(rule, what);
    this.model = new RecordModel(() => this.time.now(), violated);
    this.bodies = new BodyWatch(this.model, violated);
    const context = {
      clock: new SimulatedClock(this.time, null),
      random: this.random.fork('store'),
      warn: () => {},
    };
    const store = options.wrapStore?.(options.store) ?? options.store;
    this.store = new WatchedStore(store, this.model, context);
  }

  /** Notes a broken rule; the run stops there. */
  violated(rule: string, what: string): void {
    this.violation ??= new GuaranteeViolatedError(rule, what);
  }

  get faultsNow(): FaultMix {
    return this.ending || this.time.elapsed >= this.faults.lastsMs ? noFaults : this.faults;
  }

  /** Starts the processes, and what goes wrong with them. */
  start(): void {
    for (let count = 0; count < (this.options.processes ?? 1); count++) this.startProcess();
    this.recur(this.faults.crashEveryMs, (process) => process.machine.crash());
    this.recur(this.faults.pauseEveryMs, ({ machine }) => this.pause(machine));
    this.recur(this.faults.stopEveryMs, (process) => this.restartGracefully(process));
  }

  /** Publishes from some process that is up, at that time; a client that gets no answer asks again when `repeat`. */
  publishAt(atMs: number, request: PublishRequest, repeat: boolean): void {
    this.calls++;
    this.time.after(atMs - this.time.elapsed, null, () => this.publish(request, repeat));
  }

  /** Sends a message to an accepted execution, at that time. */
  sendAt(atMs: number, message: (accepted: readonly AcceptedEvent[]) => Message | null): void {
    const ended = this.callBegins();
    this.time.after(atMs - this.time.elapsed, null, () => {
      const made = message(this.accepted);
      const process = this.pickUp();
      if (made === null || process === null) {
        ended();
        return;
      }
      this.trace.add(`${made.kind} to ${made.to}`);
      this.time.after(ANSWER_MS, null, ended);
      process.runtime.writer
        .write({ kind: 'append', message: made })
        .then(
          () => process.runtime.changed(),
          () => {},
        )
        .finally(ended);
    });
  }

  /** A call from outside is under way: the run does not end before it; answers what tells its end. */
  private callBegins(): () => void {
    let open = true;
    this.calls++;
    return () => {
      if (open) this.calls--;
      open = false;
    };
  }

  /** Runs to the end of the faults, then until everything accepted is settled; throws the first violation. */
  async run(): Promise<void> {
    await this.time.run(this.faults.lastsMs, () => this.violation !== null);
    this.heal();
    const until = this.time.elapsed + (this.options.settlesWithinMs ?? 900_000);
    await this.time.run(until, () => this.violation !== null || (this.calls === 0 && this.isSettled()));
    this.assertUnbroken();
    if (!this.isSettled())
      throw new GuaranteeViolatedError('I18', `not settled at the end: ${this.unsettled().join('; ')}`);
    await this.rest();
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
    this.ending = true;
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

  private startProcess(): void {
    const machine = new Machine({
      name: `p${++this.machines}`,
      time: this.time,
      random: this.random.fork(`machine ${this.machines}`),
      faults: () => this.faultsNow,
      note: (line) => this.trace.add(line),
      died: (dead) => this.died(dead),
    });
    const process = new SimulatedProcess({
      machine,
      store: this.store,
      broker: this.broker,
      workers: this.options.workers,
      resolver: this.options.resolver(this, machine),
      settings: this.settings,
      observe: (event) => this.observe(machine, event),
    });
    this.options.prepare?.(process);
    this.processes.push(process);
    process.start();
  }

  private observe(machine: Machine, event: LifecycleEvent): void {
    this.trace.add(event.name);
    if (machine.condition === 'dead') return;
    if (event.name.startsWith('app.')) this.events.push(event);
  }

  private died(machine: Machine): void {
    const process = this.processes.find((each) => each.machine === machine);
    this.processes = this.processes.filter((each) => each.machine !== machine);
    if (process !== undefined && this.chaos.chance(0.5)) process.runtime.kill();
    if (this.processes.length > 0 && this.chaos.chance(this.faultsNow.goneForGood)) return;
    this.time.after(this.chaos.between(10, 20_000), null, () => this.startProcess());
  }

  private pause(machine: Machine): void {
    machine.pause();
    this.time.after(this.chaos.between(0, 3 * this.settings.leaseMs), null, () => machine.resume());
  }

  private restartGracefully({ runtime, machine }: SimulatedProcess): void {
    if (!runtime.isStarted) return;
    machine.note('stops');
    const again = (): void => {
      this.time.after(this.chaos.between(0, 5_000), machine, () => {
        runtime.start().catch(() => again());
      });
    };
    runtime.stop().then(again, again);
  }

  private recur(everyMs: number, strike: (process: SimulatedProcess) => void): void {
    if (everyMs === 0) return;
    this.time.after(-Math.log(1 - this.chaos.next()) * everyMs, null, () => {
      if (this.time.elapsed >= this.faults.lastsMs) return;
      const running = this.processes.filter(({ machine }) => machine.condition === 'running');
      if (running.length > 0) strike(this.chaos.pick(running));
      this.recur(everyMs, strike);
    });
  }

  private publish(request: PublishRequest, repeat: boolean): void {
    const process = this.pickUp();
    if (process === null) {
      this.time.after(1_000, null, () => this.publish(request, repeat));
      return;
    }
    let answered = false;
    const ended = (): void => {
      answered = true;
      this.calls--;
    };
    process.runtime.publisher.publish([request]).then(
      ([published]) => {
        if (answered || published === undefined) return;
        ended();
        this.accepted.push({ request, published });
        this.trace.add(`accepted ${published.eventId}`);
      },
      () => {
        if (!answered) this.givenUp(ended, request, repeat);
      },
    );
    this.time.after(ANSWER_MS, null, () => {
      if (!answered) this.givenUp(ended, request, repeat);
    });
  }

  private givenUp(ended: () => void, request: PublishRequest, repeat: boolean): void {
    ended();
    if (!repeat) return;
    this.calls++;
    this.time.after(1_000, null, () => this.publish(request, repeat));
  }

  private pickUp(): SimulatedProcess | null {
    const up = this.processes.filter((process) => process.isUp);
    return up.length === 0 ? null : this.chaos.pick(up);
  }

  private heal(): void {
    this.ending = true;
    for (const { machine } of this.processes) machine.resume();
    if (this.processes.length === 0) this.startProcess();
  }

  private isSettled(): boolean {
    for (const { status } of this.model.records.values()) if (!isSettled(status)) return false;
    return true;
  }

  private unsettled(): readonly string[] {
    return [...this.model.records.values()]
      .filter(({ status }) => !isSettled(status))
      .map(({ id, status, fence, owner }) => `${id} is ${status} (fence ${fence}, owner ${String(owner)})`);
  }

  /** Nothing is due any more: no process may hold a slot, a waiter or a timer beyond those of an idle one. */
  private async rest(): Promise<void> {
    await this.time.run(this.time.elapsed + 2 * this.settings.leaseMs, () => this.violation !== null);
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
    if (this.violation !== null) throw this.violation;
  }
}
