import type { Checkpoint } from '../model/checkpoint.js';
import { attemptKey, failureKey } from './checkpoint-key.js';

/**
 * At-most-once bodies of this epoch that have begun and of which nobody knows how they ended: they never begin again,
 * not even when the step or handler around them is tried anew.
 */
export class BegunBodies {
  private readonly unknown = new Set<string>();

  /** `wasInterrupted` tells whether a recorded failure is that of a body that was cut off. */
  constructor(
    journal: readonly Checkpoint[],
    epoch: number,
    wasInterrupted: (failed: Checkpoint) => boolean,
  ) {
    const marks = journal.filter((row) => row.kind === 'started' && row.epoch === epoch);
    if (marks.length === 0) return;
    const rows = new Map(journal.filter((row) => row.epoch === epoch).map((row) => [row.key, row]));
    for (const { key, path, attempt } of marks) {
      const scope = key.slice(path.length + 1, key.lastIndexOf('@'));
      const failed = rows.get(failureKey(path, scope));
      const isKnown =
        rows.has(path) ||
        rows.has(attemptKey(path, scope, attempt)) ||
        (failed !== undefined && failed.attempt === attempt && !wasInterrupted(failed));
      if (!isKnown) this.unknown.add(path);
    }
  }

  has(path: string): boolean {
    return this.unknown.has(path);
  }

  began(path: string): void {
    this.unknown.add(path);
  }

  ended(path: string): void {
    this.unknown.delete(path);
  }
}
