import type { Striker } from './fault-source.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { VirtualTime } from './virtual-time.js';

/** Strikes the processes of one run: those that are named and run. */
export class ProcessStriker implements Striker {
  constructor(
    private readonly time: VirtualTime,
    private readonly processes: () => readonly SimulatedProcess[],
  ) {}

  elapsed(): number {
    return this.time.elapsed;
  }

  after(ms: number, then: () => void): void {
    this.time.after(ms, null, then);
  }

  running(): readonly string[] {
    return this.processes().flatMap(({ machine }) => (machine.condition === 'running' ? [machine.name] : []));
  }

  crash(name: string): void {
    this.find(name)?.machine.crash();
  }

  pause(name: string, forMs: number): void {
    const machine = this.find(name)?.machine;
    machine?.pause();
    if (machine !== undefined) this.time.after(forMs, null, () => machine.resume());
  }

  stop(name: string, restartMs: number): void {
    const process = this.find(name);
    if (process === undefined || !process.runtime.isStarted) return;
    const { runtime, machine } = process;
    machine.note('stops');
    const again = (): void => {
      this.time.after(restartMs, machine, () => {
        runtime.start().catch(() => again());
      });
    };
    runtime.stop().then(again, again);
  }

  stepClock(ms: number): void {
    this.time.stepClock(ms);
  }

  private find(name: string): SimulatedProcess | undefined {
    return this.processes().find(({ machine }) => machine.name === name && machine.condition === 'running');
  }
}
