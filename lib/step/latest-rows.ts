import type { Checkpoint } from '../model/checkpoint.js';
import { isControlPath } from './control-path.js';

/** The row that tells how each call stands, in the order in which calls ended. */
export function latestRows(journal: readonly Checkpoint[]): readonly Checkpoint[] {
  const latest = new Map<string, Checkpoint>();
  for (const row of journal) {
    // A failed attempt of the handler itself, or what else it recorded: no step.
    if (!row.path.includes('/') || isControlPath(row.path)) continue;
    const known = latest.get(row.path);
    if (known === undefined || rank(row) >= rank(known)) latest.set(row.path, row);
  }
  return [...latest.values()].sort((a, b) => a.seq - b.seq);
}

/** Results win over attempts, later epochs over earlier ones. */
function rank({ kind, epoch, seq }: Checkpoint): number {
  return (kind === 'completed' ? 1e15 : 0) + epoch * 1e9 + (kind === 'failed' ? 5e8 : 0) + Math.min(seq, 4e8);
}
