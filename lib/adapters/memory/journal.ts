import type { Checkpoint } from '../../model/checkpoint.js';
import { freshList } from '../../model/fresh-list.js';

/** Below this many rows a scan is faster than an index. */
const SCANNED = 16;

/** The checkpoints of one execution; insert-only within (turn, epoch). */
export class Journal {
  rows: Checkpoint[] = freshList();
  private hidden: Set<Checkpoint> | null = null;
  private index: Set<string> | null = null;

  /** Whether none of the checkpoints has a key that is there already, or twice among them. */
  accepts(checkpoints: readonly Checkpoint[]): boolean {
    for (let i = 0; i < checkpoints.length; i++) {
      const checkpoint = checkpoints[i];
      if (checkpoint === undefined || this.has(checkpoint)) return false;
      for (let j = 0; j < i; j++) {
        const earlier = checkpoints[j];
        if (earlier !== undefined && sameKey(earlier, checkpoint)) return false;
      }
    }
    return true;
  }

  /**
   * Whether a commit of these that others have followed was applied, and not refused: its rows are there, or were until
   * their turn was over.
   */
  wasGiven([first]: readonly Checkpoint[], turn: number): boolean {
    if (first === undefined || first.turn < turn) return true;
    return this.rows.some((row) => sameKey(row, first) && row.seq === first.seq);
  }

  /** Keeps the checkpoints themselves: whoever wrote them changes them no more. */
  add(checkpoints: readonly Checkpoint[]): void {
    for (let at = 0; at < checkpoints.length; at++) {
      const checkpoint = checkpoints[at] as Checkpoint;
      this.rows.push(checkpoint);
      if (this.index !== null) this.index.add(indexKey(checkpoint));
      else if (this.rows.length > SCANNED) this.index = new Set(this.rows.map(indexKey));
    }
  }

  /** Another turn begins. */
  clear(): void {
    this.rows = freshList();
    this.hidden = null;
    this.index = null;
  }

  /** Nothing more is expected: gives back what was held ready for further rows. */
  trim(): void {
    this.rows = this.rows.slice();
    this.index = null;
  }

  /** Hides rows of epochs before `epoch` whose keys are given: they stay stored and are not loaded any more. */
  forget(keys: readonly string[], epoch: number): void {
    if (keys.length === 0) return;
    const forgotten = new Set(keys);
    for (const row of this.rows) if (row.epoch < epoch && forgotten.has(row.key)) this.hide(row);
  }

  hide(row: Checkpoint): void {
    this.hidden ??= new Set();
    this.hidden.add(row);
  }

  isHidden(row: Checkpoint): boolean {
    return this.hidden?.has(row) ?? false;
  }

  /** Copies of what a pass loads, in the order in which steps settled. */
  load(turn: number, epoch: number): Checkpoint[] {
    const loaded: Checkpoint[] = [];
    let sorted = true;
    for (const row of this.rows) {
      if (row.turn !== turn || row.epoch > epoch || this.isHidden(row)) continue;
      const last = loaded.at(-1);
      if (last !== undefined && last.seq > row.seq) sorted = false;
      loaded.push({ ...row });
    }
    return sorted ? loaded : loaded.sort((a, b) => a.seq - b.seq);
  }

  private has(checkpoint: Checkpoint): boolean {
    if (this.index !== null) return this.index.has(indexKey(checkpoint));
    for (const row of this.rows) if (sameKey(row, checkpoint)) return true;
    return false;
  }
}

function sameKey(a: Checkpoint, b: Checkpoint): boolean {
  return a.key === b.key && a.epoch === b.epoch && a.turn === b.turn;
}

function indexKey(checkpoint: Checkpoint): string {
  return `${checkpoint.turn}.${checkpoint.epoch}.${checkpoint.key}`;
}
