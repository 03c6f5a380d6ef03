/** What sets its timer when it is told. */
export interface LateTimer {
  /** Its index among those that wait to be told; -1: it does not. */
  index: number;
  arm(): void;
}

/** From here on a timer is worth the wait for the end of the turn: most of those that bound a step are needed no more by then. */
const ARMED_LATER_FROM_MS = 1_000;

/** Arms long timers when the turn of the event loop ends, unless they were taken out before: a turn may begin tens of thousands. */
export class LateTimers {
  private unarmed: LateTimer[] = [];
  private isTurnAwaited = false;

  /** `soon` calls in a later turn. */
  constructor(private readonly soon: (callback: () => void) => void) {}

  add(timer: LateTimer, delayMs: number): void {
    if (delayMs < ARMED_LATER_FROM_MS) {
      timer.arm();
      return;
    }
    timer.index = this.unarmed.push(timer) - 1;
    if (this.isTurnAwaited) return;
    this.isTurnAwaited = true;
    this.soon(this.armAll);
  }

  /** Does nothing with one that does not wait. The last one takes its index. */
  remove(timer: LateTimer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.unarmed.pop();
    if (last === undefined || last === timer) return;
    this.unarmed[index] = last;
    last.index = index;
  }

  private readonly armAll = (): void => {
    const timers = this.unarmed;
    this.unarmed = [];
    this.isTurnAwaited = false;
    for (const timer of timers) {
      timer.index = -1;
      timer.arm();
    }
  };
}
