import type { Checkpoint } from '../model/checkpoint.js';
import { ancestorsOf } from './control-path.js';

interface NestedResult {
  readonly row: Checkpoint;
  isStored: boolean;
  readonly waiting: (() => void)[];
}

/**
 * What nested calls stored in this pass. When the step around them is tried again in the same pass, it calls them again
 * and gets these results: nothing that is stored runs twice.
 */
export class NestedResults {
  private readonly results = new Map<string, NestedResult>();
  private readonly timers = new Map<string, Checkpoint>();
  /** Races that are over: what slept below them, in this pass or an earlier one, counts no more. */
  private readonly over = new Set<string>();

  submitted(row: Checkpoint): void {
    if (row.kind === 'completed') this.results.set(row.path, { row, isStored: false, waiting: [] });
  }

  stored(row: Checkpoint): void {
    const result = this.results.get(row.path);
    if (result === undefined) return;
    result.isStored = true;
    for (const settle of result.waiting.splice(0)) settle();
  }

  /** Nothing was stored: whoever calls it runs it. */
  refused(row: Checkpoint): void {
    this.results.delete(row.path);
  }

  /** Whether the call has a result; `settle` gets it once it is stored. */
  take(path: string, settle: (row: Checkpoint) => void): boolean {
    const result = this.results.get(path);
    if (result === undefined) return false;
    if (result.isStored) settle(result.row);
    else result.waiting.push(() => settle(result.row));
    return true;
  }

  sleepBegan(row: Checkpoint): void {
    this.timers.set(row.path, row);
  }

  /** Undefined: none began in this pass. Null: what began before counts no more. */
  sleep(path: string): Checkpoint | null | undefined {
    return (
      this.timers.get(path) ?? (ancestorsOf(path).some((call) => this.over.has(call)) ? null : undefined)
    );
  }

  /** What sleeps below that call is waited for no more. */
  sleepsOver(call: string): void {
    this.over.add(call);
    for (const path of this.timers.keys()) if (path.startsWith(`${call}/`)) this.timers.delete(path);
  }
}
