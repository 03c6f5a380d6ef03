import type { EventId, ExecutionId } from '../../model/ids.js';
import type {
  KnownEvent,
  NewEvent,
  PublishedExecution,
  Publishing,
  Verdict,
} from '../../ports/store-write.js';
import type { Batches } from './batches.js';
import type { Connection, Statement } from './connection.js';
import type { ExecutionRows } from './execution-rows.js';
import type { Mailboxes } from './mailboxes.js';
import type { Sessions } from './sessions.js';
import { fromStored, toStored } from './stored-text.js';

/** What is remembered of an explicit event id: its executions as [id, definition id, created at]. */
interface FirstPublish {
  readonly hash: string;
  readonly executions: readonly (readonly [ExecutionId, string, number])[];
}

/** As they are remembered in the row of an explicit id. */
export function executionsOf({ executions }: { readonly executions: string }): FirstPublish['executions'] {
  return JSON.parse(executions) as FirstPublish['executions'];
}

/** The scope of explicit ids: no session is unlike the session with the empty name. */
export function dedupScope(session: string | null): string {
  return session === null ? '' : toStored(`=${session}`);
}

/**
 * Accepts events. Conflicts are looked for before anything is inserted, so that a refused publish has changed nothing.
 * Call it inside a write transaction.
 */
export class Publishes {
  private readonly selectDedup: Statement<{ hash: string; executions: string }>;
  private readonly replaceDedup: Statement<never>;

  constructor(
    connection: Connection,
    private readonly rows: ExecutionRows,
    private readonly mailboxes: Mailboxes,
    private readonly sessions: Sessions,
    private readonly batches: Batches,
  ) {
    this.selectDedup = connection.prepare(
      'SELECT hash, executions FROM holdfast_dedup WHERE scope = ? AND event_id = ? AND until > ?',
    );
    this.replaceDedup = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_dedup (scope, event_id, hash, until, executions) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** The verdict on the next write of the group. */
  publish(publishing: Publishing, now: number): Verdict {
    const queued = this.rows.queue(publishing, now);
    if (queued !== null) return queued;
    return this.refusal(publishing, now) ?? this.accept(publishing, now);
  }

  /** Why none of these events may be accepted; null: all of them may. */
  refusal(publishing: Publishing, now: number): Verdict | null {
    const conflict = this.conflict(publishing, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    const full = this.full(publishing, now);
    return full === null ? null : { verdict: 'rejected', reason: 'mailbox-full', eventId: full };
  }

  /** The first event that its mailbox has no room for. */
  full({ events }: Publishing, now: number): EventId | null {
    if (events.every(({ mail }) => mail === undefined)) return null;
    const fresh = events.filter((event) => event.dedup === null || this.first(event, now) === null);
    return this.mailboxes.full(fresh, now);
  }

  /** The first explicit id that was published with another payload, before or in this write. */
  conflict({ events }: Publishing, now: number): EventId | null {
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (event === undefined || event.dedup === null) continue;
      const { hash } = event.dedup;
      const first = this.first(event, now);
      if (first !== null && first.hash !== hash) return event.id;
      for (let j = 0; j < i; j++) {
        const earlier = events[j];
        if (
          earlier?.dedup &&
          earlier.id === event.id &&
          earlier.session === event.session &&
          earlier.dedup.hash !== hash
        )
          return event.id;
      }
    }
    return null;
  }

  /** Those that another write accepted before. */
  known({ events }: Publishing, now: number): readonly KnownEvent[] {
    const found: KnownEvent[] = [];
    for (const [eventIndex, event] of events.entries()) {
      const first = event.dedup === null ? null : this.first(event, now);
      if (first === null || this.isOwn(first, event)) continue;
      const executions = first.executions.map(([id, definition]) => ({ id, definition }));
      found.push({ eventIndex, executions });
    }
    return found;
  }

  /**
   * Creates what is new and answers what exists; `already` when this very write was applied before. `publisher`: the number
   * of the execution that publishes.
   */
  accept(
    { events }: Publishing,
    now: number,
    publisher: number | null = null,
  ): { verdict: 'ok' | 'already'; executions: readonly PublishedExecution[] } {
    this.rows.flush();
    const executions: PublishedExecution[] = [];
    let resent = false;
    let index = 0;
    for (const event of events) {
      const first = event.dedup === null ? null : this.first(event, now);
      if (first === null) resent = this.create(event, index, now, executions, publisher) || resent;
      else resent = this.repeat(event, index, first, executions) || resent;
      index++;
    }
    return { verdict: resent ? 'already' : 'ok', executions };
  }

  /** Answers whether executions of the event existed already. */
  private create(
    event: NewEvent,
    index: number,
    now: number,
    answer: PublishedExecution[],
    publisher: number | null,
  ): boolean {
    let existed = false;
    const created: number[] = [];
    const stored: FirstPublish['executions'][number][] = [];
    for (const execution of event.executions) {
      const { collect } = execution;
      const inserted =
        collect === undefined
          ? this.rows.insert(event, index, execution, now)
          : this.batches.collect(event, index, execution, collect, now);
      existed ||= inserted.existed;
      // What collects events of many is nobody's.
      if (!inserted.existed && collect === undefined && inserted.answer.key !== null)
        created.push(inserted.answer.key);
      answer.push(inserted.answer);
      const { executionId, createdAt } = inserted.answer;
      if (event.dedup !== null) stored.push([executionId, execution.definition.id, createdAt]);
    }
    if (publisher !== null) this.sessions.inherit(publisher, event, created, now);
    if (event.mail !== undefined) this.mailboxes.deliver(event, now, this.rows.newest);
    if (event.dedup === null || (event.executions.length === 0 && event.mail === undefined)) return existed;
    const { hash, until } = event.dedup;
    const executions = JSON.stringify(stored);
    this.replaceDedup.run([dedupScope(event.session), toStored(event.id), toStored(hash), until, executions]);
    return existed;
  }

  /** Answers whether it is this very publish that is repeated. */
  private repeat(
    event: NewEvent,
    eventIndex: number,
    first: FirstPublish,
    answer: PublishedExecution[],
  ): boolean {
    const resent = this.isOwn(first, event);
    for (const [executionId, definition, createdAt] of first.executions) {
      const stored = resent ? this.rows.find(executionId) : undefined;
      const batch = stored?.batch === 1 ? this.batches.sizeOf(stored.n) : undefined;
      const owner = event.executions.find(({ id }) => id === executionId)?.owner ?? null;
      answer.push({
        eventId: event.id,
        eventIndex,
        executionId,
        definition,
        key: stored?.n ?? null,
        createdAt,
        duplicate: stored === undefined,
        leased: this.rows.isLeased(stored, owner),
        ...(batch === undefined ? {} : { batch }),
      });
    }
    return resent && first.executions.length > 0;
  }

  /** It was this very publish that the row remembers. */
  private isOwn(first: FirstPublish, { executions: [own] }: NewEvent): boolean {
    const known = first.executions[0]?.[0];
    if (known === own?.id) return true;
    if (own?.collect === undefined) return false;
    const holder = this.batches.holder(own.id);
    return holder !== undefined && fromStored(holder.id) === known;
  }

  private first(event: NewEvent, now: number): FirstPublish | null {
    const row = this.selectDedup.get([dedupScope(event.session), toStored(event.id), now]);
    if (row === undefined) return null;
    return { hash: fromStored(row.hash), executions: executionsOf(row) };
  }
}
