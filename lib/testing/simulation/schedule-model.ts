import type { ScheduleState } from '../../maintenance/schedule-state.js';
import type { ScheduleWrite, Verdict } from '../../ports/store-write.js';

/** What must hold of schedules: one writer at a time moves one on, never early, and an instant starts one execution (I9, I10). */
export class ScheduleModel {
  /** Instants that started an execution, by schedule, in the order in which they did. */
  readonly instants = new Map<string, number[]>();
  /** When each was declared first. */
  readonly declaredAt = new Map<string, number>();
  /** How long after its instant an execution was there, at most, by schedule. */
  readonly latestMs = new Map<string, number>();
  private readonly versions = new Map<string, string>();
  private readonly states = new Map<string, ScheduleState>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  /** No further instant of it comes, and none is to be made up for. */
  isOver(id: string): boolean {
    const state = this.states.get(id);
    return state !== undefined && state.nextAt === null && state.bufferedAt === null;
  }

  /**
   * Answers whether its event was accepted. `latestAt`: the latest instant that the store's clock has shown, before it was set back;
   * an instant that was due then stays due.
   */
  written(
    { id, expected, version, state, event }: ScheduleWrite,
    verdict: Verdict,
    now: number,
    latestAt: number,
  ): boolean {
    const stored = this.versions.get(id) ?? null;
    const isKnown = stored === version || (stored === null && state === null);
    const answer = isKnown ? 'already' : stored === expected ? 'ok' : 'rejected';
    if (verdict.verdict !== answer)
      this.violated(
        'I10',
        `schedule ${id} at version ${String(stored)} was ${verdict.verdict}, not ${answer}`,
      );
    if (verdict.verdict !== 'ok') return false;
    if (state === null) this.versions.delete(id);
    else {
      this.versions.set(id, version);
      this.states.set(id, JSON.parse(state) as ScheduleState);
    }
    if (!this.declaredAt.has(id)) this.declaredAt.set(id, now);
    for (const { input } of event?.executions ?? []) this.ticked(id, instantOf(input), now, latestAt);
    return event !== null;
  }

  private ticked(id: string, at: number, now: number, latestAt: number): void {
    const instants = this.instants.get(id) ?? [];
    if (at > latestAt) this.violated('I9', `schedule ${id} ticked ${at - latestAt} ms before its instant`);
    if (instants.includes(at))
      this.violated('I10', `instant ${at} of schedule ${id} started an execution twice`);
    if (at < (instants.at(-1) ?? 0)) this.violated('I10', `schedule ${id} went back to instant ${at}`);
    this.instants.set(id, [...instants, at]);
    this.latestMs.set(id, Math.max(this.latestMs.get(id) ?? 0, now - at));
  }
}

/** Ticks are plain data: their text is JSON. */
function instantOf(input: string): number {
  return (JSON.parse(input) as { readonly scheduledAt: number }).scheduledAt;
}
