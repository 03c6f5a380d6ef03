import type { Hint } from '../../model/hint.js';
import type { Dispatcher } from '../../ports/dispatcher.js';
import type { CallFaults, HintFaults, MomentFaults } from './fault-source.js';
import type { SeededRandom } from './seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';
import type { Owner, VirtualTime } from './virtual-time.js';

export interface MachineOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** What goes wrong with its calls to the store, its hints and its bodies, each counted from 1. */
  readonly faultsAtCall: (call: number) => CallFaults;
  readonly faultsAtHint: (hint: number) => HintFaults;
  readonly faultsAtMoment: (moment: number) => MomentFaults;
  /** Adds a line to the run's trace. */
  readonly note: (line: string) => void;
  /** The machine has died. */
  readonly died: (machine: Machine) => void;
}

/** One operating-system process: what runs on it may be paused, or die between any two events. */
export class Machine implements Owner {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly clock: SimulatedClock;
  condition: Owner['condition'] = 'running';
  private held: (() => void)[] = [];
  private calls = 0;
  private hints = 0;
  private moments = 0;
  /** How long what takes how long: not moved by what goes wrong, so that a run with one fault less stays alike. */
  private readonly pace: SeededRandom;

  constructor(private readonly options: MachineOptions) {
    this.name = options.name;
    this.time = options.time;
    this.random = options.random;
    this.pace = options.random.fork('pace');
    this.clock = new SimulatedClock(options.time, this, options.random.int(0, 1_000_000));
  }

  note(line: string): void {
    this.options.note(line);
  }

  hold(run: () => void): void {
    this.held.push(run);
  }

  /** Stands still: no timer fires, no answer arrives. */
  pause(): void {
    if (this.condition !== 'running') return;
    this.note('pauses');
    this.condition = 'paused';
  }

  /** Goes on where it stood, as if no time had passed. */
  resume(): void {
    if (this.condition !== 'paused') return;
    this.note('resumes');
    this.condition = 'running';
    for (const run of this.held.splice(0)) this.time.after(0, this, run);
  }

  /** Dies: nothing that was on its way to it arrives. */
  crash(): void {
    if (this.condition === 'dead') return;
    this.note('dies');
    this.condition = 'dead';
    this.held = [];
    this.options.died(this);
  }

  /** The next call to the store: how long each way takes, and what goes wrong. */
  nextCall(name: string): CallPlan {
    const faults = this.options.faultsAtCall(++this.calls);
    const thereMs = this.latency() + faults.thereMs;
    const backMs = this.latency() + faults.backMs;
    const outlives = this.outlives();
    return {
      thereMs,
      backMs,
      outlives,
      outcome: faults.outcome,
      dies: faults.dies ?? this.crashesAtCall(name),
    };
  }

  /** A body begins, waits or ends here; goes on after so many ms, unless the process dies at this moment. */
  moment(ms: number, then: () => void): void {
    if (this.condition === 'dead') return;
    const { dies, pausesMs } = this.options.faultsAtMoment(++this.moments);
    if (dies) this.crash();
    else if (pausesMs > 0) {
      this.pause();
      this.time.after(pausesMs, null, () => this.resume());
    }
    this.time.after(ms, this, then);
  }

  /** How long one way takes, to the store or to whoever else answers. */
  latency(mostMs = 3): number {
    return this.pace.between(0.05, mostMs);
  }

  /** Whether a call on its way is still applied after its sender's death. */
  outlives(): boolean {
    return this.pace.chance(0.5);
  }

  /** Tests of single crashes replace it: whether it dies at this store call, before it is applied or after it. */
  crashesAtCall(_call: string): 'before' | 'after' | null {
    return null;
  }

  /** Delivers a hint here: lost, doubled or late as the faults say. */
  carryHint(deliver: () => void): void {
    const { isLost, lateMs, doubledMs } = this.options.faultsAtHint(++this.hints);
    const delayMs = this.pace.between(0.1, 20) + lateMs;
    if (isLost) return;
    this.time.after(delayMs, this, deliver);
    if (doubledMs !== null) this.time.after(delayMs + doubledMs, this, deliver);
  }
}

/** How one call to the store goes. */
export interface CallPlan {
  readonly thereMs: number;
  readonly backMs: number;
  /** Whether it is still applied when its sender dies meanwhile. */
  readonly outlives: boolean;
  readonly outcome: CallFaults['outcome'];
  readonly dies: CallFaults['dies'];
}

/** A broker between machines: a hint goes to one of those that listen, whoever sent it. */
export class SimulatedBroker {
  private readonly receivers = new Map<Machine, (hint: Hint) => void | Promise<void>>();

  /** The broker as seen from one machine. */
  dispatcherOf(machine: Machine): Dispatcher {
    return {
      local: false,
      start: async (receive) => {
        this.receivers.set(machine, receive);
      },
      send: async (hints) => {
        for (const hint of hints) this.send(machine, hint);
      },
      stop: async () => {
        this.receivers.delete(machine);
      },
    };
  }

  private send(sender: Machine, hint: Hint): void {
    const machines = [...this.receivers.keys()].filter(({ condition }) => condition !== 'dead');
    if (machines.length === 0) return;
    const target = sender.random.pick(machines);
    target.carryHint(() => void this.receivers.get(target)?.(hint));
  }
}
