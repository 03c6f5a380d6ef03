import type { Checkpoint } from '../../model/checkpoint.js';
import type { DefinitionRef, ExecutionRecord, Timers } from '../../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import type { StoredMessage } from '../../ports/store-write.js';
import { placesWithin } from './checkpoint-place.js';
import { checkpointKindOf, listeningOf, messageKindOf, reasonOf, statusOf } from './codes.js';
import type { DefinitionNumbers, Numbers } from './numbers.js';
import { fromStored, fromStoredOrNull, toStored } from './stored-text.js';

/** Columns of {@link ExecutionRow}; the table is `e`. */
export const executionColumns = `e.n, e.status, e.definition, e.fence, e.committed, e.strikes, e.listening, e.seen, e.priority,
  e.depth, e.attempt, e.turn, e.epoch, e.reason, e.event, e.created_at, e.waited, e.wake_at, e.due_at, e.ended_at, e.lane, e.id,
  e.event_id, e.session, e.timers, e.error, e.input, e.gate, e.batch,
  CASE WHEN e.value_seq IS NULL THEN e.own_value ELSE (SELECT j.value FROM holdfast_journal AS j
    WHERE j.${placesWithin('e.n')} AND j.seq = e.value_seq) END AS value,
  (SELECT g.name FROM holdfast_gate AS g WHERE g.g = e.gate) AS gate_name,
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
  readonly waited: number | null;
  readonly ended_at: number | null;
  readonly attempt: number;
  readonly turn: number;
  readonly epoch: number;
  readonly depth: number;
  readonly reason: number | null;
  readonly lane: string;
  readonly id: string;
  readonly event_id: string | null;
  readonly event: number;
  readonly session: string | null;
  readonly timers: string | null;
  readonly value: string | null;
  readonly error: string | null;
  readonly input: string;
  readonly gate: number | null;
  /** 1: it collects events. */
  readonly batch: number | null;
  readonly gate_name: string | null;
  readonly owner_id: string | null;
}

export function toRecord(row: ExecutionRow, { definitions, events }: Numbers): ExecutionRecord {
  const id = fromStored(row.id) as ExecutionId;
  const definition = definitions.refOf(row.definition);
  const { name, schemaHash } = events.kindOf(row.event);
  return {
    id,
    definition,
    eventId: row.event_id === null ? madeFrom(id) : (fromStored(row.event_id) as EventId),
    eventName: name,
    input: fromStored(row.input),
    schemaHash,
    session: fromStoredOrNull(row.session),
    lane: laneOf(row.lane, definition.id),
    gate: fromStoredOrNull(row.gate_name),
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
    startedAt: row.waited === null ? null : row.created_at + row.waited,
    endedAt: row.ended_at,
  };
}

/** A definition's own lane, as publishers name it. */
const OWN_LANE = 'd:';

/** A definition's own lane is a number; any other is its name, marked where that could pass for one. */
export function storedLane(lane: string, { id }: DefinitionRef, definitions: DefinitionNumbers): string {
  if (lane.length === id.length + OWN_LANE.length && lane.startsWith(OWN_LANE) && lane.endsWith(id))
    return definitions.laneOf(id);
  const stored = toStored(lane);
  return /^[0-9=]/.test(stored) ? `=${stored}` : stored;
}

function laneOf(stored: string, definitionId: string): string {
  if (/^[0-9]/.test(stored)) return OWN_LANE + definitionId;
  return fromStored(stored.startsWith('=') ? stored.slice(1) : stored);
}

/** Null for `<event id>-<which>`, of which {@link madeFrom} makes the event's id again. */
export function storedEventId(eventId: EventId, id: ExecutionId): string | null {
  return id.lastIndexOf('-') === eventId.length && id.startsWith(eventId) ? null : toStored(eventId);
}

function madeFrom(id: ExecutionId): EventId {
  return id.slice(0, id.lastIndexOf('-')) as EventId;
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
  'seq, mark, kind, attempt, turn, epoch, ended_at, took, wake_at, key, path, value, error';

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
  readonly ended_at: number;
  readonly took: number;
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
    startedAt: row.ended_at - row.took,
    endedAt: row.ended_at,
  };
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
