import type { Checkpoint } from '../../model/checkpoint.js';
import type { ExecutionId } from '../../model/ids.js';
import type { StoredMessage } from '../../ports/store-write.js';
import { fenceOfMark } from './codes.js';
import type { Connection, Statement } from './connection.js';
import {
  checkpointColumns,
  type CheckpointRow,
  type ExecutionRow,
  type MessageRow,
  toCheckpoint,
  toMessage,
} from './execution-row.js';
import { placesOfExecutions } from './checkpoint-place.js';

/** Journals and inboxes by the execution's number. */
export class Journals {
  private readonly selectRows: Statement<CheckpointRow>;
  private readonly selectMessages: Statement<MessageRow>;
  private readonly selectWithItems: Statement<MessageRow>;
  private readonly selectWithoutItems: Statement<MessageRow>;

  constructor(connection: Connection) {
    this.selectRows = connection.prepare(selectJournal);
    this.selectMessages = connection.prepare(
      'SELECT seq, id, kind, body FROM holdfast_message WHERE n = ? AND seq > ? ORDER BY seq LIMIT ?',
    );
    this.selectWithoutItems = connection.prepare(
      'SELECT seq, id, kind, body FROM holdfast_message WHERE n = ? AND seq > ? AND kind <> 7 ORDER BY seq LIMIT ?',
    );
    this.selectWithItems = connection.prepare(
      'SELECT seq, id, kind, body FROM holdfast_message WHERE n = ? AND seq > ? AND (seq > ? OR kind = 7) ORDER BY seq LIMIT ?',
    );
  }

  /** What a pass loads, in the order in which steps settled, and whether some of it was committed under `fence`. */
  load(
    n: number,
    turn: number,
    epoch: number,
    fence: number,
  ): { checkpoints: Checkpoint[]; progressed: boolean } {
    // Nobody has had a lease, without which nothing is committed.
    if (fence === 0) return { checkpoints: [], progressed: false };
    let progressed = false;
    const checkpoints = this.selectRows.all([n, n, turn, epoch]).map((row) => {
      if (fenceOfMark(row.mark) === fence) progressed = true;
      return toCheckpoint(row);
    });
    return { checkpoints: checkpoints.sort((a, b) => a.seq - b.seq), progressed };
  }

  /** Messages after `afterSeq` that were not seen, and items seen or not. */
  inbox(row: ExecutionRow, to: ExecutionId, afterSeq: number, limit: number): StoredMessage[] {
    const { n, seen, batch } = row;
    if (batch === null) return this.messages(n, to, Math.max(afterSeq, seen), limit);
    return this.selectWithItems.all([n, afterSeq, seen, limit]).map((message) => toMessage(message, to));
  }

  /** Messages that were not seen, without items. */
  unseen({ n, seen, batch }: ExecutionRow, to: ExecutionId, limit: number): StoredMessage[] {
    if (batch === null) return this.messages(n, to, seen, limit);
    return this.selectWithoutItems.all([n, seen, limit]).map((message) => toMessage(message, to));
  }

  private messages(n: number, to: ExecutionId, afterSeq: number, limit: number): StoredMessage[] {
    return this.selectMessages.all([n, afterSeq, limit]).map((row) => toMessage(row, to));
  }
}

export const selectJournal = `
SELECT ${checkpointColumns} FROM holdfast_journal
WHERE ${placesOfExecutions} AND turn = ? AND epoch <= ? AND forgotten IS NULL`;
