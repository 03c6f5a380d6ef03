import type { StruckFault } from '../simulation/struck-fault.js';
import type { JudgedRun } from './judge.js';
import { calmPlan, type RunPlan } from './replay.js';

/** Moments in bodies of one process that are tried for a single crash. */
const MOST_MOMENTS = 12;

/** Looks for a smaller run that breaks the same invariant: fewer faults, fewer events, fewer processes. */
export class Shrinker {
  /** Runs made so far. */
  runs = 0;

  constructor(
    private readonly attempt: (plan: RunPlan) => Promise<JudgedRun>,
    private readonly mostRuns: number,
  ) {}

  /** The smallest that was found; null: the run does not repeat itself. */
  async shrink(failed: JudgedRun): Promise<JudgedRun | null> {
    if (this.mostRuns === 0) return failed;
    const { plan, run } = failed;
    const events = plan.events ?? run.events.map((_, index) => index);
    const repeated = await this.broken({ ...plan, events, faults: [...run.faults] }, failed);
    if (repeated === null) return null;
    let best = repeated;
    const holdsWhenCalm = await this.holdsWhenCalm(best.plan);
    for (let before = -1; before !== sizeOf(best.plan); ) {
      before = sizeOf(best.plan);
      best = await this.fewerProcesses(best);
      best = await this.fewer(best, 'faults');
      if (holdsWhenCalm) best = await this.fewer(best, 'events');
      if ((best.plan.faults?.length ?? 0) > 1) best = (await this.byOneDeath(best)) ?? best;
    }
    return best;
  }

  /** One crash in a body often does what several faults did that cannot be left out one by one. */
  private async byOneDeath(from: JudgedRun): Promise<JudgedRun | null> {
    for (let moment = 1; moment <= MOST_MOMENTS; moment++)
      for (let machine = 1; machine <= from.plan.processes; machine++) {
        const death: StruckFault = { kind: 'dies-in-body', machine: `p${machine}`, at: moment, ms: [] };
        const smaller = await this.broken({ ...from.plan, faults: [death] }, from);
        if (smaller !== null) return smaller;
      }
    return null;
  }

  /** Leaves out parts of a list, halves first, then smaller ones. */
  private async fewer(from: JudgedRun, list: 'faults' | 'events'): Promise<JudgedRun> {
    let best = from;
    let size = best.plan[list]?.length ?? 0;
    while (size >= 1 && this.runs < this.mostRuns) {
      let at = 0;
      while (at < (best.plan[list]?.length ?? 0) && this.runs < this.mostRuns) {
        const all: readonly unknown[] = best.plan[list] ?? [];
        const left = [...all.slice(0, at), ...all.slice(at + size)];
        const smaller =
          list === 'events' && left.length === 0
            ? null
            : await this.broken({ ...best.plan, [list]: left }, best);
        const isSmaller = smaller !== null && (list === 'faults' || (await this.holdsWhenCalm(smaller.plan)));
        if (isSmaller) best = smaller;
        else at += size;
      }
      size = size === 1 ? 0 : Math.ceil(size / 2);
    }
    return best;
  }

  private async fewerProcesses(from: JudgedRun): Promise<JudgedRun> {
    for (let processes = 1; processes < from.plan.processes; processes++) {
      const smaller = await this.broken({ ...from.plan, processes }, from);
      if (smaller !== null) return smaller;
    }
    return from;
  }

  /** Otherwise the check is about events that were left out, and what it says now is another thing. */
  private async holdsWhenCalm(plan: RunPlan): Promise<boolean> {
    this.runs++;
    return (await this.attempt(calmPlan(plan))).violation === null;
  }

  /** The run of that plan, when it breaks the same. */
  private async broken(plan: RunPlan, known: JudgedRun): Promise<JudgedRun | null> {
    if (this.runs >= this.mostRuns) return null;
    this.runs++;
    const judged = await this.attempt(plan);
    return judged.violation?.invariant === known.violation?.invariant ? judged : null;
  }
}

function sizeOf({ events, processes, faults }: RunPlan): number {
  return (events?.length ?? 0) + processes + (faults?.length ?? 0);
}
