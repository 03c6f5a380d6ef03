import type {
  ExecutionRecord,
  ExecutionStatus,
  MessageKind,
  Timers,
  WaitReason,
} from '../../model/execution.js';
import type { EventId, ProcessId } from '../../model/ids.js';
import type { ProcessRecord } from '../../ports/store.js';
import type { Mail, NewExecution } from '../../ports/store-write.js';
import type { Batch } from './batch.js';
import { Chain, type Linked } from './chain.js';
import { Heap, type Heaped } from './heap.js';
import type { Inbox } from './inbox.js';
import { Journal } from './journal.js';

const news: readonly MessageKind[] = ['granted', 'event', 'child'];
const cancels: readonly MessageKind[] = ['cancel'];

export const noTimers: Timers = Object.freeze({});

/** Turn and epoch of a new execution. */
const FIRST_TURN = 0;
const FIRST_EPOCH = 0;

const noJournal = new Journal();

/** One execution as the store holds it: the record, journal and inbox, and its place in the one index it is in. */
export class Entry implements Heaped, Linked<Entry> {
  /** Which index holds it: ready, waiting for `wakesAt`, in its owner's running set, ended, in its gate's queue, or none. */
  place: 'ready' | 'timer' | 'running' | 'ended' | 'queued' | 'none' = 'none';
  heapIndex = -1;
  previous: Entry | null = null;
  next: Entry | null = null;
  /** Its neighbours in order of creation, and the next one in its slot of the table of all. */
  older: Entry | null = null;
  newer: Entry | null = null;
  nextInSlot: Entry | null = null;

  status: ExecutionStatus = 'pending';
  waitReason: WaitReason | null = null;
  attempt = 1;
  turn = FIRST_TURN;
  epoch = FIRST_EPOCH;
  timers: Timers = noTimers;
  listening: readonly MessageKind[];
  seenInboxSeq = 0;
  value: string | null = null;
  error: string | null = null;
  owner: ProcessEntry | null = null;
  fence = 0;
  startedAt: number | null = null;
  endedAt: number | null = null;
  journal = new Journal();
  inbox: Inbox | null = null;
  gate: GateEntry | null = null;
  /** Its place in its gate; null: it rests, or a cancel let it past. */
  admission: Place | null = null;
  /** By holder; null: none. */
  permits: Map<string, Place> | null = null;
  /** By holder; null: none. */
  waits: Map<string, EventWait> | null = null;
  /** What it collects or has collected; null: it does not. */
  batch: Batch | null = null;
  /** Letters that waits of older turns have got, as long as they are in their mailboxes: number and mailbox. */
  spent: Map<number, string> | null = null;
  /** Who waits for it, and where; null: nobody. */
  parent: { readonly entry: Entry; readonly holder: string } | null = null;
  children: Set<Entry> | null = null;

  /** When it becomes due, while it waits for an instant. */
  wakesAt = 0;
  /** Since when it is due, while it is ready. */
  dueSince: number;
  /** Claims since the last accepted commit, but for those that were only handed back. */
  strikes = 0;
  /** The last applied delta. */
  lastFence = 0;
  lastCommitNo = 0;

  /** The execution of its session that it comes from, by key: that published it, or the one before that. Null: it is that one. */
  root: number | null = null;

  readonly id: NewExecution['id'];
  input: string;
  schemaHash: string | null;
  readonly lane: string;
  readonly priority: number;
  readonly depth: number;

  constructor(
    readonly key: number,
    execution: Pick<
      NewExecution,
      'id' | 'input' | 'schemaHash' | 'lane' | 'priority' | 'depth' | 'listening'
    >,
    public work: DefinitionWork,
    readonly eventId: EventId,
    public eventName: string,
    readonly session: string | null,
    readonly createdAt: number,
  ) {
    this.id = execution.id;
    this.input = execution.input;
    this.schemaHash = execution.schemaHash;
    this.lane = execution.lane;
    this.priority = execution.priority;
    this.depth = execution.depth;
    this.listening = execution.listening;
    this.dueSince = createdAt;
  }

  /** Lets go of what it holds once it is removed: the garbage collector keeps what a `Map` held when it was last resized. */
  empty(): void {
    this.journal = noJournal;
    this.inbox = null;
    this.input = '';
    this.value = null;
    this.error = null;
    this.spent = null;
  }

  /** A message that it listens to is there and unseen. */
  get isWoken(): boolean {
    return this.inbox?.wakes(this.listening, this.seenInboxSeq) ?? false;
  }

  /** While it runs: there is a message that its process must know of. */
  get isSignalled(): boolean {
    return this.isWoken || (this.inbox?.wakes(news, this.seenInboxSeq) ?? false);
  }

  /** A cancel message waits to be served. */
  get isCancelled(): boolean {
    return this.listening.includes('cancel') && (this.inbox?.wakes(cancels, this.seenInboxSeq) ?? false);
  }

  toRecord(): ExecutionRecord {
    return {
      id: this.id,
      definition: { id: this.work.id, fingerprint: this.work.fingerprint },
      eventId: this.eventId,
      eventName: this.eventName,
      input: this.input,
      schemaHash: this.schemaHash,
      session: this.session,
      lane: this.lane,
      gate: this.gate === null ? null : this.gate.name,
      priority: this.priority,
      depth: this.depth,
      status: this.status,
      waitReason: this.waitReason,
      attempt: this.attempt,
      turn: this.turn,
      epoch: this.epoch,
      timers: { ...this.timers },
      listening: [...this.listening],
      seenInboxSeq: this.seenInboxSeq,
      value: this.value,
      error: this.error,
      owner: this.owner === null ? null : this.owner.id,
      fence: this.fence,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      endedAt: this.endedAt,
    };
  }
}

const byWake = (a: Entry, b: Entry): number => a.wakesAt - b.wakesAt || a.key - b.key;
const byTurn = (a: Place, b: Place): number => b.priority - a.priority || a.number - b.number;
export const byRank = (a: Entry, b: Entry): number => b.priority - a.priority || a.key - b.key;

/** What waits of one (definition, fingerprint). */
export class DefinitionWork {
  readonly timers = new Heap<Entry>(byWake);
  /** Lanes with ready work; the one to serve next is first. */
  readonly lanes = new Chain<LaneQueue>();
  /** Executions stored, and those of them that have not ended. */
  stored = 0;
  open = 0;

  constructor(
    readonly id: string,
    readonly fingerprint: string,
  ) {}
}

export interface Lane {
  readonly name: string;
  readonly queues: Map<DefinitionWork, LaneQueue>;
}

/** Ready executions of one definition in one lane. */
export class LaneQueue implements Linked<LaneQueue> {
  previous: LaneQueue | null = null;
  next: LaneQueue | null = null;
  readonly ready = new Heap<Entry>(byRank);

  constructor(
    readonly lane: Lane,
    readonly work: DefinitionWork,
    /** Its place in the rotation: the smallest is served next. */
    public turn: number,
  ) {}
}

/** At most `limit` places are taken; the rest queue. */
export class GateEntry {
  /** Places taken: of an execution gate that is `untilEnd`, also those of executions that wait. */
  readonly inside = new Set<Place>();
  untilEnd = false;
  /** Executions behind it, or places of permits; without any it is forgotten. */
  users = 0;
  readonly queue = new Heap<Place>(byTurn);

  constructor(
    readonly name: string,
    public limit: number,
  ) {}

  get taken(): number {
    return this.inside.size;
  }
}

/** The place of an execution, or of a holder of it, in a gate. */
export class Place implements Heaped {
  heapIndex = -1;
  /** In the gate; else in its queue. */
  taken = false;
  /** Of the message that told the holder; 0: it did not queue. */
  grantedSeq = 0;

  constructor(
    readonly gate: GateEntry,
    readonly entry: Entry,
    /** Null: the execution itself. */
    readonly holder: string | null,
    readonly number: number,
  ) {}

  get priority(): number {
    return this.holder === null ? this.entry.priority : 0;
  }
}

/** What a wait got: it stays when its mailbox has forgotten it. */
export type Got = Mail & { readonly number: number };

/** One wait of an execution for an event. */
export class EventWait {
  got: Got | null = null;

  constructor(
    /** Names its message; never used again. */
    readonly number: number,
    readonly entry: Entry,
    readonly holder: string,
    /** The mailbox. */
    readonly box: string,
    public until: number | null,
    /** An event that is not meant. */
    readonly except: EventId | null,
  ) {}
}

/** One process: its lease, and what it runs by definition. */
export class ProcessEntry {
  /** Null for an owner that never registered: its lease counts as expired. */
  record: ProcessRecord | null = null;
  leaseUntil = 0;
  readonly running = new Map<DefinitionWork, Chain<Entry>>();
  runningCount = 0;

  constructor(readonly id: ProcessId) {}

  isLive(now: number): boolean {
    return this.record !== null && this.leaseUntil > now;
  }
}
