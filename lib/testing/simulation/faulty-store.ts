import { StoreUnavailableError } from '../../model/errors-store.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type * as port from '../../ports/store.js';
import type { OpenRequest } from '../../ports/stored-session.js';
import type { Verdict, Write } from '../../ports/store-write.js';
import type { Machine } from './machine.js';

/**
 * One process's way to the store. A call travels, is applied, and its answer travels back: between these the process may
 * die or stand still, and either way may fail.
 */
export class FaultyStore implements port.Store {
  constructor(
    private readonly inner: port.Store,
    private readonly machine: Machine,
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

  open(context: port.StoreContext): Promise<void> {
    return this.inner.open(context);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  write(writes: readonly Write[]): Promise<readonly Verdict[]> {
    return this.call('write', () => this.inner.write(writes));
  }

  claim(request: port.ClaimRequest): Promise<port.ClaimAnswer> {
    return this.call('claim', () => this.inner.claim(request));
  }

  read(id: ExecutionId): ReturnType<port.Store['read']> {
    return this.call('read', () => this.inner.read(id));
  }

  journal(id: ExecutionId): ReturnType<port.Store['journal']> {
    return this.call('journal', () => this.inner.journal(id));
  }

  inbox(id: ExecutionId, afterSeq: number, limit: number): ReturnType<port.Store['inbox']> {
    return this.call('inbox', () => this.inner.inbox(id, afterSeq, limit));
  }

  list(filter: port.ExecutionFilter): ReturnType<port.Store['list']> {
    return this.call('list', () => this.inner.list(filter));
  }

  counts(session?: string): ReturnType<port.Store['counts']> {
    return this.call('counts', () => this.inner.counts(session));
  }

  openSessions(after: string | null, limit: number): ReturnType<port.Store['openSessions']> {
    return this.call('openSessions', () => this.inner.openSessions(after, limit));
  }

  openOf(request: OpenRequest): ReturnType<port.Store['openOf']> {
    return this.call('openOf', () => this.inner.openOf(request));
  }

  heartbeat(...asked: Parameters<port.Store['heartbeat']>): Promise<port.HeartbeatAnswer> {
    return this.call('heartbeat', () => this.inner.heartbeat(...asked));
  }

  leave(id: ProcessId): Promise<void> {
    return this.call('leave', () => this.inner.leave(id));
  }

  signals(owner: ProcessId): ReturnType<port.Store['signals']> {
    return this.call('signals', () => this.inner.signals(owner));
  }

  processes(): ReturnType<port.Store['processes']> {
    return this.call('processes', () => this.inner.processes());
  }

  definitions(): ReturnType<port.Store['definitions']> {
    return this.call('definitions', () => this.inner.definitions());
  }

  subscribe(subscriptions: readonly port.Subscription[]): Promise<void> {
    return this.call('subscribe', () => this.inner.subscribe(subscriptions));
  }

  subscriptions(): ReturnType<port.Store['subscriptions']> {
    return this.call('subscriptions', () => this.inner.subscriptions());
  }

  declareGraphs(graphs: readonly port.StoredGraph[]): Promise<void> {
    return this.call('declareGraphs', () => this.inner.declareGraphs(graphs));
  }

  graphs(worker: string): ReturnType<port.Store['graphs']> {
    return this.call('graphs', () => this.inner.graphs(worker));
  }

  setPaused(definitions: readonly string[], paused: boolean): Promise<void> {
    return this.call('setPaused', () => this.inner.setPaused(definitions, paused));
  }

  paused(): ReturnType<port.Store['paused']> {
    return this.call('paused', () => this.inner.paused());
  }

  schedules(): ReturnType<port.Store['schedules']> {
    return this.call('schedules', () => this.inner.schedules());
  }

  instance(id: string): ReturnType<port.Store['instance']> {
    return this.call('instance', () => this.inner.instance(id));
  }

  batch(name: string): ReturnType<port.Store['batch']> {
    return this.call('batch', () => this.inner.batch(name));
  }

  prune(request: port.PruneRequest): ReturnType<port.Store['prune']> {
    return this.call('prune', () => this.inner.prune(request));
  }

  /** What the store tells travels as a hint does: it may come late, twice or never. */
  onChange(listener: (change: port.Change) => void): () => void {
    return this.inner.onChange((change) => this.machine.carryHint(() => listener(change)));
  }

  private call<T>(name: string, apply: () => Promise<T>): Promise<T> {
    const { machine } = this;
    // A dead machine sends nothing; what it had sent may still arrive.
    if (machine.condition === 'dead') return new Promise(() => {});
    const { thereMs, backMs, outlives, outcome, dies } = machine.nextCall(name);
    machine.note(`${name} ${outcome}`);
    return new Promise((resolve, reject) => {
      const reply = (settle: () => void): void => {
        machine.time.after(backMs, machine, settle);
      };
      const fail = (): void =>
        reply(() => reject(new StoreUnavailableError(`simulated: ${name} ${outcome}`)));
      if (outcome === 'late') fail();
      machine.time.after(outcome === 'late' ? thereMs + 10 * backMs : thereMs, null, () => {
        const wasDead = machine.condition === 'dead';
        if (wasDead && !outlives) return;
        if (dies === 'before') machine.crash();
        if (dies === 'before' && !outlives) return;
        if (outcome === 'refused') {
          fail();
          return;
        }
        apply().then(
          (answer) => {
            if (dies === 'after') machine.crash();
            else if (outcome === 'reply-lost') fail();
            else if (outcome === 'answered') reply(() => resolve(answer));
          },
          (error: unknown) => reply(() => reject(error)),
        );
      });
    });
  }
}
