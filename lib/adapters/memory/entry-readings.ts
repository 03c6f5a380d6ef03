import { partsOfDefinition } from '../../model/definition.js';
import type { DefinitionRef, ExecutionStatus } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import type { ExecutionCount, ExecutionFilter, OwnExecution, ProcessRecord } from '../../ports/store.js';
import type { Entry } from './entry.js';

/** Counts by definition and status. */
export function countsOf(entries: Iterable<Entry>): readonly ExecutionCount[] {
  const byDefinition = new Map<string, Map<ExecutionStatus, number>>();
  for (const { work, status } of entries) {
    let byStatus = byDefinition.get(work.id);
    if (byStatus === undefined) byDefinition.set(work.id, (byStatus = new Map()));
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }
  return Array.from(byDefinition, ([definition, byStatus]) =>
    Array.from(byStatus, ([status, count]) => ({ definition, status, count })),
  ).flat();
}

/** What a chain runs, each with its fence. */
export function ownOf(first: Entry | null): OwnExecution[] {
  const own: OwnExecution[] = [];
  for (let entry = first; entry !== null; entry = entry.next) own.push({ id: entry.id, fence: entry.fence });
  return own;
}

/** Those that something is open of, and those of processes, each once. */
export function definitionsOf(
  works: Iterable<DefinitionRef & { readonly open: number }>,
  processes: readonly ProcessRecord[],
): DefinitionRef[] {
  const found = new Map<string, DefinitionRef>();
  const add = ({ id, fingerprint }: DefinitionRef) =>
    found.set(JSON.stringify([id, fingerprint]), { id, fingerprint });
  for (const work of works) if (work.open > 0) add(work);
  for (const process of processes) process.definitions.forEach(add);
  return [...found.values()];
}

/** Those that their process must know messages of. */
export function signalsOf(running: Iterable<{ readonly first: Entry | null }>): ExecutionId[] {
  const signalled: ExecutionId[] = [];
  for (const chain of running) {
    for (let entry = chain.first; entry !== null; entry = entry.next) {
      if (entry.isSignalled) signalled.push(entry.id);
    }
  }
  return signalled;
}

/** Whether the filter selects it. */
export function matches(entry: Entry, { status, worker, session, event }: ExecutionFilter): boolean {
  if (status !== undefined && entry.status !== status) return false;
  if (session !== undefined && entry.session !== session) return false;
  if (event !== undefined && entry.eventName !== event) return false;
  return worker === undefined || partsOfDefinition(entry.work.id).worker === worker;
}
