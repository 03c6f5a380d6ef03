import type { Checkpoint } from '../model/checkpoint.js';
import { namesOf } from '../model/path.js';
import type { StoredMessage } from '../ports/store-write.js';

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

/**
 * Keys of the rows that `retry({ from })` forgets: the step, what it called, and all that was recorded after it. Failures
 * that led to a result go with it: the step had not failed, and keeps its idempotency key.
 */
export function rowsFrom(journal: readonly Checkpoint[], handler: string, from: string): readonly string[] {
  const wanted = from === handler || from.startsWith(`${handler}/`) ? from : `${handler}/${from}`;
  const ordered = journal.toSorted((a, b) => a.seq - b.seq);
  const first = ordered.find((row) => namesOf(row.path) === wanted);
  if (first === undefined) return [];
  const below = `${first.path}/`;
  const results = ordered.filter(
    (row) => isResult(row) && (row.seq >= first.seq || row.path.startsWith(below)),
  );
  const completedIn = new Map(
    results.map(({ kind, path, epoch }) => [path, kind === 'completed' ? epoch : -1]),
  );
  const failures = ordered.filter((row) => isFailure(row) && completedIn.get(row.path) === row.epoch);
  // Keys are forgotten in every epoch: one under which an earlier epoch failed for good stays.
  const failedEarlier = new Set(
    ordered.filter((row) => isFailure(row) && completedIn.get(row.path) !== row.epoch).map((row) => row.key),
  );
  return [...results, ...failures.filter((row) => !failedEarlier.has(row.key))].map((row) => row.key);
}

function isFailure(row: Checkpoint): boolean {
  return row.kind === 'failed' || row.kind === 'attempt';
}

function isResult(row: Checkpoint): boolean {
  return row.kind === 'completed' || row.kind === 'timer';
}
