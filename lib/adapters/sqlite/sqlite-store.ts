import { resolve } from 'node:path';
import type { Checkpoint } from '../../model/checkpoint.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import type { DefinitionRef, ExecutionRecord, ExecutionStatus } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import { declaredSince } from '../../ports/declared-since.js';
import { changeOf, declaration, mereWork } from '../../ports/gathered-change.js';
import type * as port from '../../ports/store.js';
import type { StoredBatch, StoredInstance } from '../../ports/stored-instance.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';
import type { OpenPage, OpenRequest } from '../../ports/stored-session.js';
import type { StoredMessage, Verdict, Write } from '../../ports/store-write.js';
import { chooseDriver, type SqliteDriver } from './driver.js';
import { checkOptions, refuseUnknown, type SqliteStoreOptions } from './sqlite-options.js';
import { PeerWatch } from './peer-watch.js';
import { OpenDatabase, type Synchronous } from './open-database.js';

/**
 * A store in one SQLite file, for one process or several on one machine (not on a network disk).
 *
 * @example sqliteStore('./.holdfast/holdfast.db')
 */
export function sqliteStore(options: string | SqliteStoreOptions): SqliteStore {
  refuseUnknown(options);
  return new SqliteStore(typeof options === 'string' ? { path: options } : options);
}

/** The first SQLite without the WAL-reset bug, which several processes on one file can meet. */
const soundForSeveral = [3, 51, 3] as const;

export class SqliteStore implements port.Store {
  readonly group = { maxWrites: 1_000, maxBytes: 4 * 1024 * 1024 };
  readonly gather = 'macrotask';
  readonly durability: string;

  private readonly path: string;
  private readonly synchronous: Synchronous;
  private readonly readOnly: boolean;
  private readonly driver: SqliteDriver | undefined;
  private opened = 0;
  private opening: Promise<OpenDatabase> | null = null;
  private database: OpenDatabase | null = null;
  /** Processes that beat through this object: apps of one operating-system process. */
  private readonly local = new Set<ProcessId>();
  private readonly listeners = new Map<(change: port.Change) => void, (() => void) | null>();
  private readonly peers = new PeerWatch();
  private warned = false;

  constructor(options: SqliteStoreOptions) {
    const { path, synchronous = 'FULL', readOnly = false, driver } = options;
    checkOptions(path, synchronous, readOnly);
    this.path = path === ':memory:' ? path : resolve(path);
    this.synchronous = synchronous;
    this.readOnly = readOnly;
    this.driver = driver;
    this.durability =
      path === ':memory:'
        ? 'SQLite in memory (lost with the process)'
        : `WAL, synchronous=${synchronous} (survives a ${synchronous === 'FULL' ? 'power cut' : 'process crash'})`;
  }

  async open(context: port.StoreContext): Promise<void> {
    this.opened++;
    try {
      this.opening ??= chooseDriver(this.driver).then((driver) =>
        this.readOnly
          ? OpenDatabase.openReadOnly(driver, this.path, context)
          : OpenDatabase.open(driver, this.path, this.synchronous, context),
      );
      const database = await this.opening;
      if (this.opened === 0 || this.database === database) return;
      this.database = database;
      for (const listener of this.listeners.keys()) this.listeners.set(listener, database.poll.add(listener));
    } catch (error) {
      this.opened--;
      this.opening = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.opened === 0 || --this.opened > 0) return;
    const opening = this.opening;
    this.opening = null;
    this.database = null;
    this.local.clear();
    (await opening)?.close();
  }

  async write(writes: readonly Write[]): Promise<readonly Verdict[]> {
    const database = this.ready();
    const { transactor, context } = database;
    const grouped = () => database.apply(writes, context.clock.now());
    const [only] = writes;
    const { verdicts, changed, served } = await (only === undefined || writes.length > 1
      ? transactor.write(grouped)
      : transactor.writeAlone(() => database.applyAlone(only, context.clock.now()), grouped));
    if (changed && this.opened > 1) database.poll.tell(changeOf(writes, verdicts));
    else if (served) database.poll.tell(mereWork);
    return verdicts;
  }

  async claim(request: port.ClaimRequest): Promise<port.ClaimAnswer> {
    const { transactor, claims, context } = this.ready();
    const idle = await transactor.read(() => claims.look(request, context.clock.now()));
    return idle ?? transactor.write(() => claims.claim(request, context.clock.now()));
  }

  async read(id: ExecutionId): Promise<ExecutionRecord | null> {
    const { transactor, queries, context } = this.ready();
    return transactor.read(() => queries.read(id, context.clock.now()));
  }

  async journal(id: ExecutionId): Promise<readonly Checkpoint[]> {
    const { transactor, queries, journals } = this.ready();
    return transactor.read(() => {
      const row = queries.find(id);
      return row === undefined ? [] : journals.load(row.n, row.turn, row.epoch, row.fence).checkpoints;
    });
  }

  async inbox(id: ExecutionId, afterSeq: number, limit: number): Promise<readonly StoredMessage[]> {
    const { transactor, queries, journals } = this.ready();
    return transactor.read(() => {
      const row = queries.find(id);
      return row === undefined ? [] : journals.inbox(row, id, afterSeq, limit);
    });
  }

  async list(filter: port.ExecutionFilter): Promise<readonly ExecutionRecord[]> {
    const { transactor, queries } = this.ready();
    const found: ExecutionRecord[] = [];
    let from: number | null = await transactor.read(() => queries.placeOf(filter.after));
    while (from !== null) {
      const start: number = from;
      const page = await transactor.read(() => queries.page(filter, start, filter.limit - found.length));
      found.push(...page.records);
      from = page.next;
      if (from !== null) await this.breathe();
    }
    return found;
  }

  async counts(session?: string): Promise<readonly port.ExecutionCount[]> {
    const { transactor, queries } = this.ready();
    const sums = new Map<string, Map<ExecutionStatus, number>>();
    let from: number | null = 0;
    while (from !== null) {
      const start: number = from;
      from = await transactor.read(() => queries.count(sums, session, start));
      if (from !== null) await this.breathe();
    }
    return Array.from(sums, ([definition, byStatus]) =>
      Array.from(byStatus, ([status, count]) => ({ definition, status, count })),
    ).flat();
  }

  async openSessions(after: string | null, limit: number): Promise<readonly string[]> {
    const { transactor, sessions } = this.ready();
    return transactor.read(() => sessions.open(after, limit));
  }

  async openOf(request: OpenRequest): Promise<OpenPage> {
    const { transactor, sessions } = this.ready();
    return transactor.read(() => sessions.page(request));
  }

  async heartbeat(
    process: port.ProcessRecord,
    leaseMs: number,
    known?: string,
  ): Promise<port.HeartbeatAnswer> {
    const database = this.ready();
    const { transactor, registry, processes, context } = database;
    await transactor.write(() => registry.renew(process, leaseMs, context.clock.now()));
    processes.forget();
    this.local.add(process.id);
    const { signals, owned, live, declared } = await transactor.read(() => ({
      signals: registry.signals(process.id),
      owned: registry.owned(process.id),
      live: registry.live(context.clock.now()),
      declared: declaredSince(known, registry.declared(context.clock.now())),
    }));
    database.poll.watch(live.length > 1);
    if (live.some(({ id }) => !this.local.has(id))) await this.warnOfPeers(database);
    return { signals, owned, liveProcesses: live.length, declared };
  }

  async leave(id: ProcessId): Promise<void> {
    const { transactor, registry, context, poll } = this.ready();
    await transactor.write(() => registry.leave(id, context.clock.now()));
    this.local.delete(id);
    if (this.opened > 1) poll.tell(mereWork);
  }

  async signals(owner: ProcessId): Promise<readonly ExecutionId[]> {
    const { transactor, registry } = this.ready();
    return transactor.read(() => registry.signals(owner));
  }

  async processes(): Promise<readonly port.ProcessRecord[]> {
    const { transactor, registry, context } = this.ready();
    return transactor.read(() => registry.live(context.clock.now()));
  }

  async definitions(): Promise<readonly DefinitionRef[]> {
    const { transactor, registry, context } = this.ready();
    return transactor.read(() => registry.openDefinitions(context.clock.now()));
  }

  async subscribe(subscriptions: readonly port.Subscription[]): Promise<void> {
    const { transactor, registry, context, poll } = this.ready();
    if (subscriptions.length === 0) return;
    await transactor.write(() => registry.subscribe(subscriptions, context.clock.now()));
    if (this.opened > 1) poll.tell(declaration);
  }

  async subscriptions(): Promise<readonly port.Subscription[]> {
    const { transactor, registry, context } = this.ready();
    return transactor.read(() => registry.subscriptions(context.clock.now()));
  }

  async declareGraphs(declared: readonly port.StoredGraph[]): Promise<void> {
    const { transactor, graphs, context } = this.ready();
    if (declared.length > 0) await transactor.write(() => graphs.declare(declared, context.clock.now()));
  }

  async graphs(worker: string): Promise<readonly port.KeptGraph[]> {
    const { transactor, graphs } = this.ready();
    return transactor.read(() => graphs.of(worker));
  }

  async paused(): Promise<readonly string[]> {
    const { transactor, registry } = this.ready();
    return transactor.read(() => registry.pausedDefinitions());
  }

  async setPaused(definitions: readonly string[], paused: boolean): Promise<void> {
    const { transactor, registry, poll } = this.ready();
    await transactor.write(() => registry.setPaused(definitions, paused));
    if (this.opened > 1) poll.tell(declaration);
  }

  async prune(request: port.PruneRequest): Promise<port.PruneAnswer> {
    const { transactor, retention, graphs, processes, context } = this.ready();
    const idle = await transactor.read(() => {
      const now = context.clock.now();
      return graphs.hasUnused(now) ? null : retention.look(request, now);
    });
    if (idle !== null) return idle;
    const answer = await transactor.write(() => {
      const now = context.clock.now();
      graphs.prune(now);
      return retention.prune(request, now);
    });
    processes.forget();
    return answer;
  }

  async schedules(): Promise<readonly StoredSchedule[]> {
    const { transactor, schedules } = this.ready();
    return transactor.read(() => schedules.all());
  }

  async instance(id: string): Promise<StoredInstance | null> {
    const { transactor, instances } = this.ready();
    return transactor.read(() => instances.find(id));
  }

  async batch(name: string): Promise<StoredBatch | null> {
    const { transactor, batches } = this.ready();
    return transactor.read(() => batches.find(name));
  }

  onChange(listener: (change: port.Change) => void): () => void {
    const own = (change: port.Change) => listener(change);
    this.listeners.set(own, this.database?.poll.add(own) ?? null);
    return () => {
      this.listeners.get(own)?.();
      this.listeners.delete(own);
    };
  }

  private ready(): OpenDatabase {
    if (this.database === null)
      throw new StoreUnavailableError('the SQLite store is not open: call open() first');
    return this.database;
  }

  /** Lets the event loop turn between two slices of a long reading. */
  private breathe(): Promise<void> {
    return new Promise((next) => this.ready().context.clock.soon(next));
  }

  private async warnOfPeers(database: OpenDatabase): Promise<void> {
    if (this.warned || isAtLeast(database.sqliteVersion, soundForSeveral)) return;
    const { transactor, registry, context } = database;
    const leases = await transactor.read(() => registry.leases(context.clock.now()));
    if (this.warned || !this.peers.sees(leases, this.local)) return;
    this.warned = true;
    database.context.warn(
      `${database.driver} brings SQLite ${database.sqliteVersion}, which has a bug that can lose commits when several processes share one file. Run Node 24, or npm install better-sqlite3@12 and write: import Database from 'better-sqlite3'; sqliteStore({ path, driver: Database })`,
    );
  }
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (let i = 0; i < least.length; i++) {
    const difference = (parts[i] ?? 0) - (least[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
