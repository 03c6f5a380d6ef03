import { systemClock } from '../../adapters/system/system-clock.js';
import { Heap } from '../../adapters/memory/heap.js';
import type { Timer } from '../../ports/clock.js';

/** 2026-01-01T00:00:00Z. */
const STARTED_AT = 1_767_225_600_000;

/** Whose callbacks an event is: those of a paused owner are held back, those of a dead one never come. */
export interface Owner {
  readonly name: string;
  readonly condition: 'running' | 'paused' | 'dead';
  /** Takes the events of a paused owner. */
  hold(run: () => void): void;
}

interface Planned {
  heapIndex: number;
  readonly at: number;
  readonly order: number;
  readonly owner: Owner | null;
  readonly run: () => void;
}

/**
 * The simulated world's agenda: one event at a time, in order of time, microtasks drained between two. Nothing in it is
 * left to the machine, so that a seed decides every interleaving.
 */
export class VirtualTime {
  /** Ms since the world began. */
  elapsed = 0;
  /** By how much the wall clock was set. */
  private steppedMs = 0;
  /** By how much it was ever set back, in all. */
  setBackMs = 0;
  /** What the wall clock showed before it was set back. */
  private latestBefore = 0;
  /** Events run so far. */
  events = 0;
  private planned = 0;
  private stillFor: Promise<unknown> | null = null;
  private readonly agenda = new Heap<Planned>((a, b) => a.at - b.at || a.order - b.order);

  /** Called with the owner's name before each event. */
  constructor(private readonly trace: (event: string) => void = () => {}) {}

  /** Epoch ms, whole. */
  now(): number {
    return STARTED_AT + Math.floor(this.elapsed) + this.steppedMs;
  }

  /** The latest instant that the wall clock has shown, epoch ms. */
  latest(): number {
    return Math.max(this.latestBefore, this.now());
  }

  /** Sets the wall clock: timers go by what has elapsed. */
  stepClock(ms: number): void {
    this.latestBefore = this.latest();
    this.steppedMs += ms;
    this.setBackMs += Math.max(0, -ms);
  }

  /** Runs the callback after `delayMs`, unless cancelled. */
  after(delayMs: number, owner: Owner | null, run: () => void): Timer {
    const event: Planned = {
      heapIndex: -1,
      at: this.elapsed + Math.max(0, delayMs),
      order: ++this.planned,
      owner,
      run,
    };
    this.agenda.push(event);
    return {
      cancel: () => {
        if (event.heapIndex >= 0) this.agenda.remove(event);
      },
    };
  }

  /** No event runs before the promise has settled, however long that takes in real time. */
  standStill(promise: Promise<unknown>): void {
    this.stillFor = this.stillFor === null ? promise : Promise.all([this.stillFor, promise]);
  }

  /** Runs events until the condition holds (asked after each), time reaches `untilMs`, or none is left. */
  async run(untilMs: number, enough: () => boolean = () => false): Promise<void> {
    await this.drained();
    while (!enough()) {
      const next = this.agenda.peek();
      if (next === undefined || next.at > untilMs) {
        if (Number.isFinite(untilMs)) this.elapsed = Math.max(this.elapsed, untilMs);
        return;
      }
      this.agenda.remove(next);
      this.elapsed = Math.max(this.elapsed, next.at);
      if (!this.mayRun(next)) continue;
      this.events++;
      this.trace(next.owner === null ? 'world' : next.owner.name);
      next.run();
      await this.drained();
    }
  }

  private async drained(): Promise<void> {
    await turn();
    while (this.stillFor !== null) {
      const promise = this.stillFor;
      this.stillFor = null;
      await promise;
      await turn();
    }
  }

  private mayRun({ owner, run }: Planned): boolean {
    if (owner === null || owner.condition === 'running') return true;
    if (owner.condition === 'paused') owner.hold(run);
    return false;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => systemClock.soon(resolve));
}
