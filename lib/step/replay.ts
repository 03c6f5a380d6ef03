import type { Checkpoint } from '../model/checkpoint.js';
import { encodedNameOf } from '../model/path.js';
import type { BegunChild } from './begun-children.js';
import { childOrdinal, failureKey } from './checkpoint-key.js';
import { ancestorsOf, RACE } from './control-path.js';
import { isOfUndo, undoneSteps } from './undo-rows.js';

/** Quiet turns that a settlement waits for an earlier one whose step was not called yet. */
const PATIENCE = 2;

type Reach = 'closed' | 'open' | 'settled';

interface Row {
  readonly checkpoint: Checkpoint;
  readonly parent: string;
  reach: Reach;
  consumed: boolean;
}

/**
 * The journal of earlier passes, as one pass consumes it. Results are matched by path; what is left over when its
 * caller ends, or when another call of that name would run anew, tells that the code changed.
 */
export class Replay {
  private readonly byPath = new Map<string, Row[]>();
  private readonly byParent = new Map<string, Row[]>();
  /** The handler's return value, when it was recorded: what its body called before is history. */
  readonly returned: Checkpoint | null;
  /** Results that were undone, by path. */
  private readonly undone: ReadonlyMap<string, Checkpoint>;
  /** In journal order. */
  private readonly rows: Row[];
  /** Every row before it has settled or can never be called. */
  private head = 0;
  private waitedTurns = 0;
  /** Calls that had begun and have no result: failed attempts, sleeps. Not called again yet. */
  private readonly unfinished = new Set<string>();
  /** A call was made that no earlier pass had begun. */
  private isOvertaken = false;

  constructor(
    journal: readonly Checkpoint[],
    private readonly epoch: number,
    returnPath: string,
  ) {
    this.returned = journal.find((row) => row.path === returnPath) ?? null;
    const returnedAt = this.returned?.seq ?? 0;
    this.undone = undoneSteps(journal);
    this.rows = journal.map((checkpoint) => ({
      checkpoint,
      parent: parentOf(checkpoint.path),
      reach: 'closed',
      consumed: false,
    }));
    const completed = new Set(journal.filter((row) => row.kind === 'completed').map((row) => row.path));
    for (const row of this.rows)
      if (
        completed.has(row.parent) ||
        row.checkpoint.seq <= returnedAt ||
        isOfUndo(row.checkpoint) ||
        (row.checkpoint.kind !== 'completed' && row.checkpoint.kind !== 'failed')
      )
        row.reach = 'settled';
    this.rows.sort((a, b) => a.checkpoint.seq - b.checkpoint.seq);
    const failed = lastOf(journal, (row) => row.epoch === epoch && row.kind === 'failed');
    const tried = lastOf(journal, (row) => row.epoch === epoch && row.kind === 'attempt');
    const isHistory = ({ path, seq }: Checkpoint): boolean =>
      completed.has(path) ||
      (failed.get(path) ?? 0) > seq ||
      ancestorsOf(path).some(
        (call) => completed.has(call) || (failed.get(call) ?? 0) > seq || (tried.get(call) ?? 0) > seq,
      );
    for (const { checkpoint } of this.rows)
      if (
        checkpoint.path.includes('/') &&
        checkpoint.seq > returnedAt &&
        isUnfinished(checkpoint, epoch) &&
        !isHistory(checkpoint)
      )
        this.unfinished.add(checkpoint.path);
    for (const row of this.rows) {
      append(this.byPath, row.checkpoint.path, row);
      append(this.byParent, row.parent, row);
    }
  }

  /** The caller at that path begins: results below it may be asked for. `scope` names the attempt its failures belong to. */
  open(path: string, scope: string): void {
    for (const row of this.byParent.get(path) ?? [])
      if (row.reach === 'closed' && this.isResult(row.checkpoint, scope)) row.reach = 'open';
  }

  /** The caller ended: what was recorded below it does not hold up the others. */
  close(path: string): void {
    for (const row of this.byParent.get(path) ?? []) if (row.reach === 'open') row.reach = 'settled';
  }

  /** The recorded result of the call, or null; marks it consumed. */
  take(path: string, scope: string): Checkpoint | null {
    for (const row of this.byPath.get(path) ?? []) {
      if (!this.isResult(row.checkpoint, scope)) continue;
      row.consumed = true;
      return row.checkpoint;
    }
    return null;
  }

  /** Whether the declared step at that path was not taken. */
  isSkipped(path: string): boolean {
    return this.byPath.get(path)?.some(({ checkpoint }) => checkpoint.kind === 'skipped') ?? false;
  }

  /** Whether the declared step at that path was skipped or taken: what an earlier epoch failed at may be decided anew. */
  isDecided(path: string): boolean {
    return (this.byPath.get(path) ?? []).some(
      ({ checkpoint: { kind, epoch } }) => kind === 'skipped' || kind === 'completed' || epoch === this.epoch,
    );
  }

  /** The failed attempts of the call in this epoch, first to last. */
  attempts(path: string, scope: string): readonly Checkpoint[] {
    const prefix = `${failureKey(path, scope)}#`;
    return (this.byPath.get(path) ?? [])
      .map((row) => row.checkpoint)
      .filter((row) => row.kind === 'attempt' && row.epoch === this.epoch && row.key.startsWith(prefix))
      .sort((a, b) => a.attempt - b.attempt);
  }

  /** The instant that was reserved for a body under that key, or null. */
  reserved(path: string, key: string): number | null {
    for (const { checkpoint } of this.byPath.get(path) ?? [])
      if (checkpoint.key === key && checkpoint.epoch === this.epoch) return checkpoint.wakeAt;
    return null;
  }

  /** When the sleep at that path began and ends; null: it has not begun, or it ended with a race that failed since. */
  timer(path: string): Checkpoint | null {
    let begun: Checkpoint | null = null;
    for (const { checkpoint } of this.byPath.get(path) ?? [])
      if (checkpoint.kind === 'timer') begun = checkpoint;
    const seq = begun?.seq ?? 0;
    const isOver = ancestorsOf(path).some(
      (call) => encodedNameOf(call) === RACE && this.failedAfter(call, seq),
    );
    return isOver ? null : begun;
  }

  /** The newest child that the call began, whether it or a call around it failed for good since, and how many it had; null: none. */
  child(path: string): BegunChild | null {
    let begun: { row: Checkpoint; isSpent: boolean; count: number } | null = null;
    for (const { checkpoint } of this.byPath.get(path) ?? [])
      if (checkpoint.kind === 'timer')
        begun = { row: checkpoint, isSpent: false, count: childOrdinal(checkpoint.key) + 1 };
      else if (checkpoint.kind === 'failed' && begun !== null) begun.isSpent = true;
    const seq = begun?.row.seq ?? 0;
    if (begun !== null && ancestorsOf(path).some((call) => this.failedAfter(call, seq))) begun.isSpent = true;
    return begun;
  }

  /** Whether anything was recorded of the call: it was made before. */
  knows(path: string): boolean {
    return this.byPath.has(path);
  }

  /** In which epoch the call last failed for good or was undone; null: never. Repeated then, it gets a new idempotency key. */
  lastVoidEpoch(path: string): number | null {
    let last: number | null = this.undone.get(path)?.epoch ?? null;
    for (const { checkpoint } of this.byPath.get(path) ?? [])
      if (checkpoint.epoch < this.epoch && isFinalFailure(checkpoint))
        last = Math.max(last ?? 0, checkpoint.epoch);
    return last;
  }

  /** Paths below the parent that were recorded and not called; of one encoded name when given. */
  leftover(parent: string, encodedName?: string): readonly string[] {
    const paths: string[] = [];
    for (const row of this.byParent.get(parent) ?? [])
      if (
        row.reach === 'open' &&
        !row.consumed &&
        (encodedName === undefined || encodedNameOf(row.checkpoint.path) === encodedName)
      )
        paths.push(row.checkpoint.path);
    return paths;
  }

  /** A call begins that has no result. */
  begins(path: string): void {
    if (!this.byPath.has(path)) this.isOvertaken = true;
    this.unfinished.delete(path);
  }

  /** User code has not come yet to where earlier passes had come. */
  get isBehind(): boolean {
    return !this.isOvertaken && (this.unfinished.size > 0 || !this.done);
  }

  settled(checkpoint: Checkpoint): void {
    for (const row of this.byPath.get(checkpoint.path) ?? [])
      if (row.checkpoint === checkpoint) row.reach = 'settled';
    this.waitedTurns = 0;
  }

  /** Everything recorded that can be called has settled. */
  get done(): boolean {
    return this.firstOpen() === null;
  }

  /** Whether a result of that `seq` may settle: nothing earlier is left, or the earlier one does not come. */
  mayPass(seq: number): boolean {
    const first = this.firstOpen();
    if (first === null || first.checkpoint.seq >= seq) return true;
    return ++this.waitedTurns > PATIENCE;
  }

  private failedAfter(path: string, seq: number): boolean {
    return (this.byPath.get(path) ?? []).some(
      ({ checkpoint }) => checkpoint.kind === 'failed' && checkpoint.seq > seq,
    );
  }

  private firstOpen(): Row | null {
    while (this.head < this.rows.length && (this.rows[this.head] as Row).reach === 'settled') this.head++;
    for (let at = this.head; at < this.rows.length; at++) {
      const row = this.rows[at] as Row;
      if (row.reach === 'open') return row;
    }
    return null;
  }

  private isResult({ kind, key, path, epoch }: Checkpoint, scope: string): boolean {
    return (
      kind === 'completed' || (kind === 'failed' && epoch === this.epoch && key === failureKey(path, scope))
    );
  }
}

function isUnfinished({ kind, epoch }: Checkpoint, current: number): boolean {
  return kind === 'timer' || ((kind === 'attempt' || kind === 'started') && epoch === current);
}

/** By path, the `seq` of the last such row. */
function lastOf(
  journal: readonly Checkpoint[],
  isWanted: (row: Checkpoint) => boolean,
): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const row of journal)
    if (isWanted(row) && row.seq > (last.get(row.path) ?? 0)) last.set(row.path, row.seq);
  return last;
}

/** Of an attempt that parked its execution, too: no other was to follow. */
function isFinalFailure({ kind, wakeAt }: Checkpoint): boolean {
  return kind === 'failed' || (kind === 'attempt' && wakeAt === null);
}

function append(index: Map<string, Row[]>, key: string, row: Row): void {
  const rows = index.get(key);
  if (rows === undefined) index.set(key, [row]);
  else rows.push(row);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
