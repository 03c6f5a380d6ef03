import type { Checkpoint } from '../../model/checkpoint.js';
import type { ExecutionRecord, Timers } from '../../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import type { StoredMessage } from '../../ports/store.js';
import { checkpointKindOf, listeningOf, messageKindOf, reasonOf, statusOf } from './codes.js';
import type { DefinitionNumbers } from './numbers.js';
import { fromStored, fromStoredOrNull, toStored } from './stored-text.js';

/** Columns of {@link ExecutionRow}; the table is `e`. */
export const executionColumns = `e.n, e.status, e.definition, e.fence, e.committed, e.strikes, e.listening, e.seen, e.priority,
  e.wake_at, e.due_at, e.created_at, e.started_at, e.ended_at, e.attempt, e.turn, e.epoch, e.depth, e.reason, e.lane, e.id,
  e.event_id, e.event_name, e.session, e.schema_hash, e.timers, e.value, e.error, e.input,
  (SELECT p.id FROM holdfast_process AS p WHERE p.n = e.owner) AS owner_id`;

export interface ExecutionRow {
  readonly n: number;
  readonly status: number;
  readonly definition: number;
  readonly fence: number;
  readonly committed: number;
  readonly strikes: number;
  readonly listening: number;
  readonly seen: number;
  readonly priority: number;
  readonly wake_at: number | null;
  readonly due_at: number | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly attempt: number;
  readonly turn: number;
  readonly epoch: number;
  readonly depth: number;
  readonly reason: number | null;
  readonly lane: string;
  readonly id: string;
  readonly event_id: string;
  readonly event_name: string;
  readonly session: string | null;
  readonly schema_hash: string | null;
  readonly timers: string | null;
  readonly value: string | null;
  readonly error: string | null;
  readonly input: string;
  readonly owner_id: string | null;
}

export function toRecord(row: ExecutionRow, definitions: DefinitionNumbers): ExecutionRecord {
  return {
    id: fromStored(row.id) as ExecutionId,
    definition: definitions.refOf(row.definition),
    eventId: fromStored(row.event_id) as EventId,
    eventName: fromStored(row.event_name),
    input: fromStored(row.input),
    schemaHash: fromStoredOrNull(row.schema_hash),
    session: fromStoredOrNull(row.session),
    lane: fromStored(row.lane),
    priority: row.priority,
    depth: row.depth,
    status: statusOf(row.status),
    waitReason: reasonOf(row.reason),
    attempt: row.attempt,
    turn: row.turn,
    epoch: row.epoch,
    timers: toTimers(row.timers),
    listening: listeningOf(row.listening),
    seenInboxSeq: row.seen,
    value: fromStoredOrNull(row.value),
    error: fromStoredOrNull(row.error),
    owner: fromStoredOrNull(row.owner_id) as ProcessId | null,
    fence: row.fence,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

const noTimers: Timers = Object.freeze({});

/** Timer names come from outside: pairs, so that none of them is a property of something else. */
export function fromTimers(timers: Timers): string | null {
  const pairs = Object.entries(timers);
  return pairs.length === 0 ? null : JSON.stringify(pairs);
}

function toTimers(text: string | null): Timers {
  if (text === null) return noTimers;
  const timers: Record<string, number> = {};
  for (const [name, at] of JSON.parse(text) as [string, number][])
    Object.defineProperty(timers, name, { value: at, enumerable: true, configurable: true, writable: true });
  return timers;
}

export const checkpointColumns =
  'turn, epoch, key, seq, path, kind, attempt, mark, wake_at, started_at, ended_at, value, error';

export interface CheckpointRow {
  readonly turn: number;
  readonly epoch: number;
  readonly key: string;
  readonly seq: number;
  readonly path: string | null;
  readonly kind: number;
  readonly attempt: number;
  readonly mark: number;
  readonly wake_at: number | null;
  readonly started_at: number;
  readonly ended_at: number;
  readonly value: string | null;
  readonly error: string | null;
}

export function toCheckpoint(row: CheckpointRow): Checkpoint {
  const key = fromStored(row.key);
  return {
    key,
    path: row.path === null ? key : fromStored(row.path),
    kind: checkpointKindOf(row.kind),
    seq: row.seq,
    turn: row.turn,
    epoch: row.epoch,
    attempt: row.attempt,
    value: fromStoredOrNull(row.value),
    error: fromStoredOrNull(row.error),
    wakeAt: row.wake_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

/** A path is stored only where it is not the key. */
export function storedPath(checkpoint: Checkpoint): string | null {
  return checkpoint.path === checkpoint.key ? null : toStored(checkpoint.path);
}

export interface MessageRow {
  readonly seq: number;
  readonly id: string;
  readonly kind: number;
  readonly body: string | null;
}

export function toMessage(row: MessageRow, to: ExecutionId): StoredMessage {
  return {
    id: fromStored(row.id) as MessageId,
    to,
    kind: messageKindOf(row.kind),
    body: fromStoredOrNull(row.body),
    seq: row.seq,
  };
}
