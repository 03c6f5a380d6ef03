import type { ExecutionId } from '../../model/ids.js';
import type { AcquireWrite, Gate, RecordChange } from '../../ports/store-write.js';

/** What holds places of one gate, and how many it takes: the most that was ever written, since a lowered limit drives nobody out. */
interface Holders {
  most: number;
  untilEnd: boolean;
  readonly inside: Set<string>;
  /** Executions that keep their places while they wait. */
  readonly waiting: Set<string>;
}

/** What a holder has asked for, and what is known of it. */
interface Ask {
  /** Where it queues or has its permit; null: it was asked for at two gates, and may be of either. */
  gate: string | null;
  /** It was not granted at once: what queues may outlast a rest, which nobody is told. */
  readonly queued: boolean;
  /** It may have been given back: what is asked for next may be another permit. */
  unsure: boolean;
}

/** What must hold of gates: never more run, or hold a permit, than the limit (I21). */
export class GateModel {
  private readonly executions = new Map<string, Holders>();
  private readonly permits = new Map<string, Holders>();
  private readonly asks = new Map<string, Ask>();
  /** Those that a cancel let past their gates: they do not count until they rest, whoever goes on with them. */
  private readonly past = new Set<ExecutionId>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  /** A publish or a commit names an execution's gate. */
  named(gate: Gate): void {
    const holders = holdersOf(this.executions, gate);
    holders.untilEnd = gate.untilEnd ?? false;
    // From here on a lowered limit takes their places when they wake.
    if (!holders.untilEnd) holders.waiting.clear();
  }

  /** An execution behind the gate runs; one that `isCancelled` and has no place was let past it, or in: nobody tells. */
  runs(gate: string, id: ExecutionId, isCancelled = false): void {
    const holders = this.executions.get(gate);
    if (holders === undefined) return;
    const isIn = holders.inside.has(id) || holders.waiting.delete(id);
    if (isCancelled && !isIn) this.past.add(id);
    if (!this.past.has(id)) this.enter(gate, holders, id, 'run behind');
  }

  /** It does not. One that `waits` keeps its place in a gate that says so. */
  rests(gate: string, id: ExecutionId, waits: boolean): void {
    this.past.delete(id);
    const holders = this.executions.get(gate);
    if (holders?.inside.delete(id) === true && waits && holders.untilEnd) holders.waiting.add(id);
  }

  /** A permit was asked for and granted, or the holder queues. */
  asked({ lease, holder, gate }: AcquireWrite, isGranted: boolean): void {
    holdersOf(this.permits, gate);
    const name = permitName(lease.executionId, holder);
    let ask = this.asks.get(name);
    if (ask === undefined)
      this.asks.set(name, (ask = { gate: gate.name, queued: !isGranted, unsure: false }));
    // A permit is of the holder: one that asks again has what it has, whatever gate it names now.
    else if (ask.unsure && ask.gate !== gate.name) ask.gate = null;
    const holders = ask.gate === null ? undefined : this.permits.get(ask.gate);
    if (ask.gate === null || holders === undefined) return;
    ask.unsure = false;
    if (isGranted) this.enter(ask.gate, holders, name, 'hold permits of');
  }

  released(id: ExecutionId, holder: string): void {
    const name = permitName(id, holder);
    this.leave(name);
    this.asks.delete(name);
  }

  /** It stops running: what it has is free, but for what it holds on to or may still queue for. */
  gaveBack(id: ExecutionId, { status, listening, holds = [] }: RecordChange): void {
    const prefix = permitName(id, '');
    const waits = status === 'waiting' && listening.includes('granted');
    for (const [name, ask] of this.asks) {
      if (!name.startsWith(prefix)) continue;
      if (status === 'waiting' && holds.includes(name.slice(prefix.length))) continue;
      this.leave(name);
      if (waits && ask.queued) ask.unsure = true;
      else this.asks.delete(name);
    }
  }

  private leave(name: string): void {
    for (const { inside } of this.permits.values()) inside.delete(name);
  }

  private enter(gate: string, { most, inside, waiting }: Holders, who: string, how: string): void {
    inside.add(who);
    const all = [...inside, ...waiting];
    if (all.length > most)
      this.violated('I21', `${all.length} ${how} gate '${gate}', which takes ${most}: ${all.join(', ')}`);
  }
}

function holdersOf(gates: Map<string, Holders>, { name, limit }: Gate): Holders {
  let holders = gates.get(name);
  if (holders === undefined)
    gates.set(name, (holders = { most: limit, untilEnd: false, inside: new Set(), waiting: new Set() }));
  holders.most = Math.max(holders.most, limit);
  return holders;
}

function permitName(id: ExecutionId, holder: string): string {
  return `${id}\n${holder}`;
}
