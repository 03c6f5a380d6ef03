import type { Checkpoint } from '../model/checkpoint.js';
import { encodeName } from '../model/path.js';

/** Rows that a turn keeps beside those of its steps have the handler's own path, as failed attempts of it have. */
export function turnPath(method: string): string {
  return encodeName(method);
}

/** Key of what a turn notes of its instance, under that fence. */
export function noteKey(path: string, fence: number): string {
  return `${path}!turn@${fence}`;
}

/** What the last turn of an execution noted; null: nothing. */
export function noteOf(journal: readonly Checkpoint[]): string | null {
  let last: Checkpoint | null = null;
  for (const row of journal)
    if (row.key.includes('!turn@') && (last === null || row.seq > last.seq)) last = row;
  return last?.value ?? null;
}
