import type { EventId, ExecutionId } from '../../model/ids.js';
import type { NewEvent, NewExecution, PublishedExecution, Publishing, Verdict } from '../../ports/store.js';
import { listeningBits, statusCode } from './codes.js';
import type { Connection, SqlValue, Statement } from './connection.js';
import { storedEventId, storedLane } from './execution-row.js';
import type { HeldLeases } from './held-leases.js';
import type { Numbers, ProcessNumbers } from './numbers.js';
import { fromStored, toStored, toStoredOrNull } from './stored-text.js';

/** What is remembered of an explicit event id: its executions as [id, definition id, created at]. */
interface FirstPublish {
  readonly hash: string;
  readonly executions: readonly (readonly [ExecutionId, string, number])[];
}

/** The scope of explicit ids: no session is unlike the session with the empty name. */
export function dedupScope(session: string | null): string {
  return session === null ? '' : toStored(`=${session}`);
}

/**
 * Accepts events. Conflicts are looked for before anything is inserted, so that a refused publish has changed nothing.
 * Call it inside a write transaction, after `begin`.
 */
export class Publishes {
  private readonly insertUsual: Statement<never>;
  private readonly insert: Statement<never>;
  private readonly selectStored: Statement<{ n: number; created_at: number }>;
  private readonly selectLast: Statement<{ last: number }>;
  private readonly selectDedup: Statement<{ hash: string; executions: string }>;
  private readonly replaceDedup: Statement<never>;
  private last = -1;
  /** Something was created that no process runs yet. */
  madeDue = false;

  constructor(
    connection: Connection,
    private readonly numbers: Numbers,
    private readonly processes: ProcessNumbers,
    private readonly held: HeldLeases,
  ) {
    this.insertUsual = connection.prepare(insertUsualExecution);
    this.insert = connection.prepare(insertExecution);
    this.selectStored = connection.prepare('SELECT n, created_at FROM holdfast_execution WHERE id = ?');
    this.selectLast = connection.prepare(selectLastNumber);
    this.selectDedup = connection.prepare(
      'SELECT hash, executions FROM holdfast_dedup WHERE scope = ? AND event_id = ? AND until > ?',
    );
    this.replaceDedup = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_dedup (scope, event_id, hash, until, executions) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** Another process may have numbered executions since the last transaction. */
  begin(): void {
    this.last = -1;
  }

  publish(publishing: Publishing, now: number): Verdict {
    const conflict = this.conflict(publishing, now);
    if (conflict !== null) return { verdict: 'rejected', reason: 'event-conflict', eventId: conflict };
    return this.accept(publishing, now);
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

  /** Creates what is new and answers what exists; `already` when this very write was applied before. */
  accept(
    { events }: Publishing,
    now: number,
  ): { verdict: 'ok' | 'already'; executions: readonly PublishedExecution[] } {
    const executions: PublishedExecution[] = [];
    let resent = false;
    for (const event of events) {
      const first = event.dedup === null ? null : this.first(event, now);
      if (first === null) resent = this.create(event, now, executions) || resent;
      else resent = this.repeat(event, first, executions) || resent;
    }
    return { verdict: resent ? 'already' : 'ok', executions };
  }

  /** Answers whether executions of the event existed already. */
  private create(event: NewEvent, now: number, answer: PublishedExecution[]): boolean {
    let existed = false;
    for (const execution of event.executions) {
      let key = this.next();
      let createdAt = now;
      if (this.insertOne(key, event, execution, now)) {
        this.last = key;
        if (execution.owner !== null) this.held.hold(key, 1, false);
      } else {
        existed = true;
        const stored = this.stored(execution.id);
        key = stored?.n ?? key;
        createdAt = stored?.created_at ?? now;
      }
      answer.push({
        eventId: event.id,
        executionId: execution.id,
        definition: execution.definition.id,
        key,
        createdAt,
        duplicate: false,
      });
    }
    if (event.dedup === null) return existed;
    const { hash, until } = event.dedup;
    const executions = JSON.stringify(event.executions.map(({ id, definition }) => [id, definition.id, now]));
    this.replaceDedup.run([dedupScope(event.session), toStored(event.id), toStored(hash), until, executions]);
    return existed;
  }

  /** Answers whether it is this very publish that is repeated. */
  private repeat(event: NewEvent, first: FirstPublish, answer: PublishedExecution[]): boolean {
    const resent = first.executions[0]?.[0] === event.executions[0]?.id;
    for (const [executionId, definition, createdAt] of first.executions) {
      const key = resent ? (this.stored(executionId)?.n ?? null) : null;
      answer.push({ eventId: event.id, executionId, definition, key, createdAt, duplicate: key === null });
    }
    return resent && first.executions.length > 0;
  }

  private insertOne(key: number, event: NewEvent, execution: NewExecution, now: number): boolean {
    const { definitions, events } = this.numbers;
    const { owner, dueAt, definition, priority, depth } = execution;
    const isUsual = owner !== null && priority === 0 && depth === 0 && event.session === null;
    const values: SqlValue[] = [
      key,
      definitions.of(definition),
      listeningBits(execution.listening),
      now,
      events.of(event.name, execution.schemaHash),
      storedLane(execution.lane, definition, definitions),
      toStored(execution.id),
      storedEventId(event.id, execution.id),
      toStored(execution.input),
      owner === null ? null : this.processes.of(owner),
    ];
    if (isUsual) return this.insertUsual.run(values) === 1;
    const delayed = owner === null && dueAt !== null && dueAt > now;
    if (owner === null) this.madeDue = true;
    const status = owner !== null ? statusCode.running : delayed ? statusCode.delayed : statusCode.pending;
    values.push(
      status,
      owner === null ? 0 : 1,
      priority,
      delayed ? dueAt : null,
      status === statusCode.pending ? now : null,
      owner === null ? null : 0,
      depth,
      toStoredOrNull(event.session),
    );
    return this.insert.run(values) === 1;
  }

  private next(): number {
    if (this.last < 0) this.last = this.selectLast.get([])?.last ?? 0;
    return this.last + 1;
  }

  private stored(id: ExecutionId): { readonly n: number; readonly created_at: number } | undefined {
    return this.selectStored.get([toStored(id)]);
  }

  private first(event: NewEvent, now: number): FirstPublish | null {
    const row = this.selectDedup.get([dedupScope(event.session), toStored(event.id), now]);
    if (row === undefined) return null;
    return {
      hash: fromStored(row.hash),
      executions: JSON.parse(row.executions) as FirstPublish['executions'],
    };
  }
}

const columns =
  'n, definition, listening, created_at, event, lane, id, event_id, input, owner, committed, strikes, seen, attempt, turn, epoch';

/** Leased at once, of no session, priority or depth: what is alike in all of them is in the text, which is cheaper than binding it. */
export const insertUsualExecution = `
INSERT INTO holdfast_execution (${columns}, status, fence, priority, waited, depth)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0) ON CONFLICT (id) DO NOTHING`;

export const insertExecution = `
INSERT INTO holdfast_execution (${columns}, status, fence, priority, wake_at, due_at, waited, depth, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** Numbers of removed executions are not used again: a lease names its execution by number and fence. */
export const selectLastNumber = `
SELECT max(coalesce((SELECT max(n) FROM holdfast_execution), 0),
  coalesce((SELECT value FROM holdfast_meta WHERE name = 'last-number'), 0)) AS last`;
