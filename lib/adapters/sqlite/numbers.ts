import type { DefinitionRef } from '../../model/execution.js';
import type { ProcessId } from '../../model/ids.js';
import type { Connection, Statement } from './connection.js';
import { fromStored, fromStoredOrNull, toStored, toStoredOrNull } from './stored-text.js';

/** Definitions (id, fingerprint) by the small number that rows name them by. Numbers are never reused. */
export class DefinitionNumbers {
  private readonly byId = new Map<string, Map<string, number>>();
  private readonly byNumber = new Map<number, DefinitionRef>();
  private readonly select: Statement<{ n: number }>;
  private readonly selectAll: Statement<{ n: number; id: string; fingerprint: string }>;
  private readonly selectFirst: Statement<{ n: number | null }>;
  private readonly insert: Statement<never>;
  /** The lanes of `laneOf`, by definition id. */
  private readonly lanes = new Map<string, string>();

  constructor(connection: Connection) {
    this.selectFirst = connection.prepare('SELECT min(n) AS n FROM holdfast_definition WHERE id = ?');
    this.select = connection.prepare('SELECT n FROM holdfast_definition WHERE id = ? AND fingerprint = ?');
    this.selectAll = connection.prepare('SELECT n, id, fingerprint FROM holdfast_definition');
    this.insert = connection.prepare('INSERT INTO holdfast_definition (id, fingerprint) VALUES (?, ?)');
  }

  /** The definition's number, a new one if need be: only inside a write transaction. */
  of(ref: DefinitionRef): number {
    const known = this.find(ref);
    if (known !== null) return known;
    this.insert.run([toStored(ref.id), toStored(ref.fingerprint)]);
    return this.find(ref) ?? missing(ref.id);
  }

  /** The definition's number; null when nothing stored has ever named it. */
  find(ref: DefinitionRef): number | null {
    const known = this.byId.get(ref.id)?.get(ref.fingerprint);
    if (known !== undefined) return known;
    const row = this.select.get([toStored(ref.id), toStored(ref.fingerprint)]);
    if (row !== undefined) this.remember(row.n, { id: ref.id, fingerprint: ref.fingerprint });
    return row?.n ?? null;
  }

  /** The number that stands for the lane of a stored definition, whatever its fingerprint: that of its first row. */
  laneOf(id: string): string {
    let lane = this.lanes.get(id);
    if (lane === undefined) {
      lane = String(this.selectFirst.get([toStored(id)])?.n ?? missing(id));
      this.lanes.set(id, lane);
    }
    return lane;
  }

  refOf(n: number): DefinitionRef {
    const known = this.byNumber.get(n);
    if (known !== undefined) return known;
    return this.all().get(n) ?? missing(String(n));
  }

  all(): ReadonlyMap<number, DefinitionRef> {
    for (const row of this.selectAll.all([]))
      if (!this.byNumber.has(row.n))
        this.remember(row.n, { id: fromStored(row.id), fingerprint: fromStored(row.fingerprint) });
    return this.byNumber;
  }

  /** After a rollback, or where the outcome of a statement is unknown: what was inserted may not be there. */
  forget(): void {
    this.byId.clear();
    this.byNumber.clear();
    this.lanes.clear();
  }

  private remember(n: number, ref: DefinitionRef): void {
    let versions = this.byId.get(ref.id);
    if (versions === undefined) this.byId.set(ref.id, (versions = new Map()));
    versions.set(ref.fingerprint, n);
    this.byNumber.set(n, Object.freeze(ref));
  }
}

/** An event's name and the hash of the schema that checked it. */
export interface EventKind {
  readonly name: string;
  readonly schemaHash: string | null;
}

/** Kinds of event by the small number that rows name them by. Numbers are never reused. */
export class EventNumbers {
  private readonly byName = new Map<string, Map<string | null, number>>();
  private readonly byNumber = new Map<number, EventKind>();
  private readonly select: Statement<{ n: number }>;
  private readonly selectKind: Statement<{ name: string; schema_hash: string | null }>;
  private readonly insert: Statement<never>;

  constructor(connection: Connection) {
    this.select = connection.prepare('SELECT n FROM holdfast_event WHERE name = ? AND schema_hash IS ?');
    this.selectKind = connection.prepare('SELECT name, schema_hash FROM holdfast_event WHERE n = ?');
    this.insert = connection.prepare('INSERT INTO holdfast_event (name, schema_hash) VALUES (?, ?)');
  }

  /** The kind's number, a new one if need be: only inside a write transaction. */
  of(name: string, schemaHash: string | null): number {
    const known = this.find(name, schemaHash);
    if (known !== null) return known;
    this.insert.run([toStored(name), toStoredOrNull(schemaHash)]);
    return this.find(name, schemaHash) ?? missing(name);
  }

  /** The kind's number; null when nothing stored has ever been of it. */
  find(name: string, schemaHash: string | null): number | null {
    const known = this.byName.get(name)?.get(schemaHash);
    if (known !== undefined) return known;
    const row = this.select.get([toStored(name), toStoredOrNull(schemaHash)]);
    if (row === undefined) return null;
    let versions = this.byName.get(name);
    if (versions === undefined) this.byName.set(name, (versions = new Map()));
    versions.set(schemaHash, row.n);
    return row.n;
  }

  kindOf(n: number): EventKind {
    let kind = this.byNumber.get(n);
    if (kind === undefined) {
      const { name, schema_hash } = this.selectKind.get([n]) ?? missing(String(n));
      kind = Object.freeze({ name: fromStored(name), schemaHash: fromStoredOrNull(schema_hash) });
      this.byNumber.set(n, kind);
    }
    return kind;
  }

  /** After a rollback, or where the outcome of a statement is unknown: what was inserted may not be there. */
  forget(): void {
    this.byName.clear();
    this.byNumber.clear();
  }
}

/** What the small numbers in an execution's row stand for. */
export interface Numbers {
  readonly definitions: DefinitionNumbers;
  readonly events: EventNumbers;
}

/** Processes by the small number that leases name them by. */
export class ProcessNumbers {
  private readonly byId = new Map<ProcessId, number>();
  private readonly select: Statement<{ n: number }>;
  private readonly insert: Statement<never>;

  constructor(connection: Connection) {
    this.select = connection.prepare('SELECT n FROM holdfast_process WHERE id = ?');
    this.insert = connection.prepare(
      "INSERT INTO holdfast_process (id, expires_at, deployment, role, definitions) VALUES (?, 0, '', '', '[]')",
    );
  }

  /** The process's number; one that never registered gets a row whose lease has expired. Only in a write transaction. */
  of(id: ProcessId): number {
    const known = this.find(id);
    if (known !== null) return known;
    this.insert.run([toStored(id)]);
    return this.find(id) ?? missing(id);
  }

  find(id: ProcessId): number | null {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const row = this.select.get([toStored(id)]);
    if (row === undefined) return null;
    this.byId.set(id, row.n);
    return row.n;
  }

  /** After a rollback, where the outcome of a statement is unknown, or when rows were removed. */
  forget(): void {
    this.byId.clear();
  }
}

function missing(what: string): never {
  throw new RangeError(`the database lacks a row for '${what}' that was stored before`);
}
