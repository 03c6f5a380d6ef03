import type { Gate } from '../../ports/store-write.js';
import type { Connection, Statement } from './connection.js';
import { toStored } from './stored-text.js';

/** Gates of executions and of permits have namespaces of their own. */
export const gateKind = Object.freeze({ execution: 0, permit: 1 });

/** The place of an execution, or of a holder of it, in a gate or in its queue. */
export interface PlaceRow {
  readonly place: number;
  readonly n: number;
  /** '' for the execution itself; `=` and the holder's stored name. */
  readonly holder: string;
  readonly gate: number;
  readonly taken: number;
  /** Number of the `granted` message; 0: it did not queue. */
  readonly granted: number;
}

/**
 * Gates and the places in them. Nobody queues at a gate that has room: whoever makes room or raises a limit calls `serve`
 * until it answers nobody. Call it inside a write transaction.
 */
export class GateRows {
  private readonly selectGate: Statement<{ g: number; most: number; until_end: number }>;
  private readonly selectUntilEnd: Statement<{ until_end: number }>;
  private readonly insertGate: Statement<never>;
  private readonly resizeGate: Statement<never>;
  private readonly addUser: Statement<never>;
  private readonly removeUser: Statement<never>;
  private readonly dropGate: Statement<never>;
  private readonly selectPlace: Statement<PlaceRow>;
  private readonly selectPlaces: Statement<PlaceRow>;
  private readonly insertPlace: Statement<never>;
  private readonly deletePlace: Statement<never>;
  private readonly count: Statement<never>;
  private readonly selectRoom: Statement<{ room: number }>;
  private readonly selectNext: Statement<PlaceRow>;
  private readonly takePlace: Statement<never>;
  private readonly notePlace: Statement<never>;

  constructor(connection: Connection) {
    this.selectGate = connection.prepare(
      'SELECT g, most, until_end FROM holdfast_gate WHERE kind = ? AND name = ?',
    );
    this.selectUntilEnd = connection.prepare('SELECT until_end FROM holdfast_gate WHERE g = ?');
    this.insertGate = connection.prepare(
      'INSERT INTO holdfast_gate (kind, name, most, until_end, taken, users) VALUES (?, ?, ?, ?, 0, 0)',
    );
    this.resizeGate = connection.prepare('UPDATE holdfast_gate SET most = ?, until_end = ? WHERE g = ?');
    this.addUser = connection.prepare('UPDATE holdfast_gate SET users = users + 1 WHERE g = ?');
    this.removeUser = connection.prepare('UPDATE holdfast_gate SET users = users - 1 WHERE g = ?');
    this.dropGate = connection.prepare('DELETE FROM holdfast_gate WHERE g = ? AND users <= 0');
    this.selectPlace = connection.prepare(
      `SELECT ${placeColumns} FROM holdfast_place WHERE n = ? AND holder = ?`,
    );
    this.selectPlaces = connection.prepare(
      `SELECT ${placeColumns} FROM holdfast_place WHERE n = ? AND holder > '' ORDER BY place`,
    );
    this.insertPlace = connection.prepare(
      'INSERT INTO holdfast_place (n, holder, gate, rank, taken, granted) VALUES (?, ?, ?, ?, ?, 0)',
    );
    this.deletePlace = connection.prepare('DELETE FROM holdfast_place WHERE place = ?');
    this.count = connection.prepare('UPDATE holdfast_gate SET taken = taken + ? WHERE g = ?');
    this.selectRoom = connection.prepare('SELECT most - taken AS room FROM holdfast_gate WHERE g = ?');
    this.selectNext = connection.prepare(selectNextInQueue);
    this.takePlace = connection.prepare('UPDATE holdfast_place SET taken = 1 WHERE place = ?');
    this.notePlace = connection.prepare('UPDATE holdfast_place SET granted = ? WHERE place = ?');
  }

  /** The gate's number, a new gate's if need be, and whether its limit is another now: then it is to be served. */
  of(
    kind: number,
    { name, limit, untilEnd = false }: Gate,
  ): { readonly g: number; readonly resized: boolean } {
    const stored = toStored(name);
    const until = untilEnd ? 1 : 0;
    const known = this.selectGate.get([kind, stored]);
    if (known === undefined) {
      this.insertGate.run([kind, stored, limit, until]);
      const made = this.selectGate.get([kind, stored]);
      if (made === undefined) throw new RangeError(`the database lost the gate '${name}'`);
      return { g: made.g, resized: false };
    }
    if (known.most !== limit || known.until_end !== until) this.resizeGate.run([limit, until, known.g]);
    return { g: known.g, resized: known.most !== limit };
  }

  use(g: number): void {
    this.addUser.run([g]);
  }

  /** A gate that nobody uses is forgotten. */
  unuse(g: number): void {
    this.removeUser.run([g]);
    this.dropGate.run([g]);
  }

  find(n: number, holder: string): PlaceRow | undefined {
    return this.selectPlace.get([n, holder]);
  }

  /** Those of holders, oldest first. */
  ofHolders(n: number): readonly PlaceRow[] {
    return this.selectPlaces.all([n]);
  }

  /** Whether executions keep their places also while they wait. */
  isUntilEnd(g: number): boolean {
    return this.selectUntilEnd.get([g])?.until_end === 1;
  }

  /** How many more the gate takes; below 0 after its limit was lowered. */
  room(g: number): number {
    return this.selectRoom.get([g])?.room ?? 0;
  }

  /** Takes a place, or one in the queue; answers which. */
  enter(g: number, n: number, holder: string, rank: number): boolean {
    const taken = this.room(g) > 0;
    this.insertPlace.run([n, holder, g, rank, taken ? 1 : 0]);
    if (taken) this.count.run([1, g]);
    return taken;
  }

  remove({ place, taken, gate }: PlaceRow): void {
    this.deletePlace.run([place]);
    if (taken === 1) this.count.run([-1, gate]);
  }

  /** Gives a free place to the first in the queue, and answers whose it is. */
  serve(g: number): PlaceRow | undefined {
    // Asked apart: as a condition of the query it would be asked of every place in the queue of a full gate.
    if (this.room(g) <= 0) return undefined;
    const next = this.selectNext.get([g]);
    if (next === undefined) return undefined;
    this.takePlace.run([next.place]);
    this.count.run([1, g]);
    return next;
  }

  /** Its holder was told by the message of that number. */
  told({ place }: PlaceRow, seq: number): void {
    this.notePlace.run([seq, place]);
  }
}

const placeColumns = 'place, n, holder, gate, taken, granted';

export const selectNextInQueue = `
SELECT ${placeColumns} FROM holdfast_place WHERE gate = ? AND taken = 0
ORDER BY rank, place LIMIT 1`;
