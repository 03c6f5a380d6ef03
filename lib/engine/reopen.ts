import type { Checkpoint } from '../model/checkpoint.js';
import { namesOf } from '../model/path.js';
import type { StoredMessage } from '../ports/store.js';

/** What the messages of an inbox ask of an execution. */
export type Request =
  | { readonly kind: 'none' }
  | { readonly kind: 'cancel' }
  /** Another epoch: fresh attempts, and `from` with all that was recorded after it runs again. */
  | { readonly kind: 'reopen'; readonly from: string | null };

/** The latest request wins; a cancel is final. */
export function requestOf(inbox: readonly StoredMessage[]): Request {
  let request: Request = { kind: 'none' };
  for (const message of inbox) {
    if (message.kind === 'cancel') return { kind: 'cancel' };
    if (message.kind === 'resume' || message.kind === 'retry')
      request = { kind: 'reopen', from: message.body };
  }
  return request;
}

/** Keys of the rows that `retry({ from })` forgets: the step, what it called, and all that was recorded after it. */
export function rowsFrom(journal: readonly Checkpoint[], handler: string, from: string): readonly string[] {
  const wanted = from === handler || from.startsWith(`${handler}/`) ? from : `${handler}/${from}`;
  const ordered = journal.toSorted((a, b) => a.seq - b.seq);
  const first = ordered.find((row) => namesOf(row.path) === wanted);
  if (first === undefined) return [];
  const below = `${first.path}/`;
  return ordered
    .filter((row) => isResult(row) && (row.seq >= first.seq || row.path.startsWith(below)))
    .map((row) => row.key);
}

function isResult(row: Checkpoint): boolean {
  return row.kind === 'completed' || row.kind === 'timer';
}
