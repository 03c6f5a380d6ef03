import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type * as port from '../../ports/store.js';
import type { OpenRequest } from '../../ports/stored-session.js';
import type { Verdict, Write } from '../../ports/store-write.js';
import type { RecordModel } from './record-model.js';

/** The simulated machine room's one store: every call that is applied is checked against the model. */
export class WatchedStore implements port.Store {
  /** What the store said that claims would find, against what they found: when work fell due. */
  readonly claimDelays: number[] = [];

  constructor(
    private readonly inner: port.Store,
    private readonly model: RecordModel,
    private readonly context: port.StoreContext,
  ) {}

  get group(): port.Store['group'] {
    return this.inner.group;
  }

  get gather(): port.Store['gather'] {
    return this.inner.gather;
  }

  get durability(): string {
    return this.inner.durability;
  }

  open(): Promise<void> {
    return this.inner.open(this.context);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async write(writes: readonly Write[]): Promise<readonly Verdict[]> {
    const now = this.context.clock.now();
    const verdicts = await this.inner.write(writes);
    for (let at = 0; at < writes.length; at++) this.check(writes[at] as Write, verdicts[at] as Verdict, now);
    return verdicts;
  }

  async claim(request: port.ClaimRequest): Promise<port.ClaimAnswer> {
    const now = this.context.clock.now();
    const answer = await this.inner.claim(request);
    for (const work of answer.claimed) {
      this.claimDelays.push(now - work.dueSince);
      this.model.claimed(request, work);
    }
    return answer;
  }

  async heartbeat(
    process: port.ProcessRecord,
    leaseMs: number,
    known?: string,
  ): Promise<port.HeartbeatAnswer> {
    const now = this.context.clock.now();
    const answer = await this.inner.heartbeat(process, leaseMs, known);
    this.model.renewed(process.id, now + leaseMs);
    return answer;
  }

  async leave(id: ProcessId): Promise<void> {
    await this.inner.leave(id);
    this.model.left(id);
  }

  read(id: ExecutionId): ReturnType<port.Store['read']> {
    return this.inner.read(id);
  }

  journal(id: ExecutionId): ReturnType<port.Store['journal']> {
    return this.inner.journal(id);
  }

  inbox(id: ExecutionId, afterSeq: number, limit: number): ReturnType<port.Store['inbox']> {
    return this.inner.inbox(id, afterSeq, limit);
  }

  list(filter: port.ExecutionFilter): ReturnType<port.Store['list']> {
    return this.inner.list(filter);
  }

  counts(session?: string): ReturnType<port.Store['counts']> {
    return this.inner.counts(session);
  }

  openSessions(after: string | null, limit: number): ReturnType<port.Store['openSessions']> {
    return this.inner.openSessions(after, limit);
  }

  openOf(request: OpenRequest): ReturnType<port.Store['openOf']> {
    return this.inner.openOf(request);
  }

  signals(owner: ProcessId): ReturnType<port.Store['signals']> {
    return this.inner.signals(owner);
  }

  processes(): ReturnType<port.Store['processes']> {
    return this.inner.processes();
  }

  definitions(): ReturnType<port.Store['definitions']> {
    return this.inner.definitions();
  }

  subscribe(subscriptions: readonly port.Subscription[]): Promise<void> {
    return this.inner.subscribe(subscriptions);
  }

  subscriptions(): ReturnType<port.Store['subscriptions']> {
    return this.inner.subscriptions();
  }

  declareGraphs(graphs: readonly port.StoredGraph[]): Promise<void> {
    return this.inner.declareGraphs(graphs);
  }

  graphs(worker: string): ReturnType<port.Store['graphs']> {
    return this.inner.graphs(worker);
  }

  setPaused(definitions: readonly string[], paused: boolean): Promise<void> {
    return this.inner.setPaused(definitions, paused);
  }

  paused(): ReturnType<port.Store['paused']> {
    return this.inner.paused();
  }

  schedules(): ReturnType<port.Store['schedules']> {
    return this.inner.schedules();
  }

  async instance(id: string): ReturnType<port.Store['instance']> {
    const found = await this.inner.instance(id);
    this.model.instances.read(id, found);
    return found;
  }

  async batch(name: string): ReturnType<port.Store['batch']> {
    const found = await this.inner.batch(name);
    this.model.batches.read(name, found);
    return found;
  }

  prune(request: port.PruneRequest): ReturnType<port.Store['prune']> {
    return this.inner.prune(request);
  }

  onChange(listener: (change: port.Change) => void): () => void {
    return this.inner.onChange(listener);
  }

  private check(write: Write, verdict: Verdict, now: number): void {
    if (write.kind === 'publish') this.model.published(write.events, verdict, now);
    else if (write.kind === 'commit') this.model.committed(write, verdict, now);
    else if (write.kind === 'append') this.model.appended(write, verdict);
    else if (write.kind === 'acquire') this.model.acquired(write, verdict);
    else if (write.kind === 'schedule') this.model.scheduled(write, verdict, now);
    else if (write.kind === 'instance') this.model.instanced(write, verdict, now);
    else if (write.kind === 'await') this.model.awaited(write, verdict, now);
  }
}
