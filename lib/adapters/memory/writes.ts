import { isTerminal, type MessageKind } from '../../model/execution.js';
import { freshList } from '../../model/fresh-list.js';
import { AcceptedPublish, CreatedExecution } from '../../ports/created-execution.js';
import { isApplied } from '../../ports/is-applied.js';
import { isHandBack } from '../../ports/is-hand-back.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import type {
  AcquireWrite,
  AppendWrite,
  AwaitWrite,
  CommitWrite,
  InstanceWrite,
  KnownEvent,
  NewEvent,
  NewExecution,
  PublishedExecution,
  Publishing,
  ReserveWrite,
  Verdict,
} from '../../ports/store-write.js';
import type { Batch } from './batch.js';
import { DedupRow, type DedupTable } from './dedup-table.js';
import type { Entry } from './entry.js';
import type { Executions } from './executions.js';
import { Inbox } from './inbox.js';
import { InstanceTable } from './instance-table.js';
import type { Rates } from './rates.js';

const ok: Verdict = Object.freeze({ verdict: 'ok' });
const okAndDue: Verdict = Object.freeze({ verdict: 'ok', due: true });
const already: Verdict = Object.freeze({ verdict: 'already' });
const instanceChanged: Verdict = Object.freeze({ verdict: 'rejected', reason: 'instance-changed' });
const stale: Verdict = Object.freeze({ verdict: 'stale' });

/** Applies one write whole or not at all: each looks first and changes nothing before it is sure. */
export class Writes {
  readonly instances: InstanceTable;
  /** Something became due, ended or got a message since this was last reset. */
  changed = false;

  constructor(
    private readonly executions: Executions,
    private readonly dedup: DedupTable,
    private readonly rates: Rates,
  ) {
    this.instances = new InstanceTable(executions);
  }

  instance({ change, event, cancels }: InstanceWrite, now: number): Verdict {
    const publishing: Publishing = { events: event === null ? [] : [event] };
    const stored = this.instances.versionOf(change.id);
    const answer = (verdict: 'ok' | 'already', more: { readonly cancelled?: number } = {}): Verdict =>
      event === null
        ? { verdict, ...more }
        : { verdict, executions: this.accept(publishing, now, null), ...more };
    if (stored === change.version) return answer('already');
    // What is to be deleted and is not there may have been deleted by this very write: the rest of it is safe to repeat.
    const isGone = stored === null && change.state === null;
    if (!isGone && stored !== change.expected) return instanceChanged;
    const refusal = this.refusal(publishing, now);
    if (refusal !== null) return refusal;
    this.instances.drop(change, now);
    const cancelled = cancels === null ? null : this.cancel(cancels, { change, event }, now);
    this.instances.write(change, (ahead) => this.accept({ events: [ahead] }, now, null), now);
    return answer('ok', cancelled === null ? {} : { cancelled });
  }

  publish(publishing: Publishing, now: number): Verdict {
    const refusal = this.refusal(publishing, now);
    if (refusal !== null) return refusal;
    const resent = this.isResent(publishing, now);
    const executions = this.accept(publishing, now, null);
    return resent ? { verdict: 'already', executions } : new AcceptedPublish(executions);
  }

  commit({ lease, delta }: CommitWrite, now: number): Verdict {
    const entry = this.executions.all.leased(lease);
    if (entry === undefined) return stale;
    const follows = lease.fence !== entry.lastFence || delta.commitNo > entry.lastCommitNo;
    if (!follows && entry.journal.wasGiven(delta.checkpoints, entry.turn)) {
      if (delta.publish !== null)
        return { verdict: 'already', executions: this.accept(delta.publish, now, entry) };
      return already;
    }
    if (entry.status !== 'running' || lease.fence !== entry.fence) return stale;
    if (!entry.journal.accepts(delta.checkpoints))
      return { verdict: 'rejected', reason: 'checkpoint-exists' };
    const conflict = delta.publish === null ? null : this.conflict(delta.publish, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    const known = delta.publish === null ? [] : this.known(delta.publish, now);
    if (known.length > 0) return { verdict: 'rejected', reason: 'event-known', known };
    const full = delta.publish === null ? null : this.full(delta.publish, now);
    if (full !== null) return { verdict: 'rejected', reason: 'mailbox-full', eventId: full };
    const { instance } = delta;
    if (instance !== undefined && this.instances.versionOf(instance.id) !== instance.expected)
      return instanceChanged;

    entry.journal.add(delta.checkpoints);
    entry.lastFence = lease.fence;
    if (follows) entry.lastCommitNo = delta.commitNo;
    entry.strikes = isHandBack(delta) ? Math.max(0, entry.strikes - 1) : 0;
    const executions = delta.publish === null ? null : this.accept(delta.publish, now, entry);
    if (delta.release.length > 0) this.executions.gates.release(entry, delta.release, now);
    if (instance !== undefined) {
      this.instances.drop(instance, now);
      this.instances.write(instance, (ahead) => this.accept({ events: [ahead] }, now, null), now);
    }
    if (delta.withdraw !== undefined)
      for (const withdrawal of delta.withdraw) this.executions.withdraw(entry, withdrawal, now);
    const due = delta.record === null ? false : this.executions.change(entry, delta.record, now);
    if (delta.record !== null && delta.record.status !== 'running') this.changed = true;
    if (executions === null) return due ? okAndDue : ok;
    return due ? { verdict: 'ok', executions, due } : { verdict: 'ok', executions };
  }

  append({ message }: AppendWrite, now: number): Verdict {
    const entry = this.executions.all.find(message.to);
    if (entry === undefined) return { verdict: 'rejected', reason: 'unknown-execution' };
    const isKnown = entry.inbox?.ids.has(message.id) === true;
    if (isKnown || this.executions.batches.holder(String(message.id) as ExecutionId) === entry)
      return already;
    const listens = entry.listening.includes(message.kind);
    if (!listens && isTerminal(entry.status)) return { verdict: 'rejected', reason: 'not-listening' };
    entry.inbox ??= new Inbox();
    entry.inbox.add(message);
    this.changed = true;
    if (entry.batch !== null) this.tellBatch(entry.batch, message.kind, listens, now);
    if (!listens || entry.place === 'running' || entry.place === 'ready') return ok;
    this.executions.ready(entry, now);
    // It may queue at its gate instead.
    return entry.place === 'queued' ? ok : okAndDue;
  }

  /** A cancel closes one that collects; a flush that it listens to is why it is due, unless it was. */
  private tellBatch(batch: Batch, kind: MessageKind, listens: boolean, now: number): void {
    if (kind === 'flush' && listens && batch.isOpen && batch.dueAt > now) batch.flushed = true;
    if (kind === 'cancel') this.executions.batches.close(batch);
  }

  acquire({ lease, holder, gate }: AcquireWrite, now: number): Verdict {
    const entry = this.executions.all.leased(lease);
    if (entry === undefined || entry.status !== 'running' || lease.fence !== entry.fence) return stale;
    return { verdict: 'ok', granted: this.executions.gates.acquire(entry, holder, gate, now) };
  }

  reserve(write: ReserveWrite, now: number): Verdict {
    return { verdict: 'ok', at: this.rates.reserve(write, now) };
  }

  await(write: AwaitWrite, now: number): Verdict {
    const entry = this.executions.all.leased(write.lease);
    if (entry === undefined || entry.status !== 'running' || write.lease.fence !== entry.fence) return stale;
    return { verdict: 'ok', mail: this.executions.mailboxes.ask(entry, write, now) };
  }

  /** Has everybody end who holds a place of the gate or queues for one, but not what the write itself starts, sent again. */
  private cancel(
    gate: string,
    { change, event }: Pick<InstanceWrite, 'change' | 'event'>,
    now: number,
  ): number {
    const id = `cancel:${change.version}` as MessageId;
    const own = new Set(event?.executions.map((execution) => execution.id));
    const message = { id, kind: 'cancel', body: null } as const;
    return this.executions.gates
      .at(gate)
      .filter(({ id: to }) => !own.has(to))
      .map(({ id: to }) => this.append({ kind: 'append', message: { ...message, to } }, now))
      .filter(isApplied).length;
  }

  /** Why none of these events may be accepted; null: all of them may. */
  private refusal(publishing: Publishing, now: number): Verdict | null {
    const conflict = this.conflict(publishing, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    const full = this.full(publishing, now);
    return full === null ? null : { verdict: 'rejected', reason: 'mailbox-full', eventId: full };
  }

  /** The first event that its mailbox has no room for. */
  private full({ events }: Publishing, now: number): EventId | null {
    if (events.every(({ mail }) => mail === undefined)) return null;
    const isNew = ({ dedup, session, id }: NewEvent): boolean =>
      dedup === null || this.dedup.find(session, id, now) === undefined;
    return this.executions.mailboxes.full(events.filter(isNew), now);
  }

  /** The first explicit id that was published with another payload, before or in this write. */
  private conflict({ events }: Publishing, now: number): EventId | null {
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (event === undefined || event.dedup === null) continue;
      const known = this.dedup.find(event.session, event.id, now);
      if (known !== undefined && known.hash !== event.dedup.hash) return event.id;
      for (let j = 0; j < i; j++) {
        const earlier = events[j];
        if (earlier?.dedup && sameEvent(earlier, event) && earlier.dedup.hash !== event.dedup.hash)
          return event.id;
      }
    }
    return null;
  }

  /** Those that another write accepted before. */
  private known({ events }: Publishing, now: number): readonly KnownEvent[] {
    const found: KnownEvent[] = [];
    for (const [eventIndex, event] of events.entries()) {
      const row = event.dedup === null ? undefined : this.dedup.find(event.session, event.id, now);
      if (row !== undefined && !this.isOwn(row, event))
        found.push({ eventIndex, executions: row.executions });
    }
    return found;
  }

  /** Whether this very write was applied before: its executions exist under the same ids. */
  private isResent({ events }: Publishing, now: number): boolean {
    for (const event of events) {
      const first = event.executions[0];
      if (first === undefined || !this.mayBeStored(event)) continue;
      const row = event.dedup === null ? undefined : this.dedup.find(event.session, event.id, now);
      const known = row === undefined ? this.storedAs(first.id) !== undefined : this.isOwn(row, event);
      if (known) return true;
    }
    return false;
  }

  /** `by`: the execution that publishes. */
  private accept({ events }: Publishing, now: number, by: Entry | null): PublishedExecution[] {
    const published: PublishedExecution[] = freshList();
    let index = 0;
    for (const event of events) {
      const known = event.dedup === null ? undefined : this.dedup.find(event.session, event.id, now);
      if (known === undefined) this.create(event, index, now, published, by);
      else this.repeat(event, index, known, published);
      index++;
    }
    return published;
  }

  private create(
    event: NewEvent,
    index: number,
    now: number,
    published: PublishedExecution[],
    by: Entry | null,
  ): void {
    const entries: Entry[] | null = event.dedup === null ? null : [];
    const mayBeStored = this.mayBeStored(event);
    for (const execution of event.executions) {
      const stored = mayBeStored ? this.executions.all.find(execution.id) : undefined;
      const entry = stored ?? this.start(event, execution, now);
      const inherits = stored === undefined && by?.session != null && by.session === event.session;
      // What collects events of many is nobody's.
      if (inherits && execution.collect === undefined) this.inherit(by, entry, now);
      if (entry.place !== 'running') this.changed = true;
      published.push(answer(event, index, entry, execution.owner));
      entries?.push(entry);
    }
    if (event.dedup === null) this.executions.all.know(event.id);
    if (event.mail !== undefined) this.executions.mailboxes.deliver(event, now, this.executions.lastKey);
    if (event.dedup === null || (event.executions.length === 0 && event.mail === undefined)) return;
    const { hash, until } = event.dedup;
    const executions = (entries ?? []).map(({ id, work }) => ({ id, definition: work.id }));
    this.dedup.add(new DedupRow(event.session, event.id, hash, until, now, executions), now);
  }

  /** What an execution publishes into its session comes from where it comes from, and is cancelled with it. */
  private inherit(by: Entry, entry: Entry, now: number): void {
    entry.root = by.root ?? by.key;
    const cancel = by.inbox?.messages.find(
      ({ kind, body, seq }) => kind === 'cancel' && body !== null && seq > by.seenInboxSeq,
    );
    if (cancel === undefined) return;
    const { id, kind, body } = cancel;
    this.append({ kind: 'append', message: { id, to: entry.id, kind, body } }, now);
  }

  private start(event: NewEvent, execution: NewExecution, now: number): Entry {
    const { collect } = execution;
    return collect === undefined
      ? this.executions.create(event, execution, now)
      : this.executions.collect(event, execution, collect, now);
  }

  /** It was this very publish that the row remembers. */
  private isOwn(row: DedupRow, { executions: [first] }: NewEvent): boolean {
    if (first === undefined) return row.executions.length === 0;
    return row.executions[0]?.id === (this.executions.batches.holder(first.id)?.id ?? first.id);
  }

  /** False: surely not. */
  private mayBeStored({ id, dedup }: NewEvent): boolean {
    return dedup !== null || this.executions.all.mayKnow(id);
  }

  /** The execution that an event's became: itself, or the one that it joined. */
  private storedAs(id: ExecutionId): Entry | undefined {
    return this.executions.all.find(id) ?? this.executions.batches.holder(id);
  }

  private repeat(event: NewEvent, index: number, known: DedupRow, published: PublishedExecution[]): void {
    const own = this.isOwn(known, event);
    for (const { id, definition } of known.executions) {
      const entry = own ? this.executions.all.find(id) : undefined;
      published.push(
        entry === undefined
          ? {
              eventId: event.id,
              eventIndex: index,
              executionId: id,
              definition,
              key: null,
              createdAt: this.executions.all.find(id)?.createdAt ?? known.createdAt,
              duplicate: true,
              leased: false,
            }
          : answer(event, index, entry, ownerOf(event, id)),
      );
    }
  }
}

function ownerOf({ executions }: NewEvent, id: ExecutionId): ProcessId | null {
  return executions.find((execution) => execution.id === id)?.owner ?? null;
}

function answer(event: NewEvent, at: number, entry: Entry, owner: ProcessId | null): PublishedExecution {
  const { id, work, key, createdAt, batch } = entry;
  const leased = owner !== null && entry.fence === 1 && entry.owner?.id === owner;
  const plain: PublishedExecution = new CreatedExecution(event.id, at, id, work.id, key, createdAt, leased);
  return batch === null ? plain : { ...plain, batch: { count: batch.items.length, dueAt: batch.dueAt } };
}

function sameEvent(a: NewEvent, b: NewEvent): boolean {
  return a.id === b.id && a.session === b.session;
}
