import type { Checkpoint } from './checkpoint.js';
import { namesIn } from './path.js';

/**
 * Names of the steps of which the journal holds something that a pass of that epoch would use: results, sleeps and skips of
 * any epoch, failed attempts of this one. Names that the engine gave are left out.
 */
export function recordedNames(journal: readonly Checkpoint[], epoch: number): ReadonlySet<string> {
  const names = new Set<string>();
  for (const row of journal)
    if (isUsed(row, epoch)) for (const name of namesIn(row.path).slice(1)) if (name !== null) names.add(name);
  return names;
}

function isUsed({ kind, epoch }: Checkpoint, current: number): boolean {
  return kind === 'completed' || kind === 'timer' || kind === 'skipped' || epoch === current;
}
