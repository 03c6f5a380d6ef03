import type { Checkpoint } from '../../model/checkpoint.js';
import type { ExecutionRecord } from '../../model/execution.js';
import type { EventId, ExecutionId, MessageId } from '../../model/ids.js';
import type { ProcessRecord, StoredGraph, Subscription } from '../../ports/store.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';
import type { StoredMessage } from '../../ports/store-write.js';
import { Batch, type BatchState } from './batch.js';
import { DedupRow, type DedupTable } from './dedup-table.js';
import { Entry } from './entry.js';
import type { Executions } from './executions.js';
import {
  type ExecutionPlaces,
  type GateState,
  placesOf,
  putGates,
  putPlaces,
  takeGates,
} from './gate-state.js';
import type { GraphTable } from './graph-table.js';
import { Inbox } from './inbox.js';
import type { InstanceTable } from './instance-table.js';
import { type MailboxState, putMailboxes, takeMailboxes } from './mailbox-state.js';
import { plainCopy } from './plain-copy.js';
import type { Bucket, Rates } from './rates.js';
import type { ScheduleTable } from './schedule-table.js';
import type { SubscriptionTable } from './subscription-table.js';

/** Everything a memory store holds, as plain JSON data. */
export interface MemoryState {
  readonly version: 1;
  readonly lastKey: number;
  readonly executions: readonly MemoryExecution[];
  /** Ids of ended executions, the one that ended first at first. */
  readonly ended: readonly ExecutionId[];
  readonly dedup: readonly MemoryDedup[];
  readonly processes: readonly { readonly record: ProcessRecord; readonly leaseUntil: number }[];
  readonly subscriptions: readonly { readonly subscription: Subscription; readonly heldAt: number }[];
  readonly paused: readonly string[];
  readonly graphs: readonly {
    readonly graph: StoredGraph;
    readonly firstDeclaredAt: number;
    readonly declaredAt: number;
  }[];
  readonly gates: GateState;
  readonly buckets: readonly Pick<Bucket, 'name' | 'state' | 'idleFrom'>[];
  readonly schedules: readonly StoredSchedule[];
  readonly mailboxes: MailboxState;
  readonly instances: readonly StoredInstance[];
}

export interface MemoryExecution {
  readonly key: number;
  readonly record: ExecutionRecord;
  readonly journal: readonly { readonly checkpoint: Checkpoint; readonly forgotten: boolean }[];
  readonly inbox: {
    readonly messages: readonly StoredMessage[];
    readonly items?: readonly StoredMessage[];
    readonly ids: readonly MessageId[];
    readonly lastSeq: number;
  } | null;
  readonly place: Entry['place'];
  readonly wakesAt: number;
  readonly dueSince: number;
  readonly strikes: number;
  readonly lastFence: number;
  readonly lastCommitNo: number;
  readonly places: ExecutionPlaces;
  /** Of what an execution of its session published; absent: null. */
  readonly root?: number | null;
  /** What it collects. */
  readonly batch?: BatchState;
  /** Who waits for it. Absent: nobody. */
  readonly parent?: { readonly id: ExecutionId; readonly holder: string };
  /** Letters that older turns have got. Absent: none. */
  readonly spent?: readonly (readonly [number: number, box: string])[];
}

interface MemoryDedup {
  readonly session: string | null;
  readonly eventId: EventId;
  readonly hash: string;
  readonly until: number;
  readonly createdAt: number;
  readonly executions: readonly { readonly id: ExecutionId; readonly definition: string }[];
  readonly outcomes: readonly ExecutionRecord[];
}

/** The parts of a memory store that its state describes. */
export interface MemoryParts {
  readonly executions: Executions;
  readonly dedup: DedupTable;
  readonly subscriptions: SubscriptionTable;
  readonly paused: Set<string>;
  readonly graphs: GraphTable;
  readonly rates: Rates;
  readonly schedules: ScheduleTable;
  readonly instances: InstanceTable;
}

/** A copy of what the parts hold. */
export function takeState(parts: MemoryParts): MemoryState {
  const { executions, dedup, subscriptions, paused, graphs, rates } = parts;
  const ended: ExecutionId[] = [];
  for (let entry = executions.ended.first; entry !== null; entry = entry.next) ended.push(entry.id);
  return {
    version: 1,
    lastKey: executions.lastKey,
    executions: Array.from(executions.all, executionState),
    ended,
    dedup: Array.from(dedup.all(), ({ session, eventId, hash, until, createdAt, executions, outcomes }) =>
      plainCopy({ session, eventId, hash, until, createdAt, executions, outcomes }),
    ),
    processes: Array.from(executions.processes.all()).flatMap(({ record, leaseUntil }) =>
      record === null ? [] : [plainCopy({ record, leaseUntil })],
    ),
    subscriptions: plainCopy(subscriptions.all(0)),
    paused: [...paused],
    graphs: plainCopy(graphs.all()),
    gates: takeGates(executions.gates),
    buckets: Array.from(rates.all(), ({ name, state, idleFrom }) => ({ name, state, idleFrom })),
    schedules: parts.schedules.all(),
    mailboxes: takeMailboxes(executions.mailboxes, executions.all),
    instances: plainCopy([...parts.instances.all()]),
  };
}

/** Fills empty parts with a copy of the state. */
export function putState(given: MemoryState, parts: MemoryParts): void {
  const state = plainCopy(given);
  const { executions, dedup, subscriptions, paused, graphs, rates } = parts;
  executions.lastKey = state.lastKey;
  for (const { record, leaseUntil } of state.processes) executions.processes.renew(record, leaseUntil);
  putGates(state.gates, executions.gates);
  // What an earlier version took has none.
  for (const schedule of state.schedules ?? []) parts.schedules.put(schedule);
  for (const instance of state.instances ?? []) parts.instances.put(instance);
  for (const { name, state: rate, idleFrom } of state.buckets) rates.put(name, rate, idleFrom);
  for (const execution of state.executions) putExecution(execution, executions);
  for (const { record, parent: told } of state.executions) {
    const child = executions.all.find(record.id);
    const parent = told === undefined ? undefined : executions.all.find(told.id);
    if (child !== undefined && parent !== undefined)
      executions.families.join(child, parent, told?.holder ?? '');
  }
  putMailboxes(state.mailboxes, executions.mailboxes, executions.all);
  for (const id of state.ended) {
    const entry = executions.all.find(id);
    if (entry !== undefined) executions.end(entry);
  }
  for (const { session, eventId, hash, until, createdAt, executions: first, outcomes } of state.dedup) {
    const row = new DedupRow(session, eventId, hash, until, createdAt, first);
    row.outcomes.push(...outcomes);
    dedup.add(row, 0);
  }
  for (const { subscription, heldAt } of state.subscriptions) subscriptions.add(subscription, heldAt);
  for (const definition of state.paused) paused.add(definition);
  for (const { graph, declaredAt, firstDeclaredAt } of state.graphs)
    graphs.add(graph, declaredAt, firstDeclaredAt);
}

function executionState(entry: Entry): MemoryExecution {
  const { inbox } = entry;
  return {
    key: entry.key,
    record: entry.toRecord(),
    journal: entry.journal.rows.map((row) => ({
      checkpoint: { ...row },
      forgotten: entry.journal.isHidden(row),
    })),
    inbox:
      inbox === null
        ? null
        : plainCopy({
            messages: inbox.messages,
            items: inbox.items,
            ids: [...inbox.ids],
            lastSeq: inbox.lastSeq,
          }),
    place: entry.place,
    wakesAt: entry.wakesAt,
    dueSince: entry.dueSince,
    strikes: entry.strikes,
    lastFence: entry.lastFence,
    lastCommitNo: entry.lastCommitNo,
    places: placesOf(entry),
    root: entry.root,
    ...(entry.batch === null ? {} : { batch: entry.batch.state() }),
    ...(entry.parent === null
      ? null
      : { parent: { id: entry.parent.entry.id, holder: entry.parent.holder } }),
    ...(entry.spent === null ? null : { spent: [...entry.spent] }),
  };
}

function putExecution(state: MemoryExecution, executions: Executions): void {
  const { record } = state;
  const work = executions.work.of(record.definition);
  const entry = new Entry(
    state.key,
    record,
    work,
    record.eventId,
    record.eventName,
    record.session,
    record.createdAt,
  );
  const {
    status,
    waitReason,
    attempt,
    turn,
    epoch,
    timers,
    seenInboxSeq,
    value,
    error,
    fence,
    startedAt,
    endedAt,
  } = record;
  const { wakesAt, dueSince, strikes, lastFence, lastCommitNo, root = null } = state;
  Object.assign(entry, {
    status,
    waitReason,
    attempt,
    turn,
    epoch,
    timers,
    seenInboxSeq,
    value,
    error,
    fence,
    startedAt,
    endedAt,
  });
  Object.assign(entry, { wakesAt, dueSince, strikes, lastFence, lastCommitNo, root });
  if (state.spent !== undefined) entry.spent = new Map(state.spent);
  for (const { checkpoint, forgotten } of state.journal) {
    entry.journal.add([checkpoint]);
    const row = entry.journal.rows.at(-1);
    if (forgotten && row !== undefined) entry.journal.hide(row);
  }
  if (state.inbox !== null) {
    entry.inbox = new Inbox();
    entry.inbox.messages = [...state.inbox.messages];
    entry.inbox.items = [...(state.inbox.items ?? [])];
    entry.inbox.lastSeq = state.inbox.lastSeq;
    for (const id of state.inbox.ids) entry.inbox.ids.add(id);
  }
  executions.store(entry);
  executions.all.know(entry.eventId);
  if (state.batch !== undefined) {
    const { name, openedAt, dueAt, flushed, isOpen, items } = state.batch;
    const batch = Object.assign(new Batch(name, openedAt, dueAt), { flushed, isOpen });
    batch.items.push(...items);
    executions.batches.put(entry, batch);
  }
  putPlaces(state.places, record.gate, entry, executions.gates);
  if (state.place === 'running' && record.owner !== null)
    executions.processes.run(entry, executions.processes.of(record.owner));
  else if (state.place === 'timer') executions.work.schedule(entry);
  else if (state.place === 'ready') executions.work.enqueue(entry);
  else if (state.place === 'queued') entry.place = 'queued';
}
