import type { MessageKind } from '../../model/execution.js';
import type { ExecutionId } from '../../model/ids.js';
import { collectDueAt } from '../../ports/collect-due-at.js';
import type { CollectedBatch, StoredBatch } from '../../ports/stored-instance.js';
import type { Collect, NewEvent, NewExecution, PublishedExecution } from '../../ports/store-write.js';
import { statusCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import type { ExecutionRows } from './execution-rows.js';
import type { Gates } from './gates.js';
import { fromStored, toStored } from './stored-text.js';

interface BatchRow {
  readonly n: number;
  readonly count: number;
  readonly opened_at: number;
  readonly due_at: number;
  readonly flushed: number;
  readonly open: number;
}

/** An execution that has an event, as a publish answers it. */
interface Holder extends BatchRow {
  readonly id: string;
  readonly created_at: number;
  readonly status: number;
}

/**
 * Executions that collect events: a row for each, and its events in its inbox. While one is open and not yet due, it is
 * `delayed` until `due_at`. Call it inside a write transaction.
 */
export class Batches {
  private readonly selectItem: Statement<Holder>;
  private readonly selectNewest: Statement<Holder>;
  private readonly selectBatch: Statement<BatchRow>;
  private readonly selectLast: Statement<{ seq: number }>;
  private readonly selectLastItem: Statement<{ seq: number }>;
  private readonly mark: Statement<never>;
  private readonly insertBatch: Statement<never>;
  private readonly insertItem: Statement<never>;
  private readonly count: Statement<never>;
  private readonly delay: Statement<never>;
  private readonly closeOpen: Statement<never>;
  private readonly wake: Statement<never>;
  private readonly drop: Statement<never>;

  constructor(
    connection: Connection,
    private readonly rows: ExecutionRows,
    private readonly gates: Gates,
  ) {
    this.selectItem = connection.prepare(selectBatchOfItem);
    this.selectNewest = connection.prepare(selectNewestBatch);
    this.selectBatch = connection.prepare(
      'SELECT n, count, opened_at, due_at, flushed, open FROM holdfast_batch WHERE n = ?',
    );
    this.selectLast = connection.prepare(
      'SELECT seq FROM holdfast_message WHERE n = ? ORDER BY seq DESC LIMIT 1',
    );
    this.selectLastItem = connection.prepare(
      'SELECT seq FROM holdfast_message WHERE n = ? AND kind = 7 ORDER BY seq DESC LIMIT 1',
    );
    this.mark = connection.prepare('UPDATE holdfast_execution SET batch = 1 WHERE n = ?');
    this.insertBatch = connection.prepare(
      'INSERT INTO holdfast_batch (n, name, count, opened_at, due_at, flushed, open) VALUES (?, ?, 0, ?, ?, 0, 1)',
    );
    this.insertItem = connection.prepare(
      'INSERT INTO holdfast_message (n, seq, id, kind, body) VALUES (?, ?, ?, 7, ?)',
    );
    this.count = connection.prepare('UPDATE holdfast_batch SET count = ?, due_at = ?, open = ? WHERE n = ?');
    this.delay = connection.prepare('UPDATE holdfast_execution SET wake_at = ? WHERE n = ?');
    this.closeOpen = connection.prepare('UPDATE holdfast_batch SET open = 0 WHERE n = ? AND open = 1');
    this.wake = connection.prepare(
      'UPDATE holdfast_batch SET flushed = ?, due_at = ? WHERE n = ? AND open = 1 AND due_at > ?',
    );
    this.drop = connection.prepare('DELETE FROM holdfast_batch WHERE n = ?');
  }

  /** Gives the event to the execution that has it, to the open one of its name, or to a new one. */
  collect(
    event: NewEvent,
    eventIndex: number,
    execution: NewExecution,
    collect: Collect,
    now: number,
  ): { readonly answer: PublishedExecution; readonly existed: boolean } {
    const known = this.holder(execution.id);
    if (known !== undefined)
      return {
        answer: answerOf(event, eventIndex, execution, known, known.count, known.due_at),
        existed: true,
      };
    const name = toStored(collect.name);
    const newest = this.selectNewest.get([name]);
    const open = newest?.open === 1 ? newest : this.open(name, event, eventIndex, execution, collect, now);
    const seq = (this.selectLast.get([open.n])?.seq ?? 0) + 1;
    this.insertItem.run([open.n, seq, toStored(execution.id), toStored(collect.item)]);
    const count = open.count + 1;
    const isFull = count >= collect.most;
    // What is due stays due, also when the clock was set back since.
    const isDue = open.due_at <= now || open.status !== statusCode.delayed;
    const dueAt = isDue
      ? open.due_at
      : isFull
        ? now
        : Math.max(now, collectDueAt(collect, open.opened_at, now));
    this.count.run([count, dueAt, isFull ? 0 : 1, open.n]);
    if (!isDue && dueAt > now) this.delay.run([dueAt, open.n]);
    else if (!isDue) this.gates.ready(open.n, now);
    this.rows.madeDue = true;
    return { answer: answerOf(event, eventIndex, execution, open, count, dueAt), existed: false };
  }

  /** The execution that has the event which came with that one. */
  holder(id: ExecutionId): Holder | undefined {
    return this.selectItem.get([toStored(id)]);
  }

  /** The newest of that name. */
  find(name: string): StoredBatch | null {
    const row = this.selectNewest.get([toStored(name)]);
    if (row === undefined) return null;
    const executionId = fromStored(row.id) as ExecutionId;
    return {
      executionId,
      isOpen: row.open === 1,
      count: row.count,
      openedAt: row.opened_at,
      dueAt: row.due_at,
    };
  }

  /** How many events a stored one has, and when it is or was due. */
  sizeOf(n: number): PublishedExecution['batch'] {
    const row = this.selectBatch.get([n]);
    return row === undefined ? undefined : { count: row.count, dueAt: row.due_at };
  }

  /** It is claimed: nothing joins it any more. */
  begin(n: number): CollectedBatch {
    this.closeOpen.run([n]);
    const row = this.selectBatch.get([n]);
    if (row === undefined) throw new RangeError(`the database lost what execution ${n} has collected`);
    const lastSeq = this.selectLastItem.get([n])?.seq ?? 0;
    return { count: row.count, dueAt: row.due_at, flushed: row.flushed === 1, lastSeq };
  }

  /** It got a message: a cancel closes it, and what it listens to makes it due. */
  told(n: number, kind: MessageKind, listens: boolean, now: number): void {
    if (listens) this.wake.run([kind === 'flush' ? 1 : 0, now, n, now]);
    if (kind === 'cancel') this.closeOpen.run([n]);
  }

  /** The execution is removed. */
  forget(n: number): void {
    this.drop.run([n]);
  }

  private open(
    name: string,
    event: NewEvent,
    eventIndex: number,
    execution: NewExecution,
    collect: Collect,
    now: number,
  ): Holder {
    const dueAt = collect.most === 1 ? now : Math.max(now, collectDueAt(collect, now, now));
    const { answer } = this.rows.insert(event, eventIndex, { ...execution, dueAt, owner: null }, now);
    const n = answer.key;
    if (n === null) throw new RangeError(`execution '${execution.id}' got no number`);
    this.mark.run([n]);
    this.insertBatch.run([n, name, now, dueAt]);
    return {
      n,
      id: toStored(execution.id),
      created_at: now,
      status: dueAt > now ? statusCode.delayed : statusCode.pending,
      count: 0,
      opened_at: now,
      due_at: dueAt,
      flushed: 0,
      open: 1,
    };
  }
}

function answerOf(
  event: NewEvent,
  eventIndex: number,
  { definition }: NewExecution,
  { id, n, created_at: createdAt }: Holder,
  count: number,
  dueAt: number,
): PublishedExecution {
  return {
    eventId: event.id,
    eventIndex,
    executionId: fromStored(id) as ExecutionId,
    definition: definition.id,
    key: n,
    createdAt,
    duplicate: false,
    leased: false,
    batch: { count, dueAt },
  };
}

const holder = 'b.n, b.count, b.opened_at, b.due_at, b.flushed, b.open, e.id, e.created_at, e.status';

export const selectBatchOfItem = `
SELECT ${holder} FROM holdfast_message AS m JOIN holdfast_batch AS b ON b.n = m.n
JOIN holdfast_execution AS e ON e.n = m.n WHERE m.id = ? AND m.kind = 7`;

export const selectNewestBatch = `
SELECT ${holder} FROM holdfast_batch AS b JOIN holdfast_execution AS e ON e.n = b.n
WHERE b.name = ? ORDER BY b.n DESC LIMIT 1`;
