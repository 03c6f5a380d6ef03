import type { Gate } from '../../ports/store-write.js';
import { type Entry, type GateEntry, Place } from './entry.js';
import { gateOf, type Gates } from './gates.js';

/** Limits by name, as plain data; who is in is told by the executions. */
export interface GateState {
  readonly executions: readonly Gate[];
  readonly permits: readonly Gate[];
  readonly lastNumber: number;
}

/** What one execution has in gates, as plain data. */
export interface ExecutionPlaces {
  readonly admission: { readonly taken: boolean; readonly number: number } | null;
  readonly permits: readonly {
    readonly gate: string;
    readonly holder: string;
    readonly taken: boolean;
    readonly grantedSeq: number;
    readonly number: number;
  }[];
}

export function takeGates({ executions, permits, lastNumber }: Gates): GateState {
  const limits = (gates: ReadonlyMap<string, GateEntry>): Gate[] =>
    Array.from(gates.values(), ({ name, limit, untilEnd }) => ({
      name,
      limit,
      ...(untilEnd && { untilEnd }),
    }));
  return { executions: limits(executions), permits: limits(permits), lastNumber };
}

export function placesOf({ admission, permits }: Entry): ExecutionPlaces {
  return {
    admission: admission === null ? null : { taken: admission.taken, number: admission.number },
    permits: Array.from(permits ?? [], ([holder, { gate, taken, grantedSeq, number }]) => ({
      gate: gate.name,
      holder,
      taken,
      grantedSeq,
      number,
    })),
  };
}

/** Fills empty gates; the places follow with {@link putPlaces}. */
export function putGates(state: GateState, gates: Gates): void {
  for (const { name, limit, untilEnd = false } of state.executions)
    gateOf(gates.executions, name, limit).untilEnd = untilEnd;
  for (const { name, limit } of state.permits) gateOf(gates.permits, name, limit);
  gates.lastNumber = state.lastNumber;
}

export function putPlaces(state: ExecutionPlaces, gateName: string | null, entry: Entry, gates: Gates): void {
  if (gateName !== null) {
    entry.gate = gateOf(gates.executions, gateName, 0);
    entry.gate.users++;
    if (state.admission !== null)
      entry.admission = put(entry.gate, entry, null, { ...state.admission, grantedSeq: 0 });
  }
  for (const permit of state.permits) {
    const gate = gateOf(gates.permits, permit.gate, 0);
    gate.users++;
    entry.permits ??= new Map();
    entry.permits.set(permit.holder, put(gate, entry, permit.holder, permit));
  }
}

function put(
  gate: GateEntry,
  entry: Entry,
  holder: string | null,
  { taken, number, grantedSeq }: Pick<Place, 'taken' | 'number' | 'grantedSeq'>,
): Place {
  const place = new Place(gate, entry, holder, number);
  place.taken = taken;
  place.grantedSeq = grantedSeq;
  if (taken) gate.inside.add(place);
  else gate.queue.push(place);
  return place;
}
