import {
  noCallFaults,
  type CallFaults,
  type FaultSource,
  type HintFaults,
  type MomentFaults,
  type Striker,
} from './fault-source.js';
import type { FaultKind, StruckFault } from './struck-fault.js';

/** What goes wrong is a list: nothing else does. */
export class PlannedFaults implements FaultSource {
  private readonly found = new Map<string, StruckFault>();

  constructor(
    private readonly plan: readonly StruckFault[],
    readonly lastsMs: number,
    readonly goneForGood: number,
  ) {
    for (const fault of plan) this.found.set(nameOf(fault.kind, fault.machine, fault.at), fault);
  }

  atCall(machine: string, call: number): CallFaults {
    const has = (kind: FaultKind): boolean => this.find(kind, machine, call) !== null;
    const outcome = (['refused', 'reply-lost', 'late'] as const).find(has) ?? 'answered';
    const dies = has('dies-before') ? 'before' : has('dies-after') ? 'after' : null;
    const [thereMs = 0, backMs = 0] = this.find('slow', machine, call)?.ms ?? [];
    return { ...noCallFaults, outcome, thereMs, backMs, dies };
  }

  atHint(machine: string, hint: number): HintFaults {
    return {
      isLost: this.find('hint-lost', machine, hint) !== null,
      lateMs: this.find('hint-late', machine, hint)?.ms[0] ?? 0,
      doubledMs: this.find('hint-doubled', machine, hint)?.ms[0] ?? null,
    };
  }

  atMoment(machine: string, moment: number): MomentFaults {
    return {
      dies: this.find('dies-in-body', machine, moment) !== null,
      pausesMs: this.find('stands-still', machine, moment)?.ms[0] ?? 0,
    };
  }

  strike(striker: Striker, untilMs: number): void {
    for (const { kind, machine, at, ms } of this.plan) {
      if (kind !== 'crash' && kind !== 'pause' && kind !== 'stop' && kind !== 'clock-step') continue;
      if (at < striker.elapsed() || at >= untilMs) continue;
      striker.after(at - striker.elapsed(), () => {
        if (kind === 'crash') striker.crash(machine);
        else if (kind === 'pause') striker.pause(machine, ms[0] ?? 0);
        else if (kind === 'stop') striker.stop(machine, ms[0] ?? 0);
        else striker.stepClock(ms[0] ?? 0);
      });
    }
  }

  private find(kind: FaultKind, machine: string, at: number): StruckFault | null {
    return this.found.get(nameOf(kind, machine, at)) ?? null;
  }
}

function nameOf(kind: FaultKind, machine: string, at: number): string {
  return `${kind} ${machine} ${at}`;
}
