import type { Checkpoint } from '../model/checkpoint.js';
import { childOrdinal } from './checkpoint-key.js';

/** A child execution that a call began. */
export interface BegunChild {
  readonly row: Checkpoint;
  /** Its failure was recorded: the call begins another when it is repeated. */
  readonly isSpent: boolean;
  /** How many children the call has begun. */
  readonly count: number;
}

/** The newest child of each call, by path. */
export class BegunChildren {
  private readonly own = new Map<string, BegunChild>();

  constructor(private readonly replay: { child(path: string): BegunChild | null } | null) {}

  of(path: string): BegunChild | null {
    return this.own.get(path) ?? this.replay?.child(path) ?? null;
  }

  began(row: Checkpoint): void {
    this.own.set(row.path, { row, isSpent: false, count: childOrdinal(row.key) + 1 });
  }

  spent(path: string): void {
    const begun = this.of(path);
    if (begun !== null) this.own.set(path, { ...begun, isSpent: true });
  }
}
