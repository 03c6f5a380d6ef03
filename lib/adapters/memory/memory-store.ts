import { ConfigurationError } from '../../model/errors-boot.js';
import { impossibleOption } from '../../model/impossible-option.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import type { DefinitionRef, ExecutionRecord } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type { Checkpoint } from '../../model/checkpoint.js';
import type { Clock } from '../../ports/clock.js';
import { declaredSince } from '../../ports/declared-since.js';
import { anyChange, changeOf, declaration, GatheredChange, mereWork } from '../../ports/gathered-change.js';
import type * as port from '../../ports/store.js';
import type { ScheduleWrite, StoredMessage, Verdict, Write } from '../../ports/store-write.js';
import type { StoredBatch, StoredInstance } from '../../ports/stored-instance.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';
import type { OpenPage, OpenRequest } from '../../ports/stored-session.js';
import { Claims } from './claims.js';
import { DedupTable } from './dedup-table.js';
import type { Entry } from './entry.js';
import { countsOf, definitionsOf, matches, ownOf, signalsOf } from './entry-readings.js';
import { Executions } from './executions.js';
import { GraphTable } from './graph-table.js';
import { type MemoryParts, type MemoryState, putState, takeState } from './memory-state.js';
import { plainCopy } from './plain-copy.js';
import { Rates } from './rates.js';
import { ScheduleTable } from './schedule-table.js';
import { SubscriptionTable } from './subscription-table.js';
import { Writes } from './writes.js';

export interface MemoryStoreOptions {
  /** Ended executions kept, journals included; 1,000 by default. The oldest beyond it is dropped as the next one ends. */
  readonly keep?: number;
}

/**
 * A store in this process's memory: nothing survives the process. Apps of one process may share it.
 *
 * Ended executions beyond `keep` are forgotten; of those published under an explicit id, value and error are kept as
 * long as the id is remembered.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const unknown = Object.keys(options).filter((name) => name !== 'keep');
  if (unknown.length > 0)
    throw new ConfigurationError(
      unknown.map((name) => ({
        option: `memoryStore(): ${name}`,
        found: 'it is no option',
        write: 'Write memoryStore() or memoryStore({ keep: 1000 })',
      })),
    );
  return new MemoryStore(options);
}

interface Parts extends MemoryParts {
  readonly writes: Writes;
  readonly claims: Claims;
}

/** A store whose whole content can be taken, replaced and dropped as plain data. */
export class MemoryStore implements port.Store {
  readonly group = { maxWrites: 1_000, maxBytes: 4 * 1024 * 1024 };
  readonly gather = 'none';
  readonly durability = 'memory (lost with the process)';

  private readonly keep: number;
  private parts: Parts;
  private clock: Clock | null = null;
  private opened = 0;
  private readonly listeners = new Set<(change: port.Change) => void>();
  private readonly untold = new GatheredChange();
  private isTelling = false;

  constructor(options: MemoryStoreOptions) {
    this.keep = options.keep ?? 1_000;
    if (!Number.isSafeInteger(this.keep) || this.keep < 0) {
      const write = 'Write a whole number from 0';
      throw new ConfigurationError([impossibleOption('memoryStore(): keep', this.keep, write)]);
    }
    this.parts = this.empty();
  }

  async open(context: port.StoreContext): Promise<void> {
    this.clock = context.clock;
    this.opened++;
  }

  async close(): Promise<void> {
    if (this.opened > 0) this.opened--;
  }

  async write(writes: readonly Write[]): Promise<readonly Verdict[]> {
    const now = this.now();
    const apply = this.parts.writes;
    const verdicts: Verdict[] = [];
    for (const write of writes) {
      if (write.kind === 'commit') verdicts.push(apply.commit(write, now));
      else if (write.kind === 'publish') verdicts.push(apply.publish(write, now));
      else if (write.kind === 'append') verdicts.push(apply.append(write, now));
      else if (write.kind === 'acquire') verdicts.push(apply.acquire(write, now));
      else if (write.kind === 'reserve') verdicts.push(apply.reserve(write, now));
      else if (write.kind === 'schedule') verdicts.push(this.schedule(write, now));
      else if (write.kind === 'instance') verdicts.push(apply.instance(write, now));
      else verdicts.push(apply.await(write, now));
    }
    const { executions } = this.parts;
    if (apply.changed && this.opened > 1) this.tell(changeOf(writes, verdicts));
    // Of what gates, mail and families did no verdict tells, not even the only app.
    else if (executions.served) this.tell(mereWork);
    apply.changed = executions.served = false;
    return verdicts;
  }

  async claim(request: port.ClaimRequest): Promise<port.ClaimAnswer> {
    return this.parts.claims.claim(request, this.now());
  }

  async read(id: ExecutionId): Promise<ExecutionRecord | null> {
    const now = this.now();
    return this.parts.executions.all.find(id)?.toRecord() ?? this.parts.dedup.outcome(id, now);
  }

  async journal(id: ExecutionId): Promise<readonly Checkpoint[]> {
    const entry = this.parts.executions.all.find(id);
    return entry === undefined ? [] : entry.journal.load(entry.turn, entry.epoch);
  }

  async inbox(id: ExecutionId, afterSeq: number, limit: number): Promise<readonly StoredMessage[]> {
    return this.parts.executions.all.find(id)?.inbox?.after(afterSeq, limit) ?? [];
  }

  async list(filter: port.ExecutionFilter): Promise<readonly ExecutionRecord[]> {
    const page: ExecutionRecord[] = [];
    for (const entry of this.parts.executions.inOrder(filter.after, filter.session)) {
      if (page.length >= filter.limit) break;
      if (matches(entry, filter)) page.push(entry.toRecord());
    }
    return page;
  }

  async counts(session?: string): Promise<readonly port.ExecutionCount[]> {
    const { all, sessions } = this.parts.executions;
    return countsOf(session === undefined ? all : sessions.all(session));
  }

  async openSessions(after: string | null, limit: number): Promise<readonly string[]> {
    return this.parts.executions.sessions.open(after, limit);
  }

  async openOf(request: OpenRequest): Promise<OpenPage> {
    const { sessions, lastKey } = this.parts.executions;
    return sessions.page(request, lastKey);
  }

  async heartbeat(
    process: port.ProcessRecord,
    leaseMs: number,
    known?: string,
  ): Promise<port.HeartbeatAnswer> {
    const now = this.now();
    const { executions, subscriptions } = this.parts;
    const renewed = executions.processes.renew(process, now + leaseMs);
    for (const definition of process.definitions) subscriptions.hold(definition.id, now);
    executions.sweep(now);
    const running = [...renewed.running.values()];
    return {
      signals: signalsOf(running),
      owned: running.flatMap((chain) => ownOf(chain.first)),
      liveProcesses: executions.processes.live(now).length,
      declared: declaredSince(known, {
        subscriptions: this.subscribed(now),
        paused: [...this.parts.paused],
        definitions: this.openDefinitions(),
      }),
    };
  }

  async leave(id: ProcessId): Promise<void> {
    const { processes } = this.parts.executions;
    const process = processes.find(id);
    if (process === undefined) return;
    process.record = null;
    processes.forgetDead(this.now());
    if (process.runningCount > 0) this.tellOthers(mereWork);
  }

  async signals(owner: ProcessId): Promise<readonly ExecutionId[]> {
    const process = this.parts.executions.processes.find(owner);
    return process === undefined ? [] : signalsOf(process.running.values());
  }

  async processes(): Promise<readonly port.ProcessRecord[]> {
    return plainCopy(this.parts.executions.processes.live(this.now()));
  }

  async definitions(): Promise<readonly DefinitionRef[]> {
    return this.openDefinitions();
  }

  private openDefinitions(): readonly DefinitionRef[] {
    const { work, processes } = this.parts.executions;
    return definitionsOf(work.all(), processes.live(this.now()));
  }

  async subscribe(subscriptions: readonly port.Subscription[]): Promise<void> {
    const now = this.now();
    let changed = false;
    for (const subscription of subscriptions)
      changed = this.parts.subscriptions.add(subscription, now) || changed;
    if (changed) this.tellOthers(declaration);
  }

  async subscriptions(): Promise<readonly port.Subscription[]> {
    return this.subscribed(this.now());
  }

  private subscribed(now: number): readonly port.Subscription[] {
    return this.parts.subscriptions.all(now).map(({ subscription }) => plainCopy(subscription));
  }

  async declareGraphs(graphs: readonly port.StoredGraph[]): Promise<void> {
    for (const graph of graphs) this.parts.graphs.add(graph, this.now());
  }

  async graphs(worker: string): Promise<readonly port.KeptGraph[]> {
    return this.parts.graphs.of(worker);
  }

  async paused(): Promise<readonly string[]> {
    return [...this.parts.paused];
  }

  async setPaused(definitions: readonly string[], paused: boolean): Promise<void> {
    for (const definition of definitions) {
      if (paused) this.parts.paused.add(definition);
      else this.parts.paused.delete(definition);
    }
    this.tellOthers(declaration);
  }

  async prune(request: port.PruneRequest): Promise<port.PruneAnswer> {
    const now = this.now();
    const { executions, dedup, rates, graphs } = this.parts;
    graphs.prune(now, () => this.openDefinitions());
    let removed = 0;
    let next: Entry | null = null;
    for (let entry = executions.ended.first; entry !== null; entry = next) {
      next = entry.next;
      const before = entry.status === 'failed' ? request.failedBefore : request.completedBefore;
      if (entry.endedAt === null || entry.endedAt >= before) continue;
      if (removed >= request.limit) return { removed, more: true };
      executions.remove(entry, now);
      removed++;
    }
    removed += dedup.forgetExpired(now, request.limit - removed);
    removed += rates.forgetIdle(now, request.limit - removed);
    removed += executions.mailboxes.forgetExpired(now, request.limit - removed);
    const more = dedup.hasExpired(now) || rates.hasIdle(now) || executions.mailboxes.hasExpired(now);
    return { removed, more };
  }

  async schedules(): Promise<readonly StoredSchedule[]> {
    return this.parts.schedules.all();
  }

  async instance(id: string): Promise<StoredInstance | null> {
    return this.parts.instances.find(id);
  }

  async batch(name: string): Promise<StoredBatch | null> {
    return this.parts.executions.batches.view(name);
  }

  onChange(listener: (change: port.Change) => void): () => void {
    const own = (change: port.Change) => listener(change);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  /** A copy of everything stored, as plain JSON data. */
  getState(): MemoryState {
    return takeState(this.parts);
  }

  /** Replaces everything stored by a copy of `state`. */
  setState(state: MemoryState): void {
    const parts = this.empty();
    putState(state, parts);
    this.parts = parts;
    this.tellOthers(anyChange);
  }

  /** Forgets everything stored. */
  clear(): void {
    this.parts = this.empty();
  }

  private empty(): Parts {
    const dedup = new DedupTable();
    const executions = new Executions(this.keep, dedup);
    const paused = new Set<string>();
    const rates = new Rates();
    const writes = new Writes(executions, dedup, rates);
    const claims = new Claims(executions, paused);
    const subscriptions = new SubscriptionTable();
    return {
      dedup,
      executions,
      rates,
      paused,
      writes,
      claims,
      subscriptions,
      graphs: new GraphTable(),
      schedules: new ScheduleTable(),
      instances: writes.instances,
    };
  }

  private schedule(write: ScheduleWrite, now: number): Verdict {
    const { schedules, writes } = this.parts;
    const verdict = schedules.write(write, (event) => writes.publish({ events: [event] }, now));
    writes.changed ||= verdict.verdict === 'ok';
    return verdict;
  }

  private now(): number {
    if (this.clock === null || this.opened === 0) {
      throw new StoreUnavailableError('the memory store is not open: call open() first');
    }
    return this.clock.now();
  }

  /** One app alone knows what it changed. */
  private tellOthers(change: port.Change): void {
    if (this.opened > 1) this.tell(change);
  }

  /** Listeners are told once per turn of the event loop. */
  private tell(change: port.Change): void {
    if (this.listeners.size === 0 || this.clock === null) return;
    this.untold.add(change);
    if (this.isTelling) return;
    this.isTelling = true;
    this.clock.soon(() => {
      this.isTelling = false;
      const told = this.untold.take();
      for (const listener of this.listeners) listener(told);
    });
  }
}
