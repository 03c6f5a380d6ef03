import type { DefinitionRef } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type { Declared, OwnExecution, ProcessRecord, Subscription } from '../../ports/store.js';
import type { Connection, Statement } from './connection.js';
import type { DefinitionNumbers, ProcessNumbers } from './numbers.js';
import { fromStored, toStored, toStoredOrNull } from './stored-text.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long a subscription outlives the last process that held it. */
const SUBSCRIPTION_KEPT_MS = 7 * DAY_MS;
/** A held subscription is not rewritten with every heartbeat. */
const SUBSCRIPTION_REFRESH_MS = DAY_MS;

interface ProcessRow {
  readonly id: string;
  readonly deployment: string;
  readonly role: ProcessRecord['role'];
  readonly definitions: string;
  readonly schedules: string | null;
}

interface SubscriptionRow {
  readonly event: string;
  readonly definition: string;
  readonly fingerprint: string;
  readonly worker: string;
  readonly method: string;
  readonly rule: string | null;
}

/** Who lives, who takes which event, and what is paused. */
export class Registry {
  private readonly upsert: Statement<never>;
  private readonly end: Statement<never>;
  private readonly selectLive: Statement<ProcessRow>;
  private readonly selectLeases: Statement<{ id: string; expires_at: number }>;
  private readonly selectSignals: Statement<{ id: string }>;
  private readonly selectOwned: Statement<{ id: string; fence: number }>;
  private readonly hold: Statement<never>;
  private readonly subscribeOne: Statement<never>;
  private readonly selectSubscriptions: Statement<SubscriptionRow>;
  private readonly pause: Statement<never>;
  private readonly resume: Statement<never>;
  private readonly selectPaused: Statement<{ definition: string }>;
  private readonly selectOpen: Statement<{ n: number }>;

  constructor(
    connection: Connection,
    private readonly definitions: DefinitionNumbers,
    private readonly processes: ProcessNumbers,
  ) {
    this.upsert = connection.prepare(
      'INSERT INTO holdfast_process (id, expires_at, deployment, role, definitions, schedules) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, deployment = excluded.deployment, role = excluded.role, definitions = excluded.definitions, schedules = excluded.schedules',
    );
    this.end = connection.prepare(
      'UPDATE holdfast_process SET expires_at = ? WHERE id = ? AND expires_at > ?',
    );
    this.selectLive = connection.prepare(
      'SELECT id, deployment, role, definitions, schedules FROM holdfast_process WHERE expires_at > ? ORDER BY n',
    );
    this.selectLeases = connection.prepare(
      'SELECT id, expires_at FROM holdfast_process WHERE expires_at > ?',
    );
    this.selectSignals = connection.prepare(selectSignals);
    this.selectOwned = connection.prepare(
      'SELECT id, fence FROM holdfast_execution WHERE status = 1 AND owner = ? ORDER BY n',
    );
    this.hold = connection.prepare(
      'UPDATE holdfast_subscription SET held_at = ? WHERE held_at < ? AND definition IN (SELECT value FROM json_each(?))',
    );
    this.subscribeOne = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_subscription (event, definition, fingerprint, worker, method, rule, held_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.selectSubscriptions = connection.prepare(
      'SELECT event, definition, fingerprint, worker, method, rule FROM holdfast_subscription WHERE held_at > ?',
    );
    this.pause = connection.prepare('INSERT OR IGNORE INTO holdfast_paused (definition) VALUES (?)');
    this.selectPaused = connection.prepare('SELECT definition FROM holdfast_paused ORDER BY definition');
    this.resume = connection.prepare('DELETE FROM holdfast_paused WHERE definition = ?');
    this.selectOpen = connection.prepare(selectOpenDefinitions);
  }

  renew(process: ProcessRecord, leaseMs: number, now: number): void {
    const definitions = JSON.stringify(process.definitions.map(({ id, fingerprint }) => [id, fingerprint]));
    this.upsert.run([
      toStored(process.id),
      now + leaseMs,
      toStored(process.deployment),
      process.role,
      definitions,
      process.schedules === undefined
        ? null
        : JSON.stringify(process.schedules.map(({ id, print }) => [id, print])),
    ]);
    const ids = JSON.stringify(process.definitions.map(({ id }) => toStored(id)));
    this.hold.run([now, now - SUBSCRIPTION_REFRESH_MS, ids]);
  }

  leave(id: ProcessId, now: number): void {
    this.end.run([now, toStored(id), now]);
  }

  /** When the leases of live processes end. */
  leases(now: number): ReadonlyMap<ProcessId, number> {
    const rows = this.selectLeases.all([now]);
    return new Map(rows.map((row) => [fromStored(row.id) as ProcessId, row.expires_at]));
  }

  live(now: number): ProcessRecord[] {
    return this.selectLive.all([now]).map((row) => ({
      id: fromStored(row.id) as ProcessId,
      deployment: fromStored(row.deployment),
      role: row.role,
      definitions: (JSON.parse(row.definitions) as [string, string][]).map(([id, fingerprint]) => ({
        id,
        fingerprint,
      })),
      ...(row.schedules === null
        ? null
        : {
            schedules: (JSON.parse(row.schedules) as [string, string][]).map(([id, print]) => ({
              id,
              print,
            })),
          }),
    }));
  }

  signals(owner: ProcessId): ExecutionId[] {
    const n = this.processes.find(owner);
    return n === null ? [] : this.selectSignals.all([n]).map(({ id }) => fromStored(id) as ExecutionId);
  }

  /** Every running execution of the process. */
  owned(owner: ProcessId): OwnExecution[] {
    const n = this.processes.find(owner);
    if (n === null) return [];
    return this.selectOwned.all([n]).map(({ id, fence }) => ({ id: fromStored(id) as ExecutionId, fence }));
  }

  subscribe(subscriptions: readonly Subscription[], now: number): void {
    for (const { event, definition, worker, method, rule = null } of subscriptions) {
      const texts = [event, definition.id, definition.fingerprint, worker, method].map(toStored);
      this.subscribeOne.run([...texts, toStoredOrNull(rule), now]);
    }
  }

  subscriptions(now: number): Subscription[] {
    return this.selectSubscriptions.all([now - SUBSCRIPTION_KEPT_MS]).map((row) => ({
      event: fromStored(row.event),
      definition: { id: fromStored(row.definition), fingerprint: fromStored(row.fingerprint) },
      worker: fromStored(row.worker),
      method: fromStored(row.method),
      ...(row.rule === null ? null : { rule: fromStored(row.rule) }),
    }));
  }

  setPaused(definitions: readonly string[], paused: boolean): void {
    const statement = paused ? this.pause : this.resume;
    for (const definition of definitions) statement.run([toStored(definition)]);
  }

  pausedDefinitions(): string[] {
    return this.selectPaused.all([]).map(({ definition }) => fromStored(definition));
  }

  declared(now: number): Declared {
    return {
      subscriptions: this.subscriptions(now),
      paused: this.pausedDefinitions(),
      definitions: this.openDefinitions(now),
    };
  }

  /** Those of open executions and of live processes. */
  openDefinitions(now: number): DefinitionRef[] {
    const found = new Map<string, DefinitionRef>();
    const add = ({ id, fingerprint }: DefinitionRef) =>
      found.set(JSON.stringify([id, fingerprint]), { id, fingerprint });
    for (const { n } of this.selectOpen.all([])) add(this.definitions.refOf(n));
    for (const process of this.live(now)) process.definitions.forEach(add);
    return [...found.values()];
  }
}

/** A permit that was granted (kind 3), an event that came (4) and a child that ended (5) are news for whatever runs. */
export const selectSignals = `
SELECT e.id AS id FROM holdfast_execution AS e WHERE e.status = 1 AND e.owner = ? AND EXISTS (
  SELECT 1 FROM holdfast_message AS m WHERE m.n = e.n AND m.seq > e.seen AND ((e.listening | 56) >> m.kind) & 1)`;

/** Only the partial indexes are read, never ended executions. */
export const selectOpenDefinitions = `
SELECT d.n AS n FROM holdfast_definition AS d WHERE
  EXISTS (SELECT 1 FROM holdfast_execution AS e WHERE e.status = 0 AND e.definition = d.n)
  OR EXISTS (SELECT 1 FROM holdfast_execution AS e WHERE e.status >= 6 AND e.definition = d.n)
UNION
SELECT e.definition AS n FROM holdfast_execution AS e WHERE e.status = 1`;
