import type { Hint } from '../../model/hint.js';
import type { Dispatcher } from '../../ports/dispatcher.js';
import type { FaultMix } from './fault-mix.js';
import type { SeededRandom } from './seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';
import type { Owner, VirtualTime } from './virtual-time.js';

const DAY_MS = 86_400_000;

export interface MachineOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** What may go wrong just now. */
  readonly faults: () => FaultMix;
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

  constructor(private readonly options: MachineOptions) {
    this.name = options.name;
    this.time = options.time;
    this.random = options.random;
    this.clock = new SimulatedClock(options.time, this, options.random.int(0, 1_000_000));
  }

  get faults(): FaultMix {
    return this.options.faults();
  }

  note(line: string): void {
    this.options.note(`${this.name} ${line}`);
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

  /** How long one way to the store takes. */
  latency(): number {
    const { slow, slowMs } = this.faults;
    return this.random.chance(slow) ? this.random.between(0, slowMs) : this.random.between(0.05, 3);
  }

  /** Whether a call on its way is still applied after its sender's death. */
  outlives(): boolean {
    return this.random.chance(0.5);
  }

  /** Whether it dies at this store call: before the call is applied, or after it and before the answer. */
  crashesAtCall(_call: string): 'before' | 'after' | null {
    if (this.condition === 'dead' || !this.random.chance(this.faults.crashAtCall)) return null;
    return this.random.chance(0.5) ? 'before' : 'after';
  }

  /** Delivers a hint here: lost, doubled or late as the faults say. */
  carryHint(deliver: () => void): void {
    const { hintDropped, hintDoubled } = this.faults;
    if (this.random.chance(hintDropped)) return;
    this.time.after(this.hintDelay(), this, deliver);
    if (this.random.chance(hintDoubled)) this.time.after(this.hintDelay(), this, deliver);
  }

  private hintDelay(): number {
    return this.random.chance(this.faults.hintLate)
      ? this.random.between(20, DAY_MS)
      : this.random.between(0.1, 20);
  }
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
