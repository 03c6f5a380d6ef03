import type { Cancel } from '../model/cancel-reason.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { HandlerDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';
import type { DecodedCopy } from '../ports/codec.js';
import type { Clock } from '../ports/clock.js';
import { openUndo, type Undoing } from '../step/undo-rows.js';
import { RenamedJournal, type Renames } from './renamed-journal.js';
import { askedBy, askedWhileUndoing, forgottenBy } from './reopen.js';
import type { Work } from './work.js';

/** That of an execution that begins. */
const unwritten = new RenamedJournal([], null);

/** How a pass begins, by what was claimed: nothing is run or written yet. */
export interface Opening {
  /** As the pass has it: of the next epoch when a message asked for one. */
  readonly record: ExecutionRecord;
  /** Of the record's input; null: decode that. */
  readonly copy: DecodedCopy | null;
  /** With the present names of steps; what the next epoch forgets is in it. */
  readonly journal: RenamedJournal;
  /** The rows that count in this pass. */
  readonly visible: readonly Checkpoint[];
  /** Keys that the next epoch does not load, as the store has them; null: the epoch stays. */
  readonly forget: readonly string[] | null;
  /** The compensation that has begun: steps are undone in this pass, and nothing else is done. */
  readonly undoing: Undoing | null;
  /** Null: it was not cancelled. */
  readonly cancel: Cancel | null;
  /** When the handler's `@Timeout` ends the execution; null: never. */
  readonly deadlineAt: number | null;
  /** Of the newest message that was claimed with it. */
  readonly seenInboxSeq: number;
}

/** Reads what was claimed. */
export function openingOf(work: Work, handler: HandlerDefinition, renames: Renames, clock: Clock): Opening {
  const { record, inbox, copy = null } = work;
  const journal =
    work.journal.length === 0 && renames === null ? unwritten : new RenamedJournal(work.journal, renames);
  const undoing = openUndo(journal.rows, handler.method);
  const asked = undoing === null ? askedBy(inbox) : askedWhileUndoing(inbox);
  // Collected events are read by themselves: nothing else is in the inbox before the last of them that was not claimed.
  const seenInboxSeq = Math.max(inbox.at(-1)?.seq ?? record.seenInboxSeq, work.batch?.lastSeq ?? 0);
  const cancel = asked.kind === 'cancel' ? asked.cancel : null;
  if (asked.kind !== 'reopen') {
    const deadlineAt = undoing === null ? deadlineOf(handler, record) : null;
    return new PlainOpening(record, copy, journal, undoing, cancel, deadlineAt, seenInboxSeq);
  }
  const from = asked.from === null ? null : journal.present(asked.from);
  const forgotten = new Set(forgottenBy(journal.rows, handler, from));
  const { timeoutMs } = handler;
  return {
    record: { ...record, epoch: record.epoch + 1, attempt: 1 },
    copy,
    journal,
    visible: journal.rows.filter((row) => !forgotten.has(row.key)),
    forget: journal.storedKeys([...forgotten]),
    undoing,
    cancel,
    deadlineAt: undoing === null && timeoutMs !== null ? clock.now() + timeoutMs : null,
    seenInboxSeq,
  };
}

/** Of a pass that stays in the record's epoch. A class for the reason that `freshList` gives. */
class PlainOpening implements Opening {
  readonly visible: readonly Checkpoint[];
  readonly forget = null;

  constructor(
    readonly record: ExecutionRecord,
    readonly copy: DecodedCopy | null,
    readonly journal: RenamedJournal,
    readonly undoing: Undoing | null,
    readonly cancel: Cancel | null,
    readonly deadlineAt: number | null,
    readonly seenInboxSeq: number,
  ) {
    this.visible = journal.rows;
  }
}

/** The one that an earlier pass has set, or that of an execution which begins. */
function deadlineOf({ timeoutMs }: HandlerDefinition, record: ExecutionRecord): number | null {
  if (timeoutMs === null) return null;
  return record.timers['timeout'] ?? (record.startedAt ?? record.createdAt) + timeoutMs;
}
