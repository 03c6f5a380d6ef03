import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteDriver } from '../../../../lib/adapters/sqlite/driver.js';
import { chooseDriver } from '../../../../lib/adapters/sqlite/driver.js';
import type { SqliteStoreOptions } from '../../../../lib/adapters/sqlite/sqlite-options.js';
import { sqliteStore, type SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { DefinitionRef, MessageKind } from '../../../../lib/model/execution.js';
import type { EventId, ExecutionId, ProcessId } from '../../../../lib/model/ids.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { StoreContext } from '../../../../lib/ports/store.js';
import type { Delta, NewExecution, RecordChange, Verdict, Write } from '../../../../lib/ports/store-write.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

export const orders: DefinitionRef = { id: 'orders.fulfil', fingerprint: 'f1' };
export const p1 = 'p1' as ProcessId;
export const p2 = 'p2' as ProcessId;

export type TestDatabase = new (path: string) => { exec(sql: string): unknown; close(): unknown };

/** The class of the driver that this Node uses. */
export async function databaseClass(): Promise<TestDatabase> {
  const builtin = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: TestDatabase } | undefined;
  return builtin?.DatabaseSync ?? ((await import('libsql')).default as unknown as TestDatabase);
}

/** A connection beside the store's, as another program has it. */
export async function connect(path: string) {
  return (await chooseDriver(undefined)).connect(path);
}

/** A folder for one test, and the stores opened in it. */
export class FileStores {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  readonly path = join(this.folder, 'holdfast.db');
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  readonly context: StoreContext = {
    clock: this.clock,
    random: { next: () => 0.5 },
    warn: (message) => void this.warnings.push(message),
  };
  private readonly opened: SqliteStore[] = [];

  async open(options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
    const store = sqliteStore({ path: this.path, ...options });
    await store.open(this.context);
    this.opened.push(store);
    return store;
  }

  /** Lets virtual time pass until the work is done: a store that meets a lock waits on the clock. */
  async letPass<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => (done = true));
    settled.catch(() => undefined);
    for (let i = 0; !done && i < 2_000; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!done) this.clock.advance(20);
    }
    return settled;
  }

  async dispose(): Promise<void> {
    for (const store of this.opened) await store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let made = 0;

export function execution(over: Partial<NewExecution> = {}): NewExecution {
  return {
    id: `x-${String(++made).padStart(6, '0')}` as ExecutionId,
    definition: orders,
    input: '{"n":1}',
    schemaHash: null,
    lane: orders.id,
    priority: 0,
    depth: 0,
    dueAt: null,
    owner: null,
    gate: null,
    listening: ['cancel'],
    ...over,
  };
}

export function publish(...executions: readonly NewExecution[]): Write {
  const event = { name: 'order.placed', session: null, dedup: null };
  return {
    kind: 'publish',
    events: executions.map((each) => ({ ...event, id: `e-${each.id}` as EventId, executions: [each] })),
  };
}

export async function writeOne(store: SqliteStore, write: Write): Promise<Verdict> {
  const [verdict] = await store.write([write]);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

/** Creates an execution that `owner` runs. */
export async function run(
  store: SqliteStore,
  owner: ProcessId,
  over: Partial<NewExecution> = {},
): Promise<Lease> {
  const made = execution({ owner, ...over });
  const verdict = await writeOne(store, publish(made));
  const key = verdict.verdict === 'ok' ? verdict.executions?.[0]?.key : undefined;
  if (key === undefined || key === null) throw new Error(`no key: ${JSON.stringify(verdict)}`);
  return { executionId: made.id, key, owner, fence: 1 };
}

/** By default those of one execution are of one step, and so in one table. */
export function checkpoint(lease: Lease, commitNo: number, key = `step~${commitNo}`): Write {
  const row = {
    key,
    path: key,
    kind: 'completed',
    seq: commitNo,
    turn: 0,
    epoch: 0,
    attempt: 1,
    value: `"${key}"`,
    error: null,
    wakeAt: null,
    startedAt: 1,
    endedAt: 2,
  } as const;
  return commit(lease, { commitNo, checkpoints: [row] });
}

export function ending(lease: Lease, commitNo: number, over: Partial<RecordChange> = {}): Write {
  const listening: readonly MessageKind[] = [];
  const record: RecordChange = {
    status: 'completed',
    waitReason: null,
    timers: {},
    listening,
    seenInboxSeq: 0,
    attempt: 1,
    epoch: 0,
    forget: [],
    value: '"done"',
    error: null,
    ...over,
  };
  return commit(lease, { commitNo, record });
}

function commit(lease: Lease, delta: Partial<Delta> & { readonly commitNo: number }): Write {
  return {
    kind: 'commit',
    lease,
    delta: { checkpoints: [], record: null, publish: null, release: [], ...delta },
  };
}

export const driverOf = (database: unknown): SqliteDriver => database as SqliteDriver;
