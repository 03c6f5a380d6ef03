import type { MessageKind, Timers, WaitReason } from '../model/execution.js';
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

/** The pass, as its waits see it. */
interface WaitingPass {
  readonly services: { readonly clock: Clock };
  /** Told that a wait has ended in it. */
  scheduleCheck(): void;
}

interface ArmedWait extends Wait {
  timer: Timer | null;
}

const PERMIT = 'granted:';

/** What a pass waits for: each wait is a named timer of the record, and while the pass lives, one in memory. */
export class Waits {
  private all: Map<string, ArmedWait> | null = null;
  /** What was told before anybody waited for it. */
  private early: Set<string> | null = null;

  constructor(private readonly pass: WaitingPass) {}

  get empty(): boolean {
    return this.all === null || this.all.size === 0;
  }

  add(name: string, wait: Wait): void {
    this.all ??= new Map();
    this.all.set(name, { ...wait, timer: null });
    wait.body.callWaits();
  }

  /** The same for what is told by `tell`; when it was told already, nothing is waited for. */
  addTold(name: string, wait: Wait): void {
    if (this.early?.delete(name) === true) wait.resume();
    else this.add(name, wait);
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
    const { clock } = this.pass.services;
    const now = clock.now();
    for (const [name, wait] of this.all ?? [])
      if (wait.at !== null)
        wait.timer ??= clock.setTimer(Math.max(0, wait.at - now), () => this.end(name, wait));
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

  /** What opens by a message is named before what an instant ends. */
  get reason(): WaitReason {
    const reasons = this.reasons;
    return (['gate', 'event', 'child', 'retry'] as const).find((reason) => reasons.has(reason)) ?? 'timer';
  }

  /** The kinds of message that end a wait. */
  get wakes(): readonly MessageKind[] {
    const reasons = this.reasons;
    return [
      ...(reasons.has('gate') ? (['granted'] as const) : []),
      ...(reasons.has('event') ? (['event'] as const) : []),
      ...(reasons.has('child') ? (['child'] as const) : []),
    ];
  }

  /** What that wait waits for has come; it may be that nobody waits yet. */
  tell(name: string): void {
    const wait = this.all?.get(name);
    if (wait === undefined) {
      (this.early ??= new Set()).add(name);
      return;
    }
    wait.timer?.cancel();
    this.end(name, wait);
  }

  private get reasons(): ReadonlySet<WaitReason> {
    return new Set([...(this.all?.values() ?? [])].map(({ reason }) => reason));
  }

  private end(name: string, wait: ArmedWait): void {
    if (this.all?.delete(name) !== true) return;
    wait.body.callRuns();
    wait.resume();
    this.pass.scheduleCheck();
  }
}
