import type { Checkpoint } from '../../model/checkpoint.js';
import type {
  ExecutionRecord,
  ExecutionStatus,
  MessageKind,
  Timers,
  WaitReason,
} from '../../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import type { ClaimedExecution } from '../../ports/store.js';
import type { StoredMessage } from '../../ports/store-write.js';
import { checkpointFromText } from './checkpoint-text.js';
import { listOf, type Listed } from './list-of.js';
import { fromStored, fromStoredOrNull } from './stored-text.js';

/** A record as scripts answer it. */
export interface RecordWire {
  readonly n: number;
  readonly id: string;
  readonly d: string;
  readonly f: string;
  readonly ev: string;
  readonly en: string;
  readonly i: string;
  readonly sh?: string;
  readonly ss?: string;
  readonly ln: string;
  readonly g?: string;
  readonly pr: number;
  readonly dp: number;
  readonly st: ExecutionStatus;
  readonly wr?: WaitReason;
  readonly at: number;
  readonly tu: number;
  readonly ep: number;
  readonly ti?: Timers;
  readonly ls: string;
  readonly se: number;
  readonly va?: string;
  readonly er?: string;
  readonly ow?: string;
  readonly fe: number;
  readonly ca: number;
  readonly sa?: number;
  readonly ea?: number;
}

/** A claimed execution as the script `claim` answers it. */
export interface ClaimedWire {
  readonly r: RecordWire;
  readonly j?: Listed<string>;
  readonly m?: Listed<string>;
  readonly b?: { readonly c: number; readonly du: number; readonly fl?: boolean; readonly ls: number };
  readonly sk: number;
  readonly ds: number;
}

export function decodeClaimed({ r, j, m, b, sk, ds }: ClaimedWire, owner: ProcessId): ClaimedExecution {
  const record = decodeRecord(r);
  return {
    lease: { executionId: record.id, key: r.n, owner, fence: r.fe },
    record,
    journal: decodeJournal(j),
    inbox: decodeInbox(m, record.id),
    ...(b === undefined ? {} : { batch: { count: b.c, dueAt: b.du, flushed: b.fl === true, lastSeq: b.ls } }),
    strikes: sk,
    dueSince: ds,
  };
}

export function decodeRecord(wire: RecordWire): ExecutionRecord {
  return {
    id: fromStored(wire.id) as ExecutionId,
    definition: { id: fromStored(wire.d), fingerprint: fromStored(wire.f) },
    eventId: fromStored(wire.ev) as EventId,
    eventName: fromStored(wire.en),
    input: fromStored(wire.i),
    schemaHash: fromStoredOrNull(wire.sh),
    session: fromStoredOrNull(wire.ss),
    lane: fromStored(wire.ln),
    gate: fromStoredOrNull(wire.g),
    priority: wire.pr,
    depth: wire.dp,
    status: wire.st,
    waitReason: wire.wr ?? null,
    attempt: wire.at,
    turn: wire.tu,
    epoch: wire.ep,
    timers: wire.ti === undefined ? noTimers : timers(wire.ti),
    listening: wire.ls === '' ? [] : (wire.ls.split(',') as MessageKind[]),
    seenInboxSeq: wire.se,
    value: fromStoredOrNull(wire.va),
    error: fromStoredOrNull(wire.er),
    owner: fromStoredOrNull(wire.ow) as ProcessId | null,
    fence: wire.fe,
    createdAt: wire.ca,
    startedAt: wire.sa ?? null,
    endedAt: wire.ea ?? null,
  };
}

/** Rows in the order in which they settled; the server answers them in none. */
export function decodeJournal(rows: Listed<string> | undefined): readonly Checkpoint[] {
  return listOf(rows)
    .map(checkpointFromText)
    .sort((a, b) => a.seq - b.seq);
}

export function decodeInbox(messages: Listed<string> | undefined, to: ExecutionId): readonly StoredMessage[] {
  return listOf(messages).map((text) => {
    const [seq, id, kind, body] = JSON.parse(text) as [number, string, MessageKind, string?];
    return { id: fromStored(id) as MessageId, to, kind, body: fromStoredOrNull(body), seq };
  });
}

const noTimers: Timers = Object.freeze({});

function timers(wire: Timers): Timers {
  return Object.fromEntries(Object.entries(wire).map(([name, at]) => [fromStored(name), at]));
}
