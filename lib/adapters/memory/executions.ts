import { type DefinitionRef, isTerminal, type MessageKind, wakeAt } from '../../model/execution.js';
import type { ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import { collectDueAt } from '../../ports/collect-due-at.js';
import type {
  Collect,
  NewEvent,
  NewExecution,
  NextTurn,
  RecordChange,
  Withdrawal,
} from '../../ports/store-write.js';
import { Batch } from './batch.js';
import { BatchTable } from './batch-table.js';
import { Chain } from './chain.js';
import type { DedupTable } from './dedup-table.js';
import { type DefinitionWork, Entry, type EventWait, noTimers, type Place } from './entry.js';
import { EntryTable } from './entry-table.js';
import { Families } from './families.js';
import { Gates } from './gates.js';
import { Inbox } from './inbox.js';
import { Mailboxes } from './mailboxes.js';
import { ProcessTable } from './process-table.js';
import { SessionTable } from './session-table.js';
import { WorkIndex } from './work-index.js';

/** Every execution, and the transitions between the indexes that hold it. */
export class Executions {
  readonly all = new EntryTable();
  readonly gates = new Gates({
    admitted: (entry, now) => this.admit(entry, now),
    granted: (place, now) => this.grant(place, now),
  });
  readonly mailboxes = new Mailboxes((wait, now) => this.mailed(wait, now));
  readonly families = new Families({
    tell: (parent, child, now) => {
      this.inform(parent, 'child', child.key, child.id);
      this.wakeFor(parent, 'child', now);
    },
    cancel: (child, parent, now) => {
      this.inform(child, 'cancel', parent.key, null);
      this.wakeFor(child, 'cancel', now);
    },
    free: (child) => this.end(child),
  });
  readonly work = new WorkIndex(this.gates);
  readonly processes = new ProcessTable();
  readonly sessions = new SessionTable();
  readonly batches = new BatchTable();
  /** The one that ended first is first. */
  readonly ended = new Chain<Entry>();
  lastKey = 0;
  /** A gate admitted an execution or granted a permit, or an event came for one that waits, of which no verdict tells, since this was last reset. */
  served = false;

  /** Keeps `keep` ended executions; how older ones ended is left to `dedup`. */
  constructor(
    private readonly keep: number,
    private readonly dedup: DedupTable,
  ) {}

  create(event: NewEvent, execution: NewExecution, now: number): Entry {
    const work = this.work.of(execution.definition);
    const entry = new Entry(++this.lastKey, execution, work, event.id, event.name, event.session, now);
    this.store(entry);
    const parent = execution.parent === undefined ? undefined : this.all.find(execution.parent.executionId);
    if (parent !== undefined) this.families.join(entry, parent, execution.parent?.holder ?? '');
    if (execution.gate !== null) this.gates.join(entry, execution.gate, now);
    if (execution.owner !== null && this.work.passes(entry)) this.run(entry, execution.owner, now);
    else if (entry.place === 'queued') return entry;
    else if (execution.dueAt !== null && execution.dueAt > now) this.schedule(entry, execution.dueAt);
    else this.work.receive(entry);
    return entry;
  }

  /** The execution that the event goes to: the one that has it, the open one of its name, or a new one. */
  collect(event: NewEvent, execution: NewExecution, collect: Collect, now: number): Entry {
    const holder = this.batches.holder(execution.id);
    if (holder !== undefined) return holder;
    let entry = this.batches.find(collect.name);
    if (entry === undefined) {
      const dueAt = collect.most === 1 ? now : collectDueAt(collect, now, now);
      entry = this.create(event, { ...execution, dueAt, owner: null }, now);
      this.batches.put(entry, new Batch(collect.name, now, Math.max(dueAt, now)));
    }
    const { batch } = entry;
    if (batch === null) return entry;
    this.batches.add(entry, batch, execution.id);
    entry.inbox ??= new Inbox();
    const id = String(execution.id) as MessageId;
    entry.inbox.addItem({ id, to: entry.id, kind: 'item', body: collect.item });
    const isFull = batch.items.length >= collect.most;
    if (isFull) this.batches.close(batch);
    // What is due stays due, also when the clock was set back since.
    if (batch.dueAt > now && entry.place === 'timer')
      this.postpone(entry, batch, isFull ? now : collectDueAt(collect, batch.openedAt, now), now);
    return entry;
  }

  /** Counts a new entry in; the caller gives it its place. */
  store(entry: Entry): void {
    this.all.add(entry);
    entry.work.stored++;
    if (!isTerminal(entry.status)) entry.work.open++;
    this.sessions.stored(entry);
  }

  /** Leases the entry to `owner` under the next fence. */
  run(entry: Entry, owner: ProcessId, now: number): void {
    this.unplace(entry);
    entry.fence++;
    entry.strikes++;
    entry.status = 'running';
    entry.waitReason = null;
    entry.startedAt ??= now;
    if (entry.batch !== null) this.batches.close(entry.batch);
    this.processes.run(entry, this.processes.of(owner));
  }

  /** Makes the entry due now. What it ended with stays until the next pass rewrites it. */
  ready(entry: Entry, now: number): void {
    if (entry.place === 'queued') {
      if (!entry.isCancelled) return;
      this.gates.leave(entry, now);
    }
    this.unplace(entry);
    if (isTerminal(entry.status)) {
      entry.work.open++;
      this.sessions.reopened(entry);
    }
    entry.status = 'pending';
    entry.waitReason = null;
    entry.dueSince = now;
    if (entry.batch !== null && entry.fence === 0) entry.batch.dueAt = Math.min(entry.batch.dueAt, now);
    this.work.receive(entry);
  }

  /** Applies an accepted change of the record; answers whether the record is due now. */
  change(entry: Entry, change: RecordChange, now: number): boolean {
    entry.timers = wakeAt(change.timers) === null ? noTimers : Object.freeze({ ...change.timers });
    entry.listening = change.listening;
    entry.seenInboxSeq = change.seenInboxSeq;
    entry.attempt = change.attempt;
    entry.value = change.value;
    entry.error = change.error;
    entry.waitReason = change.waitReason;
    entry.journal.forget(change.forget, change.epoch);
    entry.epoch = change.epoch;
    entry.inbox?.acknowledge(change.seenInboxSeq);
    if (change.definition !== undefined) this.goOnAs(entry, change.definition);
    if (change.next !== undefined) this.turn(entry, change.next, now);
    if (change.status === 'running') {
      entry.endedAt = null;
      return false;
    }
    return this.settle(entry, change.status, change, now);
  }

  withdraw(entry: Entry, withdrawal: Withdrawal, now: number): void {
    this.mailboxes.withdraw(entry, withdrawal, now);
    this.families.withdraw(entry, withdrawal.holder, now);
  }

  /** Forgets the entry, but for the outcome of an explicit event id. */
  remove(entry: Entry, now: number): void {
    this.unplace(entry);
    this.gates.quit(entry, now);
    if (entry.waits !== null) this.mailboxes.forget(entry);
    this.batches.forget(entry);
    this.families.forget(entry);
    this.all.remove(entry);
    this.sessions.removed(entry);
    entry.work.stored--;
    if (!isTerminal(entry.status)) entry.work.open--;
    this.dedup.keepOutcome(entry, now);
    entry.empty();
  }

  *inOrder(after: ExecutionId | undefined, session?: string): Generator<Entry> {
    const start = after === undefined ? undefined : this.all.find(after);
    for (const entry of session === undefined ? this.all : this.sessions.all(session)) {
      if (start !== undefined && entry.key <= start.key) continue;
      // The page before ended with an execution that is gone: ids sort by time of making.
      if (start === undefined && after !== undefined && entry.id <= after) continue;
      yield entry;
    }
  }

  /** Drops what nothing refers to any more: processes without lease and work, definitions without executions. */
  sweep(now: number): void {
    this.processes.forgetDead(now);
    for (const work of this.work.all()) if (work.stored === 0) this.dropDefinition(work);
  }

  schedule(entry: Entry, wakesAt: number): void {
    entry.wakesAt = wakesAt;
    this.work.schedule(entry);
  }

  /** It has ended, and nobody waits for it: retention may remove it. */
  end(entry: Entry): void {
    this.ended.push(entry);
    entry.place = 'ended';
  }

  /** Moves the timer of one that collects; it may be due at once. */
  private postpone(entry: Entry, batch: Batch, dueAt: number, now: number): void {
    batch.dueAt = Math.max(dueAt, now);
    if (dueAt <= now) {
      this.ready(entry, now);
      return;
    }
    this.unplace(entry);
    this.schedule(entry, dueAt);
  }

  /** Puts a running entry under another form of its definition. */
  private goOnAs(entry: Entry, definition: DefinitionRef): void {
    const work = this.work.of(definition);
    const { owner } = entry;
    if (work === entry.work || owner === null) return;
    this.processes.release(entry);
    entry.work.stored--;
    entry.work.open--;
    entry.work = work;
    work.stored++;
    work.open++;
    this.processes.run(entry, owner);
  }

  private turn(entry: Entry, { event, input, schemaHash }: NextTurn, now: number): void {
    entry.turn++;
    entry.eventName = event;
    entry.input = input;
    entry.schemaHash = schemaHash;
    entry.journal.clear();
    this.mailboxes.turn(entry);
    this.families.withdraw(entry, null, now);
  }

  private settle(
    entry: Entry,
    status: Exclude<RecordChange['status'], 'running'>,
    change: RecordChange,
    now: number,
  ): boolean {
    this.unplace(entry);
    entry.status = status;
    entry.endedAt = isTerminal(status) ? now : null;
    if (isTerminal(status)) {
      entry.work.open--;
      this.sessions.ended(entry);
    }
    if (entry.waits !== null && isTerminal(status)) this.mailboxes.end(entry);
    if (entry.permits !== null) this.gates.rest(entry, change, now);
    if (change.gate !== undefined && status === 'pending') this.gates.join(entry, change.gate, now);
    if (status === 'pending' || entry.isWoken) {
      this.ready(entry, now);
      return entry.place === 'ready';
    }
    if (entry.gate !== null && !(entry.gate.untilEnd && status === 'waiting')) this.gates.leave(entry, now);
    if (isTerminal(status)) {
      this.families.ended(entry, now);
      entry.journal.trim();
      if (this.families.keeps(entry)) return false;
      this.end(entry);
      if (this.ended.size > this.keep && this.ended.first !== null) this.remove(this.ended.first, now);
      return false;
    }
    const wakesAt = status === 'waiting' ? wakeAt(entry.timers) : null;
    if (wakesAt === null) return false;
    this.schedule(entry, wakesAt);
    return wakesAt <= now;
  }

  /** Its turn in the queue of its gate has come. */
  private admit(entry: Entry, now: number): void {
    entry.status = 'pending';
    entry.waitReason = null;
    entry.dueSince = now;
    this.work.enqueue(entry);
    this.served = true;
  }

  private grant(place: Place, now: number): void {
    const { entry, holder, number } = place;
    place.grantedSeq = this.inform(entry, 'granted', number, holder);
    this.wakeFor(entry, 'granted', now);
  }

  private mailed({ entry, holder, number }: EventWait, now: number): void {
    this.inform(entry, 'event', number, holder);
    this.wakeFor(entry, 'event', now);
  }

  /** Puts a message of the store's own into the inbox; answers its number there. */
  private inform(entry: Entry, kind: MessageKind, number: number, body: string | null): number {
    entry.inbox ??= new Inbox();
    entry.inbox.add({ id: `${kind}:${number}` as MessageId, to: entry.id, kind, body });
    this.served = true;
    return entry.inbox.lastSeq;
  }

  private wakeFor(entry: Entry, kind: MessageKind, now: number): void {
    const rests = entry.place !== 'running' && entry.place !== 'ready';
    if (rests && entry.listening.includes(kind)) this.ready(entry, now);
  }

  private unplace(entry: Entry): void {
    if (entry.place === 'running') this.processes.release(entry);
    else if (entry.place === 'ended') this.ended.remove(entry);
    else if (entry.place !== 'none' && entry.place !== 'queued') this.work.remove(entry);
    entry.place = 'none';
  }

  private dropDefinition(work: DefinitionWork): void {
    this.work.drop(work);
    this.processes.dropDefinition(work);
  }
}
