import type { Checkpoint } from '../model/checkpoint.js';
import type { DefinitionRef, ExecutionRecord, ExecutionStatus } from '../model/execution.js';
import type { ExecutionId, ProcessId } from '../model/ids.js';
import type { Lease } from '../model/lease.js';
import type { Clock } from './clock.js';
import type { Random } from './random.js';
import type { OpenPage, OpenRequest } from './stored-session.js';
import type { CollectedBatch, StoredBatch, StoredInstance } from './stored-instance.js';
import type { ScheduleRef, StoredSchedule } from './stored-schedule.js';
import type { StoredMessage, Verdict, Write } from './store-write.js';

/**
 * Where executions live: the only truth. Every guarantee below is checked by the published conformance suite
 * (`holdfast/testing`, `describeStore`).
 *
 * - Each `Write` applies whole or not at all, whatever happens to its neighbours in the group.
 * - A rejected promise means "outcome unknown": the caller sends the same writes again, and every write is safe to
 *   repeat (`already`, or the same answer).
 * - Instants are read from the `clock` given to `open`; the store never reads another.
 * - Ids and names come from outside and are opaque: no two distinct ones ever meet, whatever characters they hold.
 */
export interface Store {
  /** Limits of one group; the engine never sends more in one `write`, nor a second before the first is answered. */
  readonly group: { readonly maxWrites: number; readonly maxBytes: number };

  /**
   * How the engine gathers writes of concurrent executions into one `write`: `'macrotask'` waits for the end of the
   * current event-loop turn, `'none'` sends at once (stores in memory). Never a timer.
   */
  readonly gather: 'macrotask' | 'none';

  /**
   * How far the store's own clock is ahead of the one given to `open`, in ms; negative: behind. Apps reckon by the store's, so
   * that all that share it mean the same instant. Left out: the store goes by the clock given to it.
   */
  readonly aheadMs?: number | undefined;

  /** A sentence on what survives what, for logs and benchmarks: `WAL, synchronous=FULL (survives a power cut)`. */
  readonly durability: string;

  /** Connects, migrates and checks. Idempotent until `close`. Several apps may open one store object. */
  open(context: StoreContext): Promise<void>;

  /** Releases what `open` took; after as many calls as `open` had, connections are closed. */
  close(): Promise<void>;

  /** Applies a group; answers one verdict per write, in order. Writes of one group apply in order. */
  write(writes: readonly Write[]): Promise<readonly Verdict[]>;

  /**
   * Takes up to `limit` executions that are due: ready ones round-robin over non-empty lanes (within a lane by
   * priority, then age), due timers, and running ones whose owner's lease has expired. Each claim sets `fence + 1`,
   * `running` and the owner, atomically, and answers record, journal of the current turn and epoch, and inbox in the
   * same round trip. Only executions whose (definition, fingerprint) is in `runnable` and not paused are taken.
   * With `ids`, only those are considered. With `own`, what is due is left alone: what the process still runs at the
   * fence that it names is taken back under a new one, as when a reply was lost and it knows nothing of what it took.
   */
  claim(request: ClaimRequest): Promise<ClaimAnswer>;

  /** The record, or null. Outlives pruning for executions published under an explicit event id (value and error only). */
  read(id: ExecutionId): Promise<ExecutionRecord | null>;

  /** Journal rows of the current turn, in `seq` order: those of epochs not later than the record's and not forgotten by a retry. */
  journal(id: ExecutionId): Promise<readonly Checkpoint[]>;

  /** Messages after `afterSeq` that no commit has seen, and items (see `Collect`) seen or not; oldest first, at most `limit`. */
  inbox(id: ExecutionId, afterSeq: number, limit: number): Promise<readonly StoredMessage[]>;

  /** Executions in order of creation, oldest first; `after` is the last id of the page before. */
  list(filter: ExecutionFilter): Promise<readonly ExecutionRecord[]>;

  /** Counts by definition and status, of everything stored, or of one session. */
  counts(session?: string): Promise<readonly ExecutionCount[]>;

  /**
   * Sessions that have open executions (parked ones are open), at most `limit`, in an order of the store's own, the same in
   * each page; `after` is the last of the page before. Costs what is open, whatever has ended.
   */
  openSessions(after: string | null, limit: number): Promise<readonly string[]>;

  /** One page of the open executions of a session. Costs what is open in it, whatever else is stored. */
  openOf(request: OpenRequest): Promise<OpenPage>;

  /**
   * Registers the process or renews its lease: until `leaseMs` from now, by the store's clock, nobody takes what it
   * owns. Answers which of its running executions have unseen messages of a kind they listen to, and what is declared,
   * unless that is what it was at the mark `known`.
   */
  heartbeat(process: ProcessRecord, leaseMs: number, known?: string): Promise<HeartbeatAnswer>;

  /** Ends the process's lease at once; what it still owns is due. */
  leave(id: ProcessId): Promise<void>;

  /** Running executions of the process that have unseen messages of a kind they listen to. */
  signals(owner: ProcessId): Promise<readonly ExecutionId[]>;

  /** Processes whose lease has not expired, and the definitions they declared. */
  processes(): Promise<readonly ProcessRecord[]>;

  /** Every (definition, fingerprint) that some open execution or live process has. */
  definitions(): Promise<readonly DefinitionRef[]>;

  /**
   * Adds or refreshes subscriptions; the same (event, definition) replaces the older. What was not there before is a
   * change that other processes are told of.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;

  /** Every subscription that some process has held within the last 7 days. */
  subscriptions(): Promise<readonly Subscription[]>;

  /**
   * Keeps graphs of workers, the same (worker, fingerprint) once. One that no live process declares and no open execution
   * began or went on with may be dropped by `prune`, 7 days after it was last declared.
   */
  declareGraphs(graphs: readonly StoredGraph[]): Promise<void>;

  /** The graphs of a worker that are kept, and when each was declared. */
  graphs(worker: string): Promise<readonly KeptGraph[]>;

  /** Pauses or resumes definitions for every process: a paused one is not claimed. Running passes go on. */
  setPaused(definitions: readonly string[], paused: boolean): Promise<void>;

  /** The definitions that are paused. */
  paused(): Promise<readonly string[]>;

  /** Every schedule, as it was last written. */
  schedules(): Promise<readonly StoredSchedule[]>;

  /** The instance as it was last written; null: there is none. */
  instance(id: string): Promise<StoredInstance | null>;

  /** The newest execution that is stored of those that collect or have collected under that name; null: there is none. */
  batch(name: string): Promise<StoredBatch | null>;

  /**
   * Removes ended executions, expired dedup rows and mail, and idle rates, at most `limit`; never what is open or parked, nor
   * a child whose parent is.
   */
  prune(request: PruneRequest): Promise<PruneAnswer>;

  /**
   * Calls the listener when another process may have changed something: work became due, an execution ended, a message
   * came, a handler subscribed. Calls it, too, when a write of this very process let an execution through a gate, granted
   * a permit, had an event for one that waits, or told a parent or child, of which no verdict tells. A hint: it may come
   * late, twice, or without cause. Returns its removal.
   */
  onChange(listener: (change: Change) => void): () => void;
}

/** What a store needs from the process it runs in. */
export interface StoreContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Called with a sentence for the operator, at most once per cause (for example a SQLite version with a known bug). */
  readonly warn: (message: string) => void;
}

/** What may have changed since the listener was last called, as far as the store can tell. */
export interface Change {
  /** Executions that other processes have settled (ended, or parked), none left out; `'unknown'`: any may be. */
  readonly settled: readonly ExecutionId[] | 'unknown';
  /** Subscriptions, pauses or schedules may be others now. */
  readonly declared: boolean;
  /**
   * True: nobody got a message, and of all that became due whoever wrote it sends a hint. Absent: something may be due, or have a
   * message, that no hint tells of.
   */
  readonly hinted?: boolean;
  /** True: nothing became due, or will at a new instant, and nobody got a message: what has settled is all. Absent: something may have. */
  readonly settledOnly?: boolean;
}

/** Who takes, what it can run, and how many. */
export interface ClaimRequest {
  readonly owner: ProcessId;
  readonly runnable: readonly DefinitionRef[];
  /**
   * Executions to take at most. 0: none is taken and no fence moves; `more` says whether something is due that this request could
   * run, for whoever has no slot free and wants to know.
   */
  readonly limit: number;
  readonly ids?: readonly ExecutionId[];
  /**
   * Not together with `ids`. One that is at another fence by now is left alone: this request came too late. What is not in `runnable`
   * any more is taken back all the same, for its process to hand it back: nobody else may take it while that lives.
   */
  readonly own?: readonly OwnExecution[];
}

/** A running execution of a process, and the fence under which that process took it last. */
export interface OwnExecution {
  readonly id: ExecutionId;
  readonly fence: number;
}

/** What was taken, and when to look again. */
export interface ClaimAnswer {
  readonly claimed: readonly ClaimedExecution[];
  /** The next instant at which something this request matches may become due: a timer or a lease expiry; null: none known. */
  readonly nextAt: number | null;
  /** More was due than `limit`. */
  readonly more: boolean;
}

/** A taken execution with all that a pass needs. */
export interface ClaimedExecution {
  readonly lease: Lease;
  readonly record: ExecutionRecord;
  readonly journal: readonly Checkpoint[];
  /** The first page of what no commit has seen, without items; `Store.inbox` answers the rest, and the items. */
  readonly inbox: readonly StoredMessage[];
  /** Of one that collected events. Absent: it does not. */
  readonly batch?: CollectedBatch;
  /**
   * Claims before this one, since the last accepted commit, without those that were only handed back (`isHandBack`): how often it
   * died without progress.
   */
  readonly strikes: number;
  /** Since when it was due. */
  readonly dueSince: number;
}

/** A process as the registry keeps it. */
export interface ProcessRecord {
  readonly id: ProcessId;
  /** Hash of the definitions it declares. */
  readonly deployment: string;
  readonly role: 'publisher' | 'worker' | 'both';
  readonly definitions: readonly DefinitionRef[];
  /** Absent: none. */
  readonly schedules?: readonly ScheduleRef[];
}

/** What the store knows of the process that renewed its lease. */
export interface HeartbeatAnswer {
  readonly signals: readonly ExecutionId[];
  /** Every running execution that the process owns. */
  readonly owned: readonly OwnExecution[];
  /** Live processes, this one included. */
  readonly liveProcesses: number;
  /**
   * What is declared, so that whoever renews its lease need not read it besides. `changed` is left out when it is what it was at the
   * mark that the heartbeat named. Absent: the store does not tell.
   */
  readonly declared?: { readonly mark: string; readonly changed?: Declared };
}

/** What processes have declared, read at once: as `subscriptions`, `paused` and `definitions` answer it. */
export interface Declared {
  readonly subscriptions: readonly Subscription[];
  readonly paused: readonly string[];
  readonly definitions: readonly DefinitionRef[];
}

/** Which handler takes which event; known to every process, so that one without the classes can publish. */
export interface Subscription {
  readonly event: string;
  readonly definition: DefinitionRef;
  readonly worker: string;
  readonly method: string;
  /** How its events find their instance or their batch: JSON text, opaque to the store. Absent: each has an execution of its own. */
  readonly rule?: string;
}

/** The graph of a worker, as a process declared it: what a later deploy is compared with. */
export interface StoredGraph {
  readonly worker: string;
  /** That of its definitions. */
  readonly fingerprint: string;
  /** JSON text, opaque to the store. */
  readonly graph: string;
}

/** A graph as the store has it. */
export interface KeptGraph extends StoredGraph {
  /** When a process declared it for the first time, and last; epoch ms of the store's clock. */
  readonly firstDeclaredAt: number;
  readonly declaredAt: number;
}

/** What `list` selects; all that is given must match. */
export interface ExecutionFilter {
  readonly status?: ExecutionStatus;
  readonly worker?: string;
  readonly session?: string;
  readonly event?: string;
  readonly after?: ExecutionId;
  readonly limit: number;
}

/** How many executions of one definition have one status. */
export interface ExecutionCount {
  readonly definition: string;
  readonly status: ExecutionStatus;
  readonly count: number;
}

/** What may go. Instants are epoch ms. */
export interface PruneRequest {
  /** Completed, cancelled and skipped executions that ended before this instant. */
  readonly completedBefore: number;
  /** Failed executions that ended before this instant. */
  readonly failedBefore: number;
  readonly limit: number;
}

/** How many went, and whether more could. */
export interface PruneAnswer {
  readonly removed: number;
  readonly more: boolean;
}
