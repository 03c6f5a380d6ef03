import type { Gate, RecordChange } from '../../ports/store-write.js';
import { type Entry, GateEntry, Place } from './entry.js';

/** What becomes of those whose turn has come. */
export interface GateServed {
  /** The execution passes its gate. */
  admitted(entry: Entry, now: number): void;
  /** The holder has its permit. */
  granted(place: Place, now: number): void;
}

/**
 * Gates of executions and of permits. Nobody queues at a gate that has room: whatever makes room or raises a limit serves
 * the queue at once.
 */
export class Gates {
  readonly executions = new Map<string, GateEntry>();
  readonly permits = new Map<string, GateEntry>();
  /** Numbers order the queues and name the `granted` messages; never used again. */
  lastNumber = 0;

  constructor(private readonly served: GateServed) {}

  /** Puts a stored execution behind a gate, instead of the one it had. */
  join(entry: Entry, { name, limit, untilEnd = false }: Gate, now: number): void {
    const gate = gateOf(this.executions, name, limit);
    gate.untilEnd = untilEnd;
    if (entry.gate !== gate) {
      gate.users++;
      this.quit(entry, now);
      entry.gate = gate;
    }
    this.resize(gate, limit, now);
  }

  /** The execution has no gate any more. */
  quit(entry: Entry, now: number): void {
    const { gate } = entry;
    if (gate === null) return;
    this.leave(entry, now);
    entry.gate = null;
    forgetUser(this.executions, gate);
  }

  /** Whether an execution that became ready may go to its lane; else it has its place in the queue. */
  enter(entry: Entry, gate: GateEntry): boolean {
    if (entry.admission !== null) {
      // Handed back: it keeps its place, unless the limit was lowered meanwhile.
      if (!entry.admission.taken || gate.untilEnd || gate.taken <= gate.limit) return entry.admission.taken;
      gate.inside.delete(entry.admission);
      entry.admission = null;
    }
    // A cancel is served at once: past the gate, without counting.
    if (gate.taken >= gate.limit && entry.isCancelled) return true;
    entry.admission = new Place(gate, entry, null, ++this.lastNumber);
    return take(entry.admission);
  }

  /** The execution rests, ends or goes past the gate: its place in there, or in the queue, is free. */
  leave(entry: Entry, now: number): void {
    if (entry.admission === null) return;
    const place = entry.admission;
    entry.admission = null;
    this.free(place, now);
  }

  /** Who holds a place of an execution gate or queues for one, in the order of asking. */
  at(name: string): Entry[] {
    const gate = this.executions.get(name);
    const places = gate === undefined ? [] : [...gate.inside, ...gate.queue.all()];
    return places.sort((a, b) => a.number - b.number).map(({ entry }) => entry);
  }

  /** Whether the holder has a permit; else it queues for one. */
  acquire(entry: Entry, holder: string, { name, limit }: Gate, now: number): boolean {
    const known = entry.permits?.get(holder);
    if (known !== undefined) return known.taken;
    const gate = gateOf(this.permits, name, limit);
    gate.users++;
    this.resize(gate, limit, now);
    const place = new Place(gate, entry, holder, ++this.lastNumber);
    entry.permits ??= new Map();
    entry.permits.set(holder, place);
    return take(place);
  }

  release(entry: Entry, holders: readonly string[], now: number): void {
    this.giveAllBack(
      [...new Set(holders)].flatMap((holder) => entry.permits?.get(holder) ?? []),
      now,
    );
  }

  /** Gives back what an execution does not take along when it stops running. */
  rest(entry: Entry, { status, listening, seenInboxSeq, holds }: RecordChange, now: number): void {
    if (entry.permits === null) return;
    const waits = status === 'waiting' && listening.includes('granted');
    const places: Place[] = [];
    for (const [holder, place] of entry.permits)
      if (holds?.includes(holder) !== true && (!waits || (place.taken && place.grantedSeq <= seenInboxSeq)))
        places.push(place);
    this.giveAllBack(places, now);
  }

  /** Those in queues first: what the others give back is not for them. */
  private giveAllBack(places: readonly Place[], now: number): void {
    for (const place of places) if (!place.taken) this.giveBack(place, now);
    for (const place of places) if (place.taken) this.giveBack(place, now);
  }

  private giveBack(place: Place, now: number): void {
    const { entry, holder, gate } = place;
    if (holder === null) return;
    entry.permits?.delete(holder);
    if (entry.permits?.size === 0) entry.permits = null;
    this.free(place, now);
    forgetUser(this.permits, gate);
  }

  private free(place: Place, now: number): void {
    const { gate } = place;
    if (!place.taken) gate.queue.remove(place);
    else {
      gate.inside.delete(place);
      this.serve(gate, now);
    }
  }

  private resize(gate: GateEntry, limit: number, now: number): void {
    if (gate.limit === limit) return;
    gate.limit = limit;
    this.serve(gate, now);
  }

  private serve(gate: GateEntry, now: number): void {
    while (gate.taken < gate.limit) {
      const place = gate.queue.peek();
      if (place === undefined) return;
      gate.queue.remove(place);
      gate.inside.add(place);
      place.taken = true;
      if (place.holder === null) this.served.admitted(place.entry, now);
      else this.served.granted(place, now);
    }
  }
}

/** The gate of that name, a new one if need be. */
export function gateOf(gates: Map<string, GateEntry>, name: string, limit: number): GateEntry {
  let gate = gates.get(name);
  if (gate === undefined) gates.set(name, (gate = new GateEntry(name, limit)));
  return gate;
}

function forgetUser(gates: Map<string, GateEntry>, gate: GateEntry): void {
  if (--gate.users === 0) gates.delete(gate.name);
}

function take(place: Place): boolean {
  const { gate } = place;
  place.taken = gate.taken < gate.limit;
  if (place.taken) gate.inside.add(place);
  else gate.queue.push(place);
  return place.taken;
}
