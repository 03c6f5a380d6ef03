import type { Timers, WaitReason } from '../model/execution.js';
import type { Clock, Timer } from '../ports/clock.js';

/** A body whose call waits, as its running time sees it. */
interface WaitingBody {
  readonly isDead: boolean;
  callWaits(): void;
  callRuns(): void;
}

export interface Wait {
  /** Null: until it is told to go on. */
  readonly at: number | null;
  readonly reason: WaitReason;
  /** The body that called. */
  readonly body: WaitingBody;
  readonly resume: () => void;
}

interface ArmedWait extends Wait {
  timer: Timer | null;
}

const PERMIT = 'permit:';

/** The name of the wait for that holder's permit. */
export function permitWait(holder: string): string {
  return `${PERMIT}${holder}`;
}

/** What a pass waits for: each wait is a named timer of the record, and while the pass lives, one in memory. */
export class Waits {
  private all: Map<string, ArmedWait> | null = null;

  /** `resumed` is called after a wait has ended in this pass. */
  constructor(
    private readonly clock: Clock,
    private readonly resumed: () => void,
  ) {}

  get empty(): boolean {
    return this.all === null || this.all.size === 0;
  }

  add(name: string, wait: Wait): void {
    this.all ??= new Map();
    this.all.set(name, { ...wait, timer: null });
    wait.body.callWaits();
  }

  /** Forgets waits of bodies that do not count any more. */
  dropDead(): void {
    for (const [name, wait] of this.all ?? []) {
      if (!wait.body.isDead) continue;
      wait.timer?.cancel();
      this.all?.delete(name);
    }
  }

  /** Has each wait end in this pass, should the pass live that long. */
  arm(): void {
    const now = this.clock.now();
    for (const [name, wait] of this.all ?? [])
      if (wait.at !== null)
        wait.timer ??= this.clock.setTimer(Math.max(0, wait.at - now), () => this.end(name, wait));
  }

  cancel(): void {
    for (const wait of this.all?.values() ?? []) wait.timer?.cancel();
    this.all = null;
  }

  timers(): Timers {
    const timers: Record<string, number> = {};
    for (const [name, { at }] of this.all ?? []) if (at !== null) timers[name] = at;
    return timers;
  }

  /** Who waits for a permit. */
  get permits(): readonly string[] {
    const names = [...(this.all?.keys() ?? [])].filter((name) => name.startsWith(PERMIT));
    return names.map((name) => name.slice(PERMIT.length));
  }

  /** A gate opens by a message: whoever waits for one says so before all else. */
  get reason(): WaitReason {
    const reasons = new Set([...(this.all?.values() ?? [])].map(({ reason }) => reason));
    if (reasons.has('gate')) return 'gate';
    return reasons.has('retry') ? 'retry' : 'timer';
  }

  /** What that wait waited for has come; false when there is no such wait. */
  endNow(name: string): boolean {
    const wait = this.all?.get(name);
    if (wait === undefined) return false;
    wait.timer?.cancel();
    this.end(name, wait);
    return true;
  }

  private end(name: string, wait: ArmedWait): void {
    if (this.all?.delete(name) !== true) return;
    wait.body.callRuns();
    wait.resume();
    this.resumed();
  }
}
