import type { Checkpoint } from '../model/checkpoint.js';
import { returnPath } from '../step/control-path.js';
import { isPartOfUndo, timersWithin, undoneRows } from '../step/undo-rows.js';
import type { Cancel } from '../model/cancel-reason.js';
import type { DeclaredStep } from '../model/declared-step.js';
import type { HandlerDefinition } from '../model/definition.js';
import { namesOf } from '../model/path.js';
import type { StoredMessage } from '../ports/store-write.js';

/** What the messages of an inbox ask of an execution. */
export type Asked =
  | { readonly kind: 'none' }
  | { readonly kind: 'cancel'; readonly cancel: Cancel }
  /** Another epoch: fresh attempts, and `from` with all that was recorded after it runs again. */
  | { readonly kind: 'reopen'; readonly from: string | null };

const nothing: Asked = Object.freeze({ kind: 'none' });

/** The latest message wins; a cancel is final, and one that says why tells more. */
export function askedBy(inbox: readonly StoredMessage[]): Asked {
  let asked = nothing;
  for (const message of inbox) {
    if (message.kind === 'cancel') return { kind: 'cancel', cancel: { reason: reasonIn(inbox) } };
    if (message.kind === 'resume' || message.kind === 'retry') asked = { kind: 'reopen', from: message.body };
  }
  return asked;
}

function reasonIn(inbox: readonly StoredMessage[]): string | null {
  return inbox.find(({ kind, body }) => kind === 'cancel' && body !== null)?.body ?? null;
}

/** While steps are undone only a retry of the undo is heeded. */
export function askedWhileUndoing(inbox: readonly StoredMessage[]): Asked {
  const reopens = inbox.some(({ kind }) => kind === 'resume' || kind === 'retry');
  return reopens ? { kind: 'reopen', from: null } : nothing;
}

/** Keys of the rows that the next epoch does not load: what `from` names, and what was undone. */
export function forgottenBy(
  journal: readonly Checkpoint[],
  handler: HandlerDefinition,
  from: string | null,
): readonly string[] {
  const forgotten = new Set(undoneRows(journal, returnPath(handler.method)));
  const again = new Set(from === null ? [] : [from]);
  // A declared step that was undone runs again, and gives another value to what comes after it.
  for (const { name } of handler.declared)
    if (journal.some((row) => forgotten.has(row.key) && namesOf(row.path) === `${handler.method}/${name}`))
      again.add(`${handler.method}/${name}`);
  for (const name of again) for (const key of rowsFrom(journal, handler, name)) forgotten.add(key);
  for (const key of timersWithin(journal, forgotten)) forgotten.add(key);
  return [...forgotten];
}

/**
 * Keys of the rows that `retry({ from })` forgets: the step, what it called, and all that was recorded after it; of a
 * declared step, what the graph has after it. Failures that led to a result go with it: the step had not failed, and keeps
 * its idempotency key.
 */
function rowsFrom(
  journal: readonly Checkpoint[],
  { method, declared }: HandlerDefinition,
  from: string,
): readonly string[] {
  const wanted = from === method || from.startsWith(`${method}/`) ? from : `${method}/${from}`;
  const ordered = journal.toSorted((a, b) => a.seq - b.seq);
  const first = firstThatCounts(ordered.filter((row) => namesOf(row.path) === wanted));
  if (first === undefined) return [];
  const follows = followers(declared, wanted.split('/')[1] ?? '');
  const below = `${first.path}/`;
  const results = ordered.filter(
    (row) =>
      isResult(row) &&
      // What comes before a branch decides whether it is taken: not the branch itself.
      !(row.kind === 'skipped' && row.path === first.path && isBranch(declared, wanted)) &&
      (follows === null
        ? row.seq >= first.seq || row.path.startsWith(below)
        : follows.has(namesOf(row.path).split('/')[1] ?? '')),
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

/** The first by which the step came to its result, or to the failure that is its newest: what it failed with in an earlier epoch is over. */
function firstThatCounts(rows: readonly Checkpoint[]): Checkpoint | undefined {
  const endedIn = new Map(rows.filter(isResult).map(({ path, epoch }) => [path, epoch]));
  const newest = Math.max(...rows.map(({ epoch }) => epoch));
  return (
    rows.find((row) => isResult(row) || endedIn.get(row.path) === row.epoch) ??
    rows.find(({ epoch }) => epoch === newest)
  );
}

/** A declared step with all that comes after it, near or far: what runs beside it stays. Null for a step that code calls. */
function followers(declared: readonly DeclaredStep[], name: string): ReadonlySet<string> | null {
  if (!declared.some((step) => step.name === name)) return null;
  const found = new Set([name]);
  for (const step of declared) if (step.after.some((before) => found.has(before))) found.add(step.name);
  return found;
}

function isBranch(declared: readonly DeclaredStep[], names: string): boolean {
  return declared.some(({ name, when }) => when !== null && name === names.split('/')[1]);
}

function isFailure(row: Checkpoint): boolean {
  return row.kind === 'failed' || row.kind === 'attempt';
}

function isResult(row: Checkpoint): boolean {
  const { kind, path } = row;
  return (kind === 'completed' || kind === 'timer' || kind === 'skipped') && !isPartOfUndo(path);
}
