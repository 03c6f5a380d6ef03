import type { Checkpoint } from '../model/checkpoint.js';
import { encodedNameOf, isBuiltIn } from '../model/path.js';
import { ancestorsOf } from './control-path.js';

/**
 * Calls whose bodies may hold permits since an earlier pass, which this one asks for only when it comes to them: those around
 * sleeps, waits, children and retries that were left open. No other body keeps its permit while the execution rests.
 */
export function inheritedPermits(journal: readonly Checkpoint[]): Set<string> {
  const completed = new Set(journal.filter((row) => row.kind === 'completed').map((row) => row.path));
  const around = new Set<string>();
  for (const { kind, path } of journal) {
    if ((kind !== 'timer' && kind !== 'attempt') || completed.has(path)) continue;
    const calls = ancestorsOf(path);
    if (calls.some((call) => completed.has(call))) continue;
    for (const call of calls) if (!isBuiltIn(encodedNameOf(call))) around.add(call);
  }
  return around;
}
