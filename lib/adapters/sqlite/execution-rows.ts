import { freshList } from '../../model/fresh-list.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type {
  NewEvent,
  NewExecution,
  PublishedExecution,
  Publishing,
  Verdict,
} from '../../ports/store-write.js';
import { AcceptedPublish, CreatedExecution } from '../../ports/created-execution.js';
import { listeningBits, statusCode } from './codes.js';
import type { Connection, SqlValue, Statement } from './connection.js';
import { storedEventId, storedLane } from './execution-row.js';
import type { Families } from './families.js';
import type { Gates } from './gates.js';
import type { HeldLeases } from './held-leases.js';
import { InsertTogether, TOGETHER } from './insert-together.js';
import type { Numbers, ProcessNumbers } from './numbers.js';
import { toStored, toStoredOrNull } from './stored-text.js';
import type { UsualEnds } from './usual-ends.js';

/** Parameters of a usual row. */
const WIDTH = 10;

interface Stored {
  readonly n: number;
  readonly created_at: number;
  /** Who runs it under its first lease; null: nobody does. */
  readonly leased_to: number | null;
  /** 1: it collects events. */
  readonly batch: number | null;
}

/**
 * Inserts executions and numbers them. The usual one, leased at once and the only one of its write, can be refused but for its id:
 * such rows wait for each other and go in together. Whatever looks for executions by id calls `flush` first.
 */
export class ExecutionRows {
  private readonly insertUsual: Statement<never>;
  private readonly insertUsuals: InsertTogether;
  private readonly insertUsualGuarded: Statement<never>;
  private readonly insertAny: Statement<never>;
  private readonly selectStored: Statement<Stored>;
  private readonly selectLast: () => number | null;
  /** Queued rows as they were answered, their indexes in the group and their parameters: used again and again. */
  private readonly answers: PublishedExecution[] = [];
  private readonly indexes: number[] = [];
  private readonly values: SqlValue[] = Array.from({ length: TOGETHER * WIDTH }, () => null);
  private readonly guarded: SqlValue[] = Array.from({ length: WIDTH + 1 }, () => null);
  private queued = 0;
  private verdicts: Verdict[] = [];
  /** The newest number, true while `version` is that of the file. */
  private last = -1;
  private version = -1;
  /** Something was created that no process runs yet. */
  madeDue = false;

  constructor(
    connection: Connection,
    private readonly numbers: Numbers,
    private readonly processes: ProcessNumbers,
    private readonly held: HeldLeases,
    private readonly gates: Gates,
    private readonly families: Families,
    private readonly ends: UsualEnds,
  ) {
    this.insertUsual = connection.prepare(`${insertUsualExecutions('ABORT', 1)} ON CONFLICT (id) DO NOTHING`);
    const several = insertUsualExecutions('FAIL', TOGETHER);
    this.insertUsuals = new InsertTogether(connection, this.insertUsual, several, WIDTH);
    this.insertUsualGuarded = connection.prepare(insertUsualExecutionGuarded);
    this.insertAny = connection.prepare(insertExecution);
    this.selectStored = connection.prepare(
      'SELECT n, created_at, batch, CASE WHEN status = 1 AND fence = 1 THEN owner END AS leased_to FROM holdfast_execution WHERE id = ?',
    );
    this.selectLast = connection.prepareNumber(selectLastNumber);
  }

  /** Call it first in a group. `verdicts` receives those of queued duplicates. */
  begin(verdicts: Verdict[]): void {
    this.verdicts = verdicts;
    this.queued = 0;
    // Another process may have numbered executions.
    if (this.version !== this.held.version) this.last = -1;
    this.version = this.held.version;
    this.madeDue = false;
  }

  /** The verdict in advance on the group's next write, which is this publish; null: not of the usual kind. */
  queue(publishing: Publishing, now: number): Verdict | null {
    const event = usualEventOf(publishing);
    if (event === null) return null;
    const execution = event.executions[0] as NewExecution;
    // Not with the row that fills it: that one has no verdict yet that could be taken back.
    if (this.queued === TOGETHER) this.insertQueued();
    const key = this.next();
    const answer = answerOf(event, 0, execution, key, now, true);
    const at = this.queued++;
    this.answers[at] = answer;
    this.indexes[at] = this.verdicts.length;
    this.fill(this.values, at * WIDTH, key, event, execution, now);
    this.held.hold(key, 1, false);
    return new AcceptedPublish(freshList(answer));
  }

  /** The verdict on a publish of the usual kind, by one statement outside of a transaction, which checks its number itself; null: nothing was changed. */
  insertAlone(publishing: Publishing, now: number): Verdict | null {
    const event = usualEventOf(publishing);
    if (event === null) return null;
    const execution = event.executions[0] as NewExecution;
    if (!this.isNumbered(event, execution)) return null;
    const { guarded } = this;
    const key = this.newest + 1;
    this.fill(guarded, 0, key, event, execution, now);
    guarded[WIDTH] = key;
    if (this.insertUsualGuarded.run(guarded) === 0) return null;
    this.last = key;
    this.held.hold(key, 1, false);
    return new AcceptedPublish(freshList(answerOf(event, 0, execution, key, now, true)));
  }

  /** Whether definition, event and owner have numbers: to give one would be another statement that writes. */
  private isNumbered({ name }: NewEvent, { definition, schemaHash, owner }: NewExecution): boolean {
    const { definitions, events } = this.numbers;
    return (
      definitions.find(definition) !== null &&
      events.find(name, schemaHash) !== null &&
      owner !== null &&
      this.processes.find(owner) !== null
    );
  }

  /** Writes what is queued: ends, then new rows. */
  flush(): void {
    this.ends.flush();
    this.insertQueued();
  }

  private insertQueued(): void {
    const { queued } = this;
    this.queued = 0;
    this.insertUsuals.run(this.values, queued, this.settle);
  }

  /** Inserts one, or finds the one with its id; `existed` tells which. */
  insert(
    event: NewEvent,
    eventIndex: number,
    execution: NewExecution,
    now: number,
  ): { readonly answer: PublishedExecution; readonly existed: boolean } {
    const key = this.next();
    if (this.insertOne(key, event, execution, now)) {
      if (execution.parent !== undefined) this.families.join(key, execution.parent);
      const leased = this.launch(key, execution, now);
      if (leased) this.held.hold(key, 1, false);
      return { answer: answerOf(event, eventIndex, execution, key, now, leased), existed: false };
    }
    const stored = this.find(execution.id);
    return {
      answer: answerOf(
        event,
        eventIndex,
        execution,
        stored?.n ?? key,
        stored?.created_at ?? now,
        this.isLeased(stored, execution.owner),
      ),
      existed: true,
    };
  }

  /** Whether a stored one runs under the lease it was published with. */
  isLeased(stored: Stored | undefined, owner: ProcessId | null): boolean {
    return stored !== undefined && owner !== null && stored.leased_to === this.processes.find(owner);
  }

  find(id: ExecutionId): Stored | undefined {
    return this.selectStored.get([toStored(id)]);
  }

  /** The verdict on a queued row whose id was there before. */
  private readonly settle = (at: number): void => {
    this.ends.flush();
    const answer = this.answers[at] as PublishedExecution;
    const stored = this.find(answer.executionId);
    if (stored === undefined) return;
    this.held.release(answer.key as number);
    const leased = stored.leased_to !== null && stored.leased_to === this.values[at * WIDTH + 9];
    const first = { ...answer, key: stored.n, createdAt: stored.created_at, leased };
    this.verdicts[this.indexes[at] as number] = { verdict: 'already', executions: [first] };
  };

  /** Puts a new one behind its gate, and begins it if that lets it; answers whether it is leased to its owner. */
  private launch(key: number, { gate, owner, dueAt }: NewExecution, now: number): boolean {
    if (gate === null) return owner !== null;
    this.gates.join(key, gate, now);
    if (owner === null && dueAt !== null && dueAt > now) return false;
    const begun = this.gates.begin(key, owner === null ? null : this.processes.of(owner), now);
    return begun && owner !== null;
  }

  private insertOne(key: number, event: NewEvent, execution: NewExecution, now: number): boolean {
    const values: SqlValue[] = [];
    this.fill(values, 0, key, event, execution, now);
    if (isUsual(event, execution)) return this.insertUsual.run(values) === 1;
    const { dueAt, priority, depth, gate } = execution;
    // What has a gate is created in its queue, and begins from there.
    const owner = gate === null ? execution.owner : null;
    const delayed = execution.owner === null && dueAt !== null && dueAt > now;
    if (owner === null) this.madeDue = true;
    const restsIn = delayed ? statusCode.delayed : gate === null ? statusCode.pending : statusCode.queued;
    const status = owner === null ? restsIn : statusCode.running;
    if (gate !== null) values[9] = null;
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
    return this.insertAny.run(values) === 1;
  }

  /** Writes the parameters that every insert has. */
  private fill(
    values: SqlValue[],
    first: number,
    key: number,
    event: NewEvent,
    { id, definition, lane, listening, schemaHash, input, owner }: NewExecution,
    now: number,
  ): void {
    const { definitions, events } = this.numbers;
    values[first] = key;
    values[first + 1] = definitions.of(definition);
    values[first + 2] = listeningBits(listening);
    values[first + 3] = now;
    values[first + 4] = events.of(event.name, schemaHash);
    values[first + 5] = storedLane(lane, definition, definitions);
    values[first + 6] = toStored(id);
    values[first + 7] = storedEventId(event.id, id);
    values[first + 8] = toStored(input);
    values[first + 9] = owner === null ? null : this.processes.of(owner);
  }

  /** After a rollback, or where the outcome of an insert is unknown. */
  forget(): void {
    this.last = -1;
  }

  /** The number of the newest execution, or a later one that none took; only in a write transaction nobody else goes beyond it. */
  get newest(): number {
    if (this.last < 0) this.last = this.selectLast() ?? 0;
    return this.last;
  }

  /** A number that a duplicate did not take stays unused. */
  private next(): number {
    this.last = this.newest + 1;
    return this.last;
  }
}

/** The event of a publish that creates one execution of the usual kind and nothing else; null: of another. */
function usualEventOf({ events }: Publishing): NewEvent | null {
  const event = events[0];
  const execution = event?.executions[0];
  if (event === undefined || execution === undefined || events.length > 1) return null;
  if (event.mail !== undefined || event.executions.length > 1 || event.dedup !== null) return null;
  return isUsual(event, execution) ? event : null;
}

/** Leased at once, of no gate, session, priority, depth or parent; it collects nothing. */
function isUsual({ session }: NewEvent, execution: NewExecution): boolean {
  const { owner, priority, depth, gate, collect, parent } = execution;
  const isPlain = priority === 0 && depth === 0 && session === null;
  return owner !== null && gate === null && isPlain && collect === undefined && parent === undefined;
}

function answerOf(
  event: NewEvent,
  eventIndex: number,
  execution: NewExecution,
  key: number,
  at: number,
  leased: boolean,
): PublishedExecution {
  return new CreatedExecution(event.id, eventIndex, execution.id, execution.definition.id, key, at, leased);
}

const columns =
  'n, definition, listening, created_at, event, lane, id, event_id, input, owner, committed, strikes, seen, attempt, turn, epoch';

/** What is alike in all usual rows is in the text, which is cheaper than binding it. */
function insertUsualExecutions(otherwise: 'ABORT' | 'FAIL', rows: number): string {
  const row = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0)';
  return `
INSERT OR ${otherwise} INTO holdfast_execution (${columns}, status, fence, priority, waited, depth)
VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}

const insertExecution = `
INSERT INTO holdfast_execution (${columns}, status, fence, priority, wake_at, due_at, waited, depth, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** Numbers of removed executions are not used again: a lease names its execution by number and fence. */
export const selectLastNumber = `
SELECT max(coalesce((SELECT max(n) FROM holdfast_execution), 0),
  coalesce((SELECT value FROM holdfast_meta WHERE name = 'last-number'), 0))`;

/**
 * Where `n`, which is bound first and last, is not beyond all numbers given so far, the status is NULL, which the column does not take: `OR IGNORE`
 * leaves the row out, as it does where the id exists.
 */
export const insertUsualExecutionGuarded = `
INSERT OR IGNORE INTO holdfast_execution (${columns}, fence, priority, waited, depth, status)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, CASE WHEN ? > (${selectLastNumber}) THEN 1 END)`;
