import type { Checkpoint } from '../model/checkpoint.js';
import { childOrdinal } from './checkpoint-key.js';

/** A child execution that a call began. */
export interface BegunChild {
  readonly row: Checkpoint;
  /** Its failure was recorded, or a call around it failed and took it down: the call begins another when it is repeated. */
  readonly isSpent: boolean;
  /** How many children the call has begun. */
  readonly count: number;
}

/** The newest child of each call, by path. */
export class BegunChildren {
  private readonly own = new Map<string, BegunChild>();
  /** Calls whose children of earlier passes are spent. */
  private readonly over: string[] = [];

  constructor(private readonly replay: { child(path: string): BegunChild | null } | null) {}

  of(path: string): BegunChild | null {
    const own = this.own.get(path);
    if (own !== undefined) return own;
    const earlier = this.replay?.child(path) ?? null;
    const isOver = earlier !== null && this.over.some((call) => path.startsWith(`${call}/`));
    return isOver ? { ...earlier, isSpent: true } : earlier;
  }

  began(row: Checkpoint): void {
    this.own.set(row.path, { row, isSpent: false, count: childOrdinal(row.key) + 1 });
  }

  spent(path: string): void {
    const begun = this.of(path);
    if (begun !== null) this.own.set(path, { ...begun, isSpent: true });
  }

  /** Nobody waits any more for those that calls below that one began. */
  givenUp(call: string): void {
    this.over.push(call);
    for (const path of this.own.keys()) if (path.startsWith(`${call}/`)) this.spent(path);
  }
}

/** Rows that note a child. */
export function childRows(rows: readonly Checkpoint[]): readonly Checkpoint[] {
  return rows.filter(({ kind, path, key }) => kind === 'timer' && key.startsWith(`${path}!c`));
}
