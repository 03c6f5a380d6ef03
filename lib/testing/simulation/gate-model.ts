import type { ExecutionId } from '../../model/ids.js';
import type { AcquireWrite, Gate } from '../../ports/store-write.js';

/** What holds places of one gate, and how many it takes: the most that was ever written, since a lowered limit drives nobody out. */
interface Holders {
  most: number;
  untilEnd: boolean;
  readonly inside: Set<string>;
}

/** What must hold of gates: never more run, or hold a permit, than the limit (I21). */
export class GateModel {
  private readonly executions = new Map<string, Holders>();
  private readonly permits = new Map<string, Holders>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  /** A publish or a commit names an execution's gate. */
  named(gate: Gate): void {
    holdersOf(this.executions, gate);
  }

  /** An execution behind the gate runs. */
  runs(gate: string, id: ExecutionId): void {
    const holders = this.executions.get(gate);
    if (holders !== undefined) this.enter(gate, holders, id, 'run behind');
  }

  /** It does not, or it was let past the gate. One that `waits` keeps its place in a gate that says so. */
  rests(gate: string, id: ExecutionId, waits = false): void {
    const holders = this.executions.get(gate);
    if (holders !== undefined && !(waits && holders.untilEnd)) holders.inside.delete(id);
  }

  /** A permit of the gate is asked for. */
  asked(gate: Gate): void {
    holdersOf(this.permits, gate);
  }

  granted({ lease, holder, gate }: AcquireWrite): void {
    const holders = holdersOf(this.permits, gate);
    const name = permitName(lease.executionId, holder);
    // A permit is of the holder: one that asks again has what it has, whatever gate it names now.
    for (const { inside } of this.permits.values()) if (inside.has(name)) return;
    this.enter(gate.name, holders, name, 'hold permits of');
  }

  released(id: ExecutionId, holder: string): void {
    for (const { inside } of this.permits.values()) inside.delete(permitName(id, holder));
  }

  /** Whatever it holds is free, as far as anyone was told. */
  releasedAll(id: ExecutionId): void {
    const prefix = permitName(id, '');
    for (const { inside } of this.permits.values())
      for (const name of inside) if (name.startsWith(prefix)) inside.delete(name);
  }

  private enter(gate: string, { most, inside }: Holders, who: string, how: string): void {
    inside.add(who);
    if (inside.size > most)
      this.violated(
        'I21',
        `${inside.size} ${how} gate '${gate}', which takes ${most}: ${[...inside].join(', ')}`,
      );
  }
}

function holdersOf(gates: Map<string, Holders>, { name, limit, untilEnd = false }: Gate): Holders {
  let holders = gates.get(name);
  if (holders === undefined) gates.set(name, (holders = { most: limit, untilEnd, inside: new Set() }));
  holders.untilEnd = untilEnd;
  holders.most = Math.max(holders.most, limit);
  return holders;
}

function permitName(id: ExecutionId, holder: string): string {
  return `${id}\n${holder}`;
}
