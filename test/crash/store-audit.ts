import { join } from 'node:path';
import { bootstrap, silentLogger, sqliteStore, STORE, type ExecutionRecord, type WorkerApp } from 'holdfast';
import { chooseDriver } from '../../lib/adapters/sqlite/driver.js';

/** Reads a store from outside, as an operator does: nothing runs here. */
export async function openAudit(folder: string, file = 'torture.db'): Promise<WorkerApp> {
  return bootstrap({ role: 'publisher', store: sqliteStore(join(folder, file)), logger: silentLogger });
}

export async function allExecutions(audit: WorkerApp): Promise<readonly ExecutionRecord[]> {
  const store = audit.get(STORE);
  const all: ExecutionRecord[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await store.list({ limit: 1_000, ...(after === undefined ? null : { after }) });
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}

/** How many have not ended. */
export async function openExecutions(audit: WorkerApp): Promise<number> {
  const { pending, running, waiting } = await audit.stats();
  return pending + running + waiting;
}

/** What SQLite itself says of the file: `ok`. */
export async function integrityOf(folder: string, file = 'torture.db'): Promise<unknown> {
  const driver = await chooseDriver(undefined);
  const connection = driver.connect(join(folder, file));
  try {
    return Object.values(connection.prepare('PRAGMA integrity_check').get([]) ?? {})[0];
  } finally {
    connection.close();
  }
}
