import type { DefinitionRef } from '../../model/execution.js';
import type { Gates } from './gates.js';
import { byRank, DefinitionWork, type Entry, type Lane, LaneQueue } from './entry.js';

/** Timers that one claim moves to the ready lanes at most: a claim stays short when very many fall due together. */
const PROMOTED_AT_ONCE = 10_000;

/** What is due now and what will be: ready lanes served in rotation, and timers; by definition. */
export class WorkIndex {
  private readonly definitions = new Map<string, Map<string, DefinitionWork>>();
  private readonly lanes = new Map<string, Lane>();
  private turn = 0;

  constructor(private readonly gates: Gates) {}

  find(ref: DefinitionRef): DefinitionWork | undefined {
    return this.definitions.get(ref.id)?.get(ref.fingerprint);
  }

  of(ref: DefinitionRef): DefinitionWork {
    let versions = this.definitions.get(ref.id);
    if (versions === undefined) this.definitions.set(ref.id, (versions = new Map()));
    let work = versions.get(ref.fingerprint);
    if (work === undefined)
      versions.set(ref.fingerprint, (work = new DefinitionWork(ref.id, ref.fingerprint)));
    return work;
  }

  *all(): Generator<DefinitionWork> {
    for (const versions of this.definitions.values()) yield* versions.values();
  }

  /** Drops a definition of which nothing is stored. */
  drop(work: DefinitionWork): void {
    const versions = this.definitions.get(work.id);
    versions?.delete(work.fingerprint);
    if (versions?.size === 0) this.definitions.delete(work.id);
  }

  /** Takes in what became ready: into its lane, if its gate lets it. */
  receive(entry: Entry): void {
    if (entry.gate === null || this.passes(entry)) this.enqueue(entry);
  }

  /** Whether its gate lets it; else it is in the queue there. */
  passes(entry: Entry): boolean {
    if (entry.gate === null || this.gates.enter(entry, entry.gate)) return true;
    entry.status = 'waiting';
    entry.waitReason = 'gate';
    entry.place = 'queued';
    return false;
  }

  enqueue(entry: Entry): void {
    let lane = this.lanes.get(entry.lane);
    if (lane === undefined) this.lanes.set(entry.lane, (lane = { name: entry.lane, queues: new Map() }));
    let queue = lane.queues.get(entry.work);
    if (queue === undefined) {
      queue = new LaneQueue(lane, entry.work, ++this.turn);
      lane.queues.set(entry.work, queue);
      entry.work.lanes.push(queue);
    }
    queue.ready.push(entry);
    entry.place = 'ready';
  }

  schedule(entry: Entry): void {
    entry.work.timers.push(entry);
    entry.place = 'timer';
  }

  /** Takes an entry out of the lanes or the timers. */
  remove(entry: Entry): void {
    if (entry.place === 'timer') entry.work.timers.remove(entry);
    else {
      const queue = this.lanes.get(entry.lane)?.queues.get(entry.work);
      queue?.ready.remove(entry);
      if (queue?.ready.size === 0) this.close(queue);
    }
    entry.place = 'none';
  }

  /** Moves what fell due to its lane. */
  promote(work: DefinitionWork, now: number): void {
    for (let count = 0; count < PROMOTED_AT_ONCE; count++) {
      const entry = work.timers.peek();
      if (entry === undefined || entry.wakesAt > now) return;
      this.fire(entry);
    }
  }

  /** The timer of this entry is due. */
  fire(entry: Entry): void {
    entry.work.timers.remove(entry);
    entry.place = 'none';
    entry.status = 'pending';
    entry.waitReason = null;
    entry.dueSince = entry.wakesAt;
    this.receive(entry);
  }

  /** Takes the next ready entry of these definitions: lanes in turn, within a lane by priority, then age. */
  shift(definitions: ReadonlySet<DefinitionWork>): Entry | undefined {
    const lane = this.nextLane(definitions);
    if (lane === undefined) return undefined;
    let best: Entry | undefined;
    for (const queue of lane.queues.values()) {
      const candidate = definitions.has(queue.work) ? queue.ready.peek() : undefined;
      if (candidate !== undefined && (best === undefined || byRank(candidate, best) < 0)) best = candidate;
    }
    if (best === undefined) return undefined;
    this.remove(best);
    this.rotate(lane);
    return best;
  }

  private nextLane(definitions: ReadonlySet<DefinitionWork>): Lane | undefined {
    let next: LaneQueue | null = null;
    for (const work of definitions) {
      const head = work.lanes.first;
      if (head !== null && (next === null || head.turn < next.turn)) next = head;
    }
    return next?.lane;
  }

  private rotate(lane: Lane): void {
    const turn = ++this.turn;
    for (const queue of lane.queues.values()) {
      queue.turn = turn;
      queue.work.lanes.remove(queue);
      queue.work.lanes.push(queue);
    }
  }

  private close(queue: LaneQueue): void {
    queue.work.lanes.remove(queue);
    queue.lane.queues.delete(queue.work);
    if (queue.lane.queues.size === 0) this.lanes.delete(queue.lane.name);
  }
}
